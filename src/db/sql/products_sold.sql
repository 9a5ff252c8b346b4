-- Products that were sold: once for a batch of live orders, or for a simulated year.
--
-- $1 ids, $2 how many order items, $3 the latest order of them
WITH sold AS (
    SELECT * FROM unnest($1, $2, $3) AS s (id, items, ordered_at)
), locked AS (
    SELECT p.id FROM products p JOIN sold USING (id) ORDER BY p.id FOR NO KEY UPDATE OF p
)
UPDATE products p
   SET order_count = p.order_count + s.items,
       updated_at = GREATEST(p.updated_at, s.ordered_at)
  FROM sold s JOIN locked USING (id)
 WHERE p.id = s.id
