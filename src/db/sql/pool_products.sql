-- The pool of products at an instant: those on sale that sold most, then the newest of the rest; should all that are
-- on sale not fill it, the latest withdrawn come back.
--
-- $1  the instant
-- $2  quota of the most sold
-- $3  quota of the newest
--
-- Each part reads its own index in order (products_most_sold, products_newest, products_latest_withdrawn) until it has
-- enough, however many products there are. The third is not read at all unless the others fall short.
WITH sold AS MATERIALIZED (
    SELECT id, row_number() OVER (ORDER BY order_count DESC, id) AS place
      FROM products
     WHERE order_count > 0
       AND created_at <= $1
       AND withdrawn_at > $1
     ORDER BY order_count DESC, id
     LIMIT $2
),
-- "The rest" includes what sold, but not enough: so this part falls short only when everything on sale is taken.
newest AS MATERIALIZED (
    SELECT id, row_number() OVER (ORDER BY created_at DESC, id) AS place
      FROM products
     WHERE created_at <= $1
       AND withdrawn_at > $1
       AND id NOT IN (SELECT id FROM sold)
     ORDER BY created_at DESC, id
     LIMIT $2 + $3
),
missing AS MATERIALIZED (
    SELECT $2 + $3 - (SELECT count(*) FROM sold) - (SELECT count(*) FROM newest) AS places
),
called_back AS MATERIALIZED (
    SELECT id, row_number() OVER (ORDER BY withdrawn_at DESC, id) AS place
      FROM products
     WHERE (SELECT places FROM missing) > 0
       AND withdrawn_at <= $1
     ORDER BY withdrawn_at DESC, id
     LIMIT $2 + $3
)
SELECT id, 'sold' AS part, 0 AS part_place, place
  FROM sold
UNION ALL
SELECT id, 'newest', 1, place
  FROM newest
 WHERE place <= $2 + $3 - (SELECT count(*) FROM sold)
UNION ALL
SELECT id, 'called back', 2, place
  FROM called_back
 WHERE place <= (SELECT places FROM missing)
 ORDER BY part_place, place
