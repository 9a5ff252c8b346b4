-- Parked orders that have waited too long, the longest waiting first; locked, and left alone where another member is at
-- them.
--
-- $1 topic, $2 how many, $3 seconds after which to give up
SELECT topic, "partition", "offset", key, payload, headers, order_id, sent_at_ms, missing
  FROM parked_orders
 WHERE topic = $1
   AND parked_at < now() - make_interval(secs => $3)
 ORDER BY parked_at, topic, "partition", "offset"
 LIMIT $2
   FOR UPDATE SKIP LOCKED
