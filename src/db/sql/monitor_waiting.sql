-- Orders that wait for a customer or product, and messages that topics did not keep until they were read.
SELECT (SELECT count(*) FROM parked_orders) AS parked_orders,
       (SELECT coalesce(sum(expired), 0)::bigint FROM consumer_offsets) AS expired_messages
