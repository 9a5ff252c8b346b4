-- The last completed orders, each with its first product. By time, from the index orders_completed_by_time: ids of a live run are in
-- the order of its beginning, not of each order's own moment.
SELECT o.created_at, p.name AS product, o.item_count::int4 AS items, o.total_amount, o.region, o.grade, o.scenario
  FROM (SELECT * FROM orders WHERE status = 'COMPLETED' ORDER BY created_at DESC LIMIT $1) o
  JOIN order_items i ON i.order_id = o.id AND i.line_no = 1
  JOIN products p ON p.id = i.product_id
 ORDER BY o.created_at DESC, o.id
