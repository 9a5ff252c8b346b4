-- Whose grade changes at $2, and to what: the rule of `domain::grade::Grade::{earned, next}`, for everybody at once.
--
-- $1   start of the window, six calendar months of business time before $2
-- $2   the reference time; orders of that very instant do not count yet
-- $3   a demotion after this instant (and not after $2) forbids another one
-- $4   what counts: 'orders', or 'items' (each line of a cart as one)
-- $5   least amount of SILVER, KRW     $6   least count of SILVER
-- $7   least amount of GOLD, KRW       $8   least count of GOLD
-- $9   least amount of VIP, KRW        $10  least count of VIP
--
-- The result goes to a temporary table rather than straight into an UPDATE: PostgreSQL aggregates in parallel for
-- the one, never for the other, and rows can be locked in key order before they are written.
CREATE TEMPORARY TABLE grade_step ON COMMIT DROP AS
WITH standing AS (
    -- One aggregation instead of an aggregation and a join with a million customers: each customer above BRONZE adds
    -- a row that tells the grade and counts nothing. Who has no such row is BRONZE.
    SELECT user_id,
           sum(amount)::bigint AS amount,
           sum(counted)        AS orders,
           max(place)          AS place
      FROM (
            -- A cart's lines add up to its subtotal less its discount: the orders alone tell the line amounts.
            SELECT user_id,
                   subtotal - discount_amount AS amount,
                   CASE $4 WHEN 'items' THEN item_count::integer ELSE 1 END AS counted,
                   0 AS place
              FROM orders
             WHERE status = 'COMPLETED'
               AND created_at >= $1
               AND created_at < $2
            UNION ALL
            SELECT id, 0, 0, grade_rank(grade)
              FROM users
             WHERE grade <> 'BRONZE'
           ) AS orders_and_grades
     GROUP BY user_id
),
due AS (
    SELECT user_id, amount, orders, place,
           CASE WHEN amount >= $9 AND orders >= $10 THEN 3
                WHEN amount >= $7 AND orders >= $8  THEN 2
                WHEN amount >= $5 AND orders >= $6  THEN 1
                ELSE 0
           END AS earned
      FROM standing
    -- Keeps the planner from repeating the CASE wherever `earned` is read.
    OFFSET 0
)
SELECT user_id,
       (ARRAY['BRONZE', 'SILVER', 'GOLD', 'VIP'])[place + 1] AS from_grade,
       -- Up at once, over several steps if need be; down one step only.
       (ARRAY['BRONZE', 'SILVER', 'GOLD', 'VIP'])[greatest(earned, place - 1) + 1] AS to_grade,
       amount,
       orders
  FROM due
 WHERE earned > place
    OR earned < place
       AND NOT EXISTS (
               SELECT
                 FROM grade_changes
                WHERE grade_changes.user_id = due.user_id
                  AND grade_changes.changed_at > $3
                  AND grade_changes.changed_at <= $2
                  AND grade_rank(grade_changes.to_grade) < grade_rank(grade_changes.from_grade))
