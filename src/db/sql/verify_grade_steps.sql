-- Grade changes that do not follow from the figures recorded with them: up to what was earned at once, down one step.
-- Whether a demotion came too soon after another cannot be told: --demote-every is the updater's choice, and not recorded.
--
-- $1  least amount of SILVER, KRW     $2  least count of SILVER
-- $3  least amount of GOLD, KRW       $4  least count of GOLD
-- $5  least amount of VIP, KRW        $6  least count of VIP
WITH steps AS (
    SELECT g.*,
           grade_rank(from_grade) AS place,
           CASE WHEN amount_6m >= $5 AND orders_6m >= $6 THEN 3
                WHEN amount_6m >= $3 AND orders_6m >= $4 THEN 2
                WHEN amount_6m >= $1 AND orders_6m >= $2 THEN 1
                ELSE 0
           END AS earned
      FROM grade_changes g
)
SELECT user_id::text AS id,
       format('changed %s from %s to %s with %s KRW and %s %s', changed_at, from_grade, to_grade,
              amount_6m, orders_6m, counted) AS found
  FROM steps
 WHERE grade_rank(to_grade) IS DISTINCT FROM
       CASE WHEN earned > place THEN earned
            WHEN earned < place THEN place - 1
            -- Nothing was to change.
       END
