-- Customers whose last_ordered_at is not their latest order (of any status), or is there without one. A backfill that has
-- not ended moves it at its end only: its orders do not count yet.
WITH latest AS (
    SELECT o.user_id AS id, max(o.created_at) AS at
      FROM orders o
     WHERE NOT EXISTS (SELECT FROM backfill_runs r WHERE r.run_id = o.run_id AND r.state = 'running')
     GROUP BY o.user_id
)
SELECT u.id::text AS id,
       format('last_ordered_at %s; latest order %s',
              coalesce(u.last_ordered_at::text, 'null'), coalesce(l.at::text, 'none')) AS found
  FROM users u
  LEFT JOIN latest l ON l.id = u.id
 WHERE u.last_ordered_at IS DISTINCT FROM l.at
