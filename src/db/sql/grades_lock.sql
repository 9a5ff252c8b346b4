-- Locks the customers about to change, in key order like every other writer of this table, so that no two wait for
-- each other.
SELECT
  FROM users
  JOIN grade_step ON grade_step.user_id = users.id
 ORDER BY users.id
   FOR NO KEY UPDATE OF users
