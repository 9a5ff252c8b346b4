-- Writes the steps that were worked out, and their history.
--
-- $1  the reference time
-- $2  what was counted: 'orders' or 'items'
WITH moved AS (
    UPDATE users
       SET grade = grade_step.to_grade,
           updated_at = greatest(users.updated_at, $1)
      FROM grade_step
     WHERE users.id = grade_step.user_id
       -- Always true while all who write grades take the lock `grades`; whoever does not is not overwritten.
       AND users.grade = grade_step.from_grade
    RETURNING grade_step.*
)
INSERT INTO grade_changes (user_id, changed_at, from_grade, to_grade, amount_6m, orders_6m, counted)
SELECT user_id, $1, from_grade, to_grade, amount, orders, $2
  FROM moved
 ORDER BY user_id
