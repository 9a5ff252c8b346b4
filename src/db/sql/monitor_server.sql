-- The server at a moment: version, connections of everybody, and the oldest transaction of this database. Those of other users
-- show no times to a user without pg_read_all_stats; this session's own is left out.
SELECT current_setting('server_version') AS version,
       current_setting('max_connections')::bigint AS max_connections,
       count(*) FILTER (WHERE backend_type = 'client backend') AS connections,
       extract(epoch FROM clock_timestamp()
               - min(xact_start) FILTER (WHERE datname = current_database() AND pid <> pg_backend_pid()))::float8
           AS oldest_transaction_secs
  FROM pg_stat_activity
