-- Products at the end of a simulated year.
-- $1 ids, $2 order items of the year, $3 last sale
WITH ended AS (
    SELECT * FROM unnest($1, $2, $3) AS e (id, sold, last_sold_at)
), locked AS (
    SELECT p.id FROM products p JOIN ended USING (id) ORDER BY p.id FOR NO KEY UPDATE OF p
)
UPDATE products p
   SET order_count = p.order_count + e.sold,
       updated_at = GREATEST(p.updated_at, e.last_sold_at)
  FROM ended e JOIN locked USING (id)
 WHERE p.id = e.id;
