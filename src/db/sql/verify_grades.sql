-- Customers whose grade is not the one of their latest change, or not BRONZE without any. A backfill that has not ended
-- moves the grades at its end only: its changes do not count yet.
WITH latest AS (
    SELECT DISTINCT ON (g.user_id) g.user_id AS id, g.to_grade
      FROM grade_changes g
     WHERE NOT EXISTS (SELECT FROM backfill_runs r WHERE r.run_id = g.run_id AND r.state = 'running')
     ORDER BY g.user_id, g.changed_at DESC, g.seq DESC
)
SELECT u.id::text AS id,
       format('grade %s; latest change %s', u.grade, coalesce('to ' || l.to_grade, 'none')) AS found
  FROM users u
  LEFT JOIN latest l ON l.id = u.id
 WHERE u.grade IS DISTINCT FROM coalesce(l.to_grade, 'BRONZE')
