-- The longest open transaction of the database. Of other roles' sessions a role sees the times only with pg_read_all_stats.
SELECT pid,
       coalesce(nullif(application_name, ''), 'unnamed')                  AS application,
       coalesce(state, '')                                                AS state,
       extract(epoch FROM clock_timestamp() - xact_start)::float8         AS secs
  FROM pg_stat_activity
 WHERE datname = current_database()
   AND pid <> pg_backend_pid()
   AND backend_type = 'client backend'
   AND xact_start IS NOT NULL
 ORDER BY xact_start
 LIMIT 1
