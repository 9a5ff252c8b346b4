-- Customers above BRONZE when a live year began ($1): by their last change before. A year that backfill wrote begins with
-- everybody at BRONZE, whatever the tables hold, and does not ask.
SELECT grade, count(*) AS customers
  FROM (SELECT DISTINCT ON (user_id) to_grade AS grade
          FROM grade_changes
         WHERE changed_at < $1
         ORDER BY user_id, changed_at DESC, seq DESC) last
 WHERE grade <> 'BRONZE'
 GROUP BY grade
