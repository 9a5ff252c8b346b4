-- Customers who have ordered. Times only move forward, so that a late or repeated order changes nothing.
--
-- $1 ids, $2 their latest order in this batch
WITH seen AS (
    SELECT * FROM unnest($1, $2) AS s (id, ordered_at)
), locked AS (
    -- In the order of ids, as everybody locks them: no two writers wait for each other in a circle.
    SELECT u.id FROM users u JOIN seen USING (id) ORDER BY u.id FOR NO KEY UPDATE OF u
)
UPDATE users u
   SET last_ordered_at = GREATEST(u.last_ordered_at, s.ordered_at),
       last_login_at = GREATEST(u.last_login_at, s.ordered_at),
       updated_at = GREATEST(u.updated_at, s.ordered_at)
  FROM seen s JOIN locked USING (id)
 WHERE u.id = s.id
   -- An older order than the latest moves nothing; not to write is cheaper.
   AND (u.last_ordered_at IS NULL OR u.last_ordered_at < s.ordered_at)
