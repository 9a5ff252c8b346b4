-- About how many rows each table has, and how many were ever written, from the server's statistics: no table is read. After a
-- crash the counters begin at 0 again: then what the last VACUUM or ANALYZE found is more.
SELECT s.relname::text AS name,
       greatest(s.n_live_tup, c.reltuples::bigint, 0) AS rows,
       s.n_tup_ins AS written
  FROM pg_stat_user_tables s
  JOIN pg_class c ON c.oid = s.relid
 WHERE s.relid IN (to_regclass('users'), to_regclass('products'), to_regclass('orders'), to_regclass('order_items'),
                   to_regclass('grade_changes'))
 ORDER BY array_position(ARRAY['users', 'products', 'orders', 'order_items', 'grade_changes'], s.relname::text)
