-- Customers at the end of a simulated year. Times only move forward; the grade is the one of the latest grade change,
-- which may be of a later year or of the live updater.
-- $1 ids, $2 last order of the year (may be null), $3 last change of the row within the year
WITH ended AS (
    SELECT * FROM unnest($1, $2, $3) AS e (id, last_ordered_at, changed_at)
), locked AS (
    -- In the order of ids, as everybody locks them: no two writers wait for each other in a circle.
    SELECT u.id FROM users u JOIN ended USING (id) ORDER BY u.id FOR NO KEY UPDATE OF u
)
UPDATE users u
   SET last_ordered_at = GREATEST(u.last_ordered_at, e.last_ordered_at),
       last_login_at = GREATEST(u.last_login_at, e.last_ordered_at),
       updated_at = GREATEST(u.updated_at, e.changed_at),
       grade = COALESCE((SELECT g.to_grade
                           FROM grade_changes g
                          WHERE g.user_id = u.id
                          ORDER BY g.changed_at DESC, g.seq DESC
                          LIMIT 1), u.grade)
  FROM ended e JOIN locked USING (id)
 WHERE u.id = e.id;
