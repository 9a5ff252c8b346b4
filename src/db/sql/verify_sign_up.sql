-- Orders from before their buyer's sign-up.
SELECT o.id::text AS id,
       format('ordered %s; customer %s signed up %s', o.created_at, u.id, u.created_at) AS found
  FROM orders o
  JOIN users u ON u.id = o.user_id
 WHERE o.created_at < u.created_at
