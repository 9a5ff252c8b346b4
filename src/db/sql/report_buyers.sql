-- Customers who placed an order from $1 on, before $2. users.last_ordered_at would not do: later years move it on.
SELECT count(*) AS customers
  FROM users u
 WHERE u.created_at < $2
   AND EXISTS (SELECT FROM orders o WHERE o.user_id = u.id AND o.created_at >= $1 AND o.created_at < $2)
