-- Customers after a simulated year was taken back: last login and last change as they would be had it never been there.
-- Runs in the transaction of run_take_back.sql, whose temporary table says whom the year touched.
-- $1 ids of seeded customers, $2 their last login as seeded
UPDATE users u
   SET last_login_at = GREATEST(s.login, u.last_ordered_at),
       updated_at = GREATEST(s.login, u.last_ordered_at,
                             (SELECT max(g.changed_at) FROM grade_changes g WHERE g.user_id = u.id))
  FROM unnest($1, $2) AS s (id, login) JOIN taken_users USING (id)
 WHERE u.id = s.id;
