-- Customers by grade, counted; for tables that are read in no time.
SELECT grade, count(*) AS customers FROM users GROUP BY grade
