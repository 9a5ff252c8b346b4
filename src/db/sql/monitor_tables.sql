-- About how many rows each table has, and how many were ever written, from the server's statistics: no table is read. After a
-- crash the counters begin at 0 again: then what the last VACUUM or ANALYZE found is more. A table that neither has ever looked at
-- (reltuples is -1, before version 14 also 0) has but its counter. One with fewer rows by that than pages has lost it, for a page
-- holds dozens: how many rows it has is unknown (NULL). An empty table has no pages. Sizes are those of the files.
SELECT s.relname::text AS name,
       CASE WHEN c.reltuples <= 0 AND s.n_live_tup < size.bytes / current_setting('block_size')::bigint THEN NULL
            ELSE greatest(s.n_live_tup, c.reltuples::bigint, 0)
       END AS rows,
       size.bytes,
       s.n_tup_ins AS written,
       s.n_dead_tup AS dead_rows,
       pg_total_relation_size(c.oid) AS total_bytes,
       extract(epoch FROM clock_timestamp() - greatest(s.last_vacuum, s.last_autovacuum))::float8 AS vacuumed_secs
  FROM pg_stat_user_tables s
  JOIN pg_class c ON c.oid = s.relid
 CROSS JOIN LATERAL (SELECT pg_relation_size(c.oid) AS bytes) AS size
 WHERE s.relid IN (to_regclass('users'), to_regclass('products'), to_regclass('orders'), to_regclass('order_items'),
                   to_regclass('grade_changes'))
 ORDER BY array_position(ARRAY['users', 'products', 'orders', 'order_items', 'grade_changes'], s.relname::text)
