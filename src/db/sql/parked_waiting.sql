-- How many orders wait, by topic; how many of them need not any more, since their customer and products have come; and for how long
-- the first has waited.
SELECT topic,
       count(*) AS orders,
       count(*) FILTER (WHERE come) AS come,
       extract(epoch FROM now() - min(parked_at))::double precision AS secs
  FROM (
           SELECT topic,
                  parked_at,
                  NOT EXISTS (
                      SELECT
                        FROM unnest(missing) AS absent (id)
                       WHERE NOT EXISTS (SELECT FROM users WHERE users.id = absent.id)
                         AND NOT EXISTS (SELECT FROM products WHERE products.id = absent.id)) AS come
             FROM parked_orders) parked
 GROUP BY topic
 ORDER BY topic
