-- The orders of a year (from $1, before $2), counted from every side in one pass over them.
--
-- Each grouping set is one figure of the report: `figure` says which, `name` and `other` are its texts, `number` and
-- `hour` its numbers; `orders` are those of any status, `revenue` is what was paid for completed ones.
-- $3: the limits of the classes of order values. Business time is UTC+9.
WITH placed AS (
    SELECT status, payment_method, item_count, total_amount, scenario, region, gender, age_group, grade,
           created_at AT TIME ZONE INTERVAL '+09:00' AS at,
           width_bucket(total_amount, $3::bigint[]) AS value_class
      FROM orders
     WHERE created_at >= $1 AND created_at < $2
), keyed AS (
    SELECT *,
           extract(doy FROM at)::integer - 1 AS day,
           extract(isodow FROM at)::integer - 1 AS weekday,
           extract(hour FROM at)::integer AS hour
      FROM placed
)
SELECT CASE WHEN GROUPING(scenario) = 0 THEN 'scenario'
            WHEN GROUPING(hour) = 0 THEN 'hour'
            WHEN GROUPING(item_count) = 0 THEN 'basket'
            WHEN GROUPING(value_class) = 0 THEN 'value'
            WHEN GROUPING(region) = 0 THEN 'region'
            WHEN GROUPING(gender) = 0 THEN 'buyer'
            WHEN GROUPING(payment_method) = 0 THEN 'payment'
            WHEN GROUPING(grade) = 0 THEN 'grade'
            ELSE 'status' END AS figure,
       -- In each set at most one of these is there.
       COALESCE(scenario, region, age_group, grade, status) AS name,
       COALESCE(gender, payment_method) AS other,
       COALESCE(day, weekday, item_count::integer, value_class) AS number,
       hour,
       count(*) AS orders,
       count(*) FILTER (WHERE status = 'COMPLETED') AS completed,
       COALESCE(sum(total_amount) FILTER (WHERE status = 'COMPLETED'), 0)::bigint AS revenue,
       sum(item_count)::bigint AS items
  FROM keyed
 GROUP BY GROUPING SETS (
       (scenario, day), (weekday, hour), (item_count), (value_class), (region),
       (age_group, gender), (age_group, payment_method), (grade), (status))
