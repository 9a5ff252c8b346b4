-- Moves partitions on, in the transaction of the rows themselves. A partition that another member has claimed since, or
-- whose offset is not the expected one, is left alone: it is then missing from the result, and the transaction must end.
--
-- $1 consumer group, $2 topic
-- $3 partitions, $4 their epochs, $5 offsets from which, $6 offsets to which, $7 hashes of the last messages
-- $8 how many messages before these the topic no longer had
UPDATE consumer_offsets o
   SET next_offset = moved.until_offset,
       last_hash = moved.last_hash,
       expired = o.expired + moved.expired,
       updated_at = now()
  FROM unnest($3, $4, $5, $6, $7, $8)
       AS moved ("partition", epoch, from_offset, until_offset, last_hash, expired)
 WHERE o.consumer_group = $1
   AND o.topic = $2
   AND o."partition" = moved."partition"
   AND o.epoch = moved.epoch
   AND o.next_offset = moved.from_offset
RETURNING o."partition"
