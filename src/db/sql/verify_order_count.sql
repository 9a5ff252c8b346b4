-- Products whose order_count is not the number of their stored items. A backfill that has not ended adds its own to the
-- counters at its end only: its items do not count yet.
WITH sold AS (
    SELECT i.product_id AS id, count(*) AS items
      FROM order_items i
     WHERE NOT EXISTS (SELECT
                         FROM orders o JOIN backfill_runs r ON r.run_id = o.run_id
                        WHERE o.id = i.order_id AND r.state = 'running')
     GROUP BY i.product_id
)
SELECT p.id::text AS id,
       format('order_count %s; stored items %s', p.order_count, coalesce(s.items, 0)) AS found
  FROM products p
  LEFT JOIN sold s ON s.id = p.id
 WHERE p.order_count <> coalesce(s.items, 0)
