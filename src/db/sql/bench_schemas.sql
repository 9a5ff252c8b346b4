-- The schemas of `shopstream bench`: a process and milliseconds since 1970 behind the mark. Each says in its comment where the
-- topics and keys of the same name are.
SELECT nspname::text AS name, obj_description(oid, 'pg_namespace') AS place
  FROM pg_namespace
 WHERE nspname ~ '^shopstream_bench_[0-9]+_[0-9]+$'
 ORDER BY nspname
