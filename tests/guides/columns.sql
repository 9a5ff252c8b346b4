-- The tables of docs/database.md as Markdown, a line each: of every table and view what its comments say. In order of the
-- book: the shop first, then what it remembers of its runs and of Kafka.
WITH relation AS (
    SELECT c.oid, c.relname AS name, place.number
    FROM unnest(ARRAY['users', 'products', 'orders', 'order_items', 'grade_changes', 'order_lines', 'seed_runs', 'backfill_runs',
                      'consumer_offsets', 'parked_orders']) WITH ORDINALITY AS place (name, number)
    RIGHT JOIN pg_class c ON c.relname = place.name
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'v', 'm') AND c.relname NOT LIKE '\_\_diesel%'
), line AS (
    SELECT number, name, -1 AS place,
           format(E'\n### `%s`\n\n%s\n\n| column | type | null | means |\n| --- | --- | --- | --- |', name,
                  obj_description(oid, 'pg_class')) AS text
    FROM relation
    UNION ALL
    SELECT r.number, r.name, a.attnum,
           format('| `%s` | %s | %s | %s |', a.attname,
                  replace(format_type(a.atttypid, a.atttypmod), 'timestamp with time zone', 'timestamptz'),
                  CASE WHEN a.attnotnull OR r.name = 'order_lines' THEN '' ELSE 'yes' END,
                  replace(col_description(r.oid, a.attnum), '|', '\|'))
    FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
)
SELECT text FROM line ORDER BY number NULLS LAST, name, place;
