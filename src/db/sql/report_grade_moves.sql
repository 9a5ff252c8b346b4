-- Changes of grade from $1 on, before $2, by day of business time.
SELECT extract(doy FROM changed_at AT TIME ZONE INTERVAL '+09:00')::integer - 1 AS day, from_grade, to_grade,
       count(*) AS customers
  FROM grade_changes
 WHERE changed_at >= $1 AND changed_at < $2
 GROUP BY 1, 2, 3
