-- The last orders, each with its first product: ids are in order of time, so the primary keys alone are read.
SELECT o.created_at, p.name AS product, o.item_count::int4 AS items, o.total_amount, o.region, o.grade, o.scenario
  FROM (SELECT * FROM orders ORDER BY id DESC LIMIT $1) o
  JOIN order_items i ON i.order_id = o.id AND i.line_no = 1
  JOIN products p ON p.id = i.product_id
 ORDER BY o.id DESC
