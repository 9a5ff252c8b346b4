-- Customers who signed up before the year's end ($2): 0 for those before its beginning ($1), else the month.
SELECT CASE WHEN created_at < $1 THEN 0
            ELSE extract(month FROM created_at AT TIME ZONE INTERVAL '+09:00')::integer END AS month,
       count(*) AS customers
  FROM users
 WHERE created_at < $2
 GROUP BY 1
