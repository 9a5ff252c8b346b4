-- Grade changes that do not begin where the one before ended; a customer's first begins at BRONZE.
--
-- A simulated year starts everybody at BRONZE and follows its own changes only. The live updater starts from the grade in
-- users, which is the latest change of all. What the grade was when it wrote cannot be told any more where a backfill wrote
-- after it, or was at work just then: such changes are left out.
WITH backfilled AS (
    SELECT coalesce(max(seq), 0) AS newest FROM grade_changes WHERE run_id IS NOT NULL
), changes AS (
    SELECT g.*,
           lag(to_grade) OVER (PARTITION BY user_id, run_id ORDER BY changed_at, seq) AS before_in_run,
           lag(to_grade) OVER (PARTITION BY user_id ORDER BY changed_at, seq)         AS before_of_all
      FROM grade_changes g
), expected AS (
    SELECT c.*, coalesce(CASE WHEN run_id IS NULL THEN before_of_all ELSE before_in_run END, 'BRONZE') AS before
      FROM changes c
     WHERE run_id IS NOT NULL
        OR seq > (SELECT newest FROM backfilled)
           AND NOT EXISTS (SELECT
                             FROM backfill_runs r
                            WHERE c.changed_at >= r.started_at
                              AND c.changed_at <= coalesce(r.finished_at, 'infinity'))
)
SELECT user_id::text AS id,
       format('changed %s from %s; before it was %s', changed_at, from_grade, before) AS found
  FROM expected
 WHERE from_grade <> before
