-- Parked orders whose customer and products have all come, the longest waiting first; locked, and left alone where
-- another member is at them.
--
-- $1 topic, $2 how many
SELECT topic, "partition", "offset", key, payload, headers, order_id, sent_at_ms, missing
  FROM parked_orders parked
 WHERE topic = $1
   AND NOT EXISTS (
           SELECT
             FROM unnest(parked.missing) AS absent (id)
            WHERE NOT EXISTS (SELECT FROM users WHERE users.id = absent.id)
              AND NOT EXISTS (SELECT FROM products WHERE products.id = absent.id))
 ORDER BY parked_at, topic, "partition", "offset"
 LIMIT $2
   FOR UPDATE SKIP LOCKED
