//! Topics as the tests read and write them, with clients that are none of the program's.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, Headers, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Message, Offset, TopicPartitionList};

const PATIENCE: Duration = Duration::from_secs(60);

/// A message as it lies in its topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub payload: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Record {
    /// The value of the last header of this name, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().rev().find(|(key, _)| key == name);
        found.and_then(|(_, value)| value.as_deref()).map(|value| std::str::from_utf8(value).unwrap())
    }
}

/// The topics of one shop.
pub struct Topics {
    prefix: String,
    config: ClientConfig,
    reader: BaseConsumer,
}

impl Topics {
    pub fn new(brokers: &str, prefix: &str) -> Self {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers).set("group.id", "fault-tests").set("enable.auto.commit", "false");
        // Most are about brokers that were killed on purpose.
        config.set("log_level", "0").set("reconnect.backoff.max.ms", "500");
        let reader = config.create().unwrap();
        Self { prefix: prefix.to_owned(), config, reader }
    }

    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A topic's full name.
    pub fn name(&self, plain: &str) -> String {
        format!("{}{plain}", self.prefix)
    }

    /// Partition, first offset and end of each; brokers may be on their way back.
    pub fn ends(&self, plain: &str, deadline: Instant) -> Vec<(i32, i64, i64)> {
        let topic = self.name(plain);
        let partitions = if plain.ends_with(".dlq") { 1 } else { 3 };
        let end = |partition| loop {
            match self.reader.fetch_watermarks(&topic, partition, Duration::from_secs(5)) {
                Ok((low, high)) => return (partition, low, high),
                Err(error) => assert!(Instant::now() < deadline, "{topic}/{partition}: {error}"),
            }
            std::thread::sleep(Duration::from_millis(200));
        };
        (0..partitions).map(end).collect()
    }

    /// Messages in a topic.
    pub fn count(&self, plain: &str) -> i64 {
        self.ends(plain, Instant::now() + PATIENCE).iter().map(|(_, low, high)| high - low).sum()
    }

    /// Hands over every message that lies in a topic now, each partition's in order.
    pub fn read(&self, plain: &str, mut each: impl FnMut(Record)) {
        let topic = self.name(plain);
        let ends = self.ends(plain, Instant::now() + PATIENCE);
        let mut assignment = TopicPartitionList::new();
        for (partition, low, _) in &ends {
            assignment.add_partition_offset(&topic, *partition, Offset::Offset(*low)).unwrap();
        }
        // A new client: librdkafka may go deaf on topics that are made again, and this reader must not.
        let reader: BaseConsumer = self.config.create().unwrap();
        reader.assign(&assignment).unwrap();
        let mut left: i64 = ends.iter().map(|(_, low, high)| high - low).sum();
        let mut heard = Instant::now();
        while left > 0 {
            assert!(heard.elapsed() < PATIENCE, "{left} messages of {topic} do not come");
            let Some(Ok(message)) = reader.poll(Duration::from_millis(100)) else { continue };
            // What was sent since is not asked for.
            if ends.iter().any(|(partition, _, end)| *partition == message.partition() && message.offset() < *end) {
                heard = Instant::now();
                left -= 1;
                each(record(&message));
            }
        }
    }

    /// Writes messages to the partitions they name, and waits until the brokers have them.
    pub fn write(&self, plain: &str, records: &[Record]) {
        let mut config = self.config.clone();
        // Over what the topic takes, so that the brokers decide, and not compressed: the size is the message's own.
        let producer: BaseProducer =
            config.remove("group.id").set("acks", "all").set("message.max.bytes", "3000000").create().unwrap();
        let topic = self.name(plain);
        for record in records {
            let headers = record.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header { key, value: value.as_ref() })
            });
            let mut sent = BaseRecord::<[u8], [u8]>::to(&topic).partition(record.partition).headers(headers);
            sent.key = record.key.as_deref();
            sent.payload = record.payload.as_deref();
            producer.send(sent).map_err(|(error, _)| error).unwrap();
        }
        producer.flush(PATIENCE).unwrap();
    }

    /// Deletes a topic, and waits until it is gone.
    pub fn delete(&self, plain: &str) {
        let topic = self.name(plain);
        let admin: AdminClient<DefaultClientContext> = self.config.create().unwrap();
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
        let deleting = admin.delete_topics(&[&topic], &options);
        let deleted = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(deleting).unwrap();
        assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
    }
}

fn record(message: &impl Message) -> Record {
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers.iter().map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
    });
    Record {
        partition: message.partition(),
        offset: message.offset(),
        key: message.key().map(<[u8]>::to_vec),
        payload: message.payload().map(<[u8]>::to_vec),
        headers,
    }
}
