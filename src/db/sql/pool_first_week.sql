-- The pool of customers of a simulated year's first week, when there is no purchase history to go by: the lowest
-- random_seed of all who have signed up, from the index users_lowest_random_seed.
--
-- $1  the instant: nobody who signs up later is in it
-- $2  size of the pool
SELECT id
  FROM users
 WHERE created_at <= $1
 ORDER BY random_seed, id
 LIMIT $2
