-- Takes a partition over: whoever held it before can write no more (db/sql/offsets_advance.sql). Waits for a transaction
-- of theirs that is about to end, and then sees what it stored.
--
-- $1 consumer group, $2 topic, $3 partition
INSERT INTO consumer_offsets AS o (consumer_group, topic, "partition")
VALUES ($1, $2, $3)
ON CONFLICT (consumer_group, topic, "partition") DO UPDATE
   SET epoch = o.epoch + 1
RETURNING next_offset, epoch, last_hash
