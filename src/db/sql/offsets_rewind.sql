-- Begins a partition anew: its topic was deleted and made again, or somebody asked for it. Only for who holds it.
--
-- $1 consumer group, $2 topic, $3 partition, $4 epoch, $5 the first offset that the topic keeps
-- $6 whether it is the same topic still, so that what it did not keep once is missing still
UPDATE consumer_offsets
   SET next_offset = $5, last_hash = NULL, expired = CASE WHEN $6 THEN expired ELSE 0 END, updated_at = now()
 WHERE consumer_group = $1 AND topic = $2 AND "partition" = $3 AND epoch = $4
