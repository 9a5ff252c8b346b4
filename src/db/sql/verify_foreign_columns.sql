-- The columns of somebody else's table, and their types; nothing when there is no such table (or view).
-- $1  its name, quoted
SELECT a.attname::text AS name,
       -- Without a length or a precision: character varying(36) is text like any other.
       format_type(a.atttypid, NULL) AS kind
  FROM pg_attribute a
 WHERE a.attrelid = to_regclass($1)
   AND a.attnum > 0
   AND NOT a.attisdropped
 ORDER BY a.attnum
