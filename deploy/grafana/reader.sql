-- The role that Grafana reads with: everything, and no write. Safe to repeat. Its password is that of READER_PASSWORD; psql 15 or
-- newer:
--
--   READER_PASSWORD=… psql -v ON_ERROR_STOP=1 -f reader.sql

-- From the environment: an argument could be read by everybody who sees the processes.
\set password ''
\getenv password READER_PASSWORD
-- Without one nobody could log in, and Grafana would only say that it cannot.
SELECT :'password' <> '' AS given \gset
\if :given
\else
    \warn 'READER_PASSWORD is not set: put it into deploy/.env, as deploy/.env.example does.'
    SELECT 1 / 0 AS "READER_PASSWORD is not set";
\endif

SELECT 'CREATE ROLE grafana'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'grafana')
\gexec

ALTER ROLE grafana WITH LOGIN PASSWORD :'password' CONNECTION LIMIT 20;
-- A panel that somebody wrote by hand must not hold up the shop.
ALTER ROLE grafana SET statement_timeout = '30s';
ALTER ROLE grafana SET default_transaction_read_only = on;
GRANT pg_read_all_data TO grafana;
