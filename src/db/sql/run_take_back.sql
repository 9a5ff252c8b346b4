-- Takes a simulated year back, and makes what is left agree with itself.
-- :run_id the run, :complete whether its counters were added to the products already.

CREATE TEMPORARY TABLE taken_products ON COMMIT DROP AS
    SELECT i.product_id AS id, count(*) AS sold
      FROM order_items i JOIN orders o ON o.id = i.order_id
     WHERE o.run_id = :run_id AND :complete
     GROUP BY i.product_id;

CREATE TEMPORARY TABLE taken_users ON COMMIT DROP AS
    SELECT user_id AS id FROM orders WHERE run_id = :run_id
     UNION
    SELECT user_id FROM grade_changes WHERE run_id = :run_id;

-- Items first, as one set: the cascade would look for them order by order.
DELETE FROM order_items i USING orders o WHERE o.id = i.order_id AND o.run_id = :run_id;
DELETE FROM orders WHERE run_id = :run_id;
DELETE FROM grade_changes WHERE run_id = :run_id;

WITH locked AS (
    SELECT p.id FROM products p JOIN taken_products USING (id) ORDER BY p.id FOR NO KEY UPDATE OF p
)
UPDATE products p
   SET order_count = p.order_count - t.sold,
       updated_at = GREATEST(p.created_at, s.last_sold_at)
  FROM taken_products t
  JOIN locked USING (id)
  LEFT JOIN (SELECT i.product_id AS id, max(o.created_at) AS last_sold_at
               FROM order_items i JOIN orders o ON o.id = i.order_id
              GROUP BY i.product_id) s USING (id)
 WHERE p.id = t.id;

WITH locked AS (
    SELECT u.id FROM users u JOIN taken_users USING (id) ORDER BY u.id FOR NO KEY UPDATE OF u
)
UPDATE users u
   SET last_ordered_at = (SELECT max(o.created_at) FROM orders o WHERE o.user_id = u.id),
       grade = COALESCE((SELECT g.to_grade
                           FROM grade_changes g
                          WHERE g.user_id = u.id
                          ORDER BY g.changed_at DESC, g.seq DESC
                          LIMIT 1), 'BRONZE')
  FROM locked
 WHERE u.id = locked.id;

DELETE FROM backfill_runs WHERE run_id = :run_id;
