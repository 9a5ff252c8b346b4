-- Ends the sessions of this role that hold something of the table of offsets and have waited for their client in the middle of a
-- statement: a member that was frozen within a COPY. Neither statement_timeout nor idle_in_transaction_session_timeout reaches there,
-- and the client's kernel answers for it. A member that goes on sees a broken connection, as after any restart of the server.
--
-- $1 seconds that they have waited at least
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) AS ended
  FROM pg_stat_activity AS session
 WHERE datname = current_database()
   AND usename = current_user
   AND state = 'active'
   AND wait_event_type = 'Client'
   AND query_start < clock_timestamp() - $1 * interval '1 second'
   AND EXISTS (SELECT FROM pg_locks AS held
                WHERE held.pid = session.pid
                  AND held.relation = 'consumer_offsets'::regclass
                  AND held.granted)
