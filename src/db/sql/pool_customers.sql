-- The pool of customers at an instant: those who bought longest ago, then the newest who never bought.
--
-- $1  the instant: nobody who signs up later is in it
-- $2  quota of those who have bought
-- $3  quota of those who have not
--
-- Each part reads at most $2 + $3 entries from its own index (users_bought_longest_ago, users_never_bought_newest),
-- however many customers there are. That is also as much as it can need when the other part is empty.
WITH bought AS MATERIALIZED (
    SELECT id, row_number() OVER (ORDER BY last_ordered_at, id) AS place
      FROM users
     WHERE last_ordered_at IS NOT NULL
       AND created_at <= $1
     ORDER BY last_ordered_at, id
     LIMIT $2 + $3
),
never_bought AS MATERIALIZED (
    SELECT id, row_number() OVER (ORDER BY created_at DESC, id) AS place
      FROM users
     WHERE last_ordered_at IS NULL
       AND created_at <= $1
     ORDER BY created_at DESC, id
     LIMIT $2 + $3
)
-- What one part leaves of its quota goes to the other.
SELECT id, 'bought' AS part, place
  FROM bought
 WHERE place <= $2 + greatest($3 - (SELECT count(*) FROM never_bought), 0)
UNION ALL
SELECT id, 'new', place
  FROM never_bought
 WHERE place <= $3 + greatest($2 - (SELECT count(*) FROM bought), 0)
 ORDER BY part, place
