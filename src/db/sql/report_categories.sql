-- Lines of the year's orders (from $1, before $2) by category and month of business time; revenue is that of completed
-- orders, without shipping.
SELECT i.category,
       extract(month FROM o.created_at AT TIME ZONE INTERVAL '+09:00')::integer - 1 AS month,
       count(*) AS lines,
       sum(i.quantity)::bigint AS pieces,
       COALESCE(sum(i.line_amount) FILTER (WHERE o.status = 'COMPLETED'), 0)::bigint AS revenue
  FROM order_items i
  JOIN orders o ON o.id = i.order_id
 WHERE o.created_at >= $1 AND o.created_at < $2
 GROUP BY 1, 2
