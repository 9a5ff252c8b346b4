-- What `doctor` asks a server about itself; any role may. Places are what is left for roles that are not superusers:
-- reserved_connections came with PostgreSQL 16.
SELECT current_setting('server_version')                                  AS version,
       current_setting('server_version_num')::int                         AS version_num,
       pg_is_in_recovery()                                                AS standby,
       current_setting('transaction_read_only')::bool                     AS read_only,
       current_setting('max_connections')::bigint
         - current_setting('superuser_reserved_connections')::bigint
         - coalesce(current_setting('reserved_connections', true)::bigint, 0) AS places,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS taken,
       pg_database_size(current_database())                               AS bytes,
       quote_ident(current_user)                                          AS role,
       quote_ident(current_database())                                    AS database,
       quote_ident(current_schema())                                      AS schema
