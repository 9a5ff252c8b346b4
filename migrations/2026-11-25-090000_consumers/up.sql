-- What the consumers remember: how far each partition is stored, and orders that came before their customer or product.

CREATE TABLE consumer_offsets (
    consumer_group text        NOT NULL,
    topic          text        NOT NULL,
    "partition"    integer     NOT NULL,
    next_offset    bigint      NOT NULL DEFAULT 0,
    epoch          bigint      NOT NULL DEFAULT 1,
    last_hash      bigint,
    expired        bigint      NOT NULL DEFAULT 0,
    updated_at     timestamptz NOT NULL DEFAULT now(),

    PRIMARY KEY (consumer_group, topic, "partition"),
    CONSTRAINT consumer_offsets_group_given         CHECK (consumer_group <> ''),
    CONSTRAINT consumer_offsets_topic_given         CHECK (topic <> ''),
    CONSTRAINT consumer_offsets_partition_counted   CHECK ("partition" >= 0),
    CONSTRAINT consumer_offsets_offset_not_negative CHECK (next_offset >= 0),
    CONSTRAINT consumer_offsets_expired_counted     CHECK (expired >= 0)
)
-- Every batch moves a row; no index holds what it changes, so that all updates are heap-only.
WITH (fillfactor = 50);

COMMENT ON TABLE  consumer_offsets                IS 'How far each partition of a topic is stored; written in the transaction of the rows themselves, so that a message takes effect once.';
COMMENT ON COLUMN consumer_offsets.consumer_group IS 'Consumer group in Kafka.';
COMMENT ON COLUMN consumer_offsets.topic          IS 'Topic in Kafka.';
COMMENT ON COLUMN consumer_offsets."partition"    IS 'Partition of the topic.';
COMMENT ON COLUMN consumer_offsets.next_offset    IS 'Offset of the first message that is not stored yet.';
COMMENT ON COLUMN consumer_offsets.epoch          IS 'Number of the claim: each member that takes the partition over raises it, and writers with an older one are refused.';
COMMENT ON COLUMN consumer_offsets.last_hash      IS 'XXH3 of the last stored message (time, key, payload): tells a topic that was deleted and made again.';
COMMENT ON COLUMN consumer_offsets.expired        IS 'Messages that the topic did not keep until they were read: they are in no table.';
COMMENT ON COLUMN consumer_offsets.updated_at     IS 'Last stored batch, wall clock, UTC.';

CREATE TABLE parked_orders (
    topic       text        NOT NULL,
    "partition" integer     NOT NULL,
    "offset"    bigint      NOT NULL,
    key         bytea,
    payload     bytea       NOT NULL,
    headers     jsonb       NOT NULL,
    order_id    uuid        NOT NULL,
    sent_at_ms  bigint,
    missing     uuid[]      NOT NULL,
    parked_at   timestamptz NOT NULL DEFAULT now(),

    -- With the order, for a topic that was made again begins at offset 0 again.
    PRIMARY KEY (topic, "partition", "offset", order_id),
    CONSTRAINT parked_orders_topic_given         CHECK (topic <> ''),
    CONSTRAINT parked_orders_partition_counted   CHECK ("partition" >= 0),
    CONSTRAINT parked_orders_offset_not_negative CHECK ("offset" >= 0),
    CONSTRAINT parked_orders_headers_listed      CHECK (jsonb_typeof(headers) = 'array'),
    CONSTRAINT parked_orders_something_missing   CHECK (cardinality(missing) > 0)
);

-- Oldest first: who is given up, and who is tried again (db/sql/parked_*.sql).
CREATE INDEX parked_orders_oldest ON parked_orders (topic, parked_at);

COMMENT ON TABLE  parked_orders             IS 'Orders whose customer or product was not there when they came; tried again, and dead letters after --orphan-timeout.';
COMMENT ON COLUMN parked_orders.topic       IS 'Topic the message came from.';
COMMENT ON COLUMN parked_orders."partition" IS 'Its partition.';
COMMENT ON COLUMN parked_orders."offset"    IS 'Its offset.';
COMMENT ON COLUMN parked_orders.key         IS 'Its key, as it came.';
COMMENT ON COLUMN parked_orders.payload     IS 'The message, as it came.';
COMMENT ON COLUMN parked_orders.headers     IS 'Its headers in order: [name, value in hexadecimal digits or null].';
COMMENT ON COLUMN parked_orders.order_id    IS 'The order in it.';
COMMENT ON COLUMN parked_orders.sent_at_ms  IS 'When it was sent, by Kafka''s timestamp, milliseconds since 1970.';
COMMENT ON COLUMN parked_orders.missing     IS 'Customer and products that were not there.';
COMMENT ON COLUMN parked_orders.parked_at   IS 'When it was parked, wall clock, UTC.';
