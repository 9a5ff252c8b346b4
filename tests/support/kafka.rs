//! Topics of a test's own, so that tests run side by side on the same brokers and leave nothing behind.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, Headers, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Message, Offset, TopicPartitionList};
use shopstream::cli::Cli;
use shopstream::config::Settings;
use shopstream::stream::client::Kafka;
use shopstream::stream::rights::Operation;
use shopstream::stream::topics::{self, TOPICS, Wishes};

use super::process::until;

static COUNT: AtomicU32 = AtomicU32::new(0);
const PATIENCE: Duration = Duration::from_secs(30);

/// The brokers for tests.
pub fn kafka_brokers() -> String {
    std::env::var("KAFKA_BROKERS")
        .unwrap_or_else(|_| panic!("KAFKA_BROKERS is not set: this test needs Kafka. Run `make up`, then `make test`."))
}

/// Kafka as the program sees it at these brokers, with this prefix.
pub fn kafka_at(brokers: &str, prefix: &str) -> Kafka {
    let words = ["shopstream", "--kafka-brokers", brokers, "--topic-prefix", prefix];
    Kafka::of(&Settings::resolve(&Cli::parse_from(words).global).unwrap()).unwrap()
}

/// Deletes everything that a topic holds, as retention would.
pub fn delete_records(kafka: &Kafka, plain: &str) {
    let mut ends = TopicPartitionList::new();
    let admin = kafka.admin().unwrap();
    let topic = kafka.name(plain);
    for partition in 0..kafka.partitions_of(admin.inner(), &topic, Operation::Read, PATIENCE).unwrap() {
        ends.add_partition_offset(&topic, i32::try_from(partition).unwrap(), Offset::End).unwrap();
    }
    block_on(admin.delete_records(&ends, &AdminOptions::new())).unwrap();
}

/// Where a partition begins and ends. A broker that has just become a new partition's leader may not know it yet.
pub fn watermarks(reader: &BaseConsumer, topic: &str, partition: i32) -> (i64, i64) {
    until(PATIENCE, "the leader answers", || {
        reader.fetch_watermarks(topic, partition, PATIENCE).map_err(|error| error.to_string())
    })
}

/// A message as a test reads it, with a reader that is none of the program's.
#[derive(Clone, Debug)]
pub struct Received {
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub payload: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// Milliseconds since the Unix epoch.
    pub sent_at: i64,
}

impl Received {
    /// The value of the last header of this name.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().rev().find(|(key, _)| key == name).and_then(|(_, value)| value.as_deref())
    }

    /// The payload as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(self.payload.as_deref().unwrap()).unwrap()
    }

    /// The key as text.
    pub fn key_text(&self) -> &str {
        std::str::from_utf8(self.key.as_deref().unwrap()).unwrap()
    }
}

/// Names of topics that begin with a prefix of their own; topics and groups of it are deleted when the value is dropped.
pub struct ScratchTopics {
    pub prefix: String,
    kafka: Kafka,
}

impl ScratchTopics {
    /// A prefix without topics.
    pub fn none() -> Self {
        let millis = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("test_{millis}_{}_{number}.", std::process::id());
        let kafka = kafka_at(&kafka_brokers(), &prefix);
        Self { prefix, kafka }
    }

    /// All topics of the shop, empty.
    pub fn create() -> Self {
        let scratch = Self::none();
        block_on(topics::create(&scratch.kafka, Wishes::default())).unwrap();
        scratch
    }

    /// The same, with one topic that has a setting of its own from the beginning.
    pub fn create_with(plain: &str, key: &str, value: &str) -> Self {
        let scratch = Self::none();
        let topic = scratch.name(plain);
        let new = NewTopic::new(&topic, 3, TopicReplication::Fixed(3)).set(key, value);
        let admin: AdminClient<DefaultClientContext> = scratch.kafka.config(&[]).create().unwrap();
        let made = block_on(admin.create_topics([&new], &AdminOptions::new())).unwrap();
        assert!(made.iter().all(Result::is_ok), "{made:?}");
        block_on(topics::create(&scratch.kafka, Wishes::default())).unwrap();
        scratch
    }

    /// Gives a topic this one setting; each broker hears of it a little later.
    pub fn set(&self, plain: &str, key: &str, value: &str) {
        let admin: AdminClient<DefaultClientContext> = self.kafka.config(&[]).create().unwrap();
        let topic = self.name(plain);
        let change = AlterConfig::new(ResourceSpecifier::Topic(&topic)).set(key, value);
        let changed = block_on(admin.alter_configs([&change], &AdminOptions::new())).unwrap();
        assert!(changed.iter().all(Result::is_ok), "{changed:?}");
    }

    /// Sends so many small messages, as fast as the brokers take them.
    pub fn flood(&self, plain: &str, messages: u64) {
        let producer: BaseProducer = self.kafka.config(&[("linger.ms", "50")]).create().unwrap();
        let topic = self.name(plain);
        for number in 0..messages {
            let key = number.to_be_bytes();
            let mut record = BaseRecord::to(&topic).key(&key[..]).payload(&b"-"[..]);
            while let Err((_, refused)) = producer.send(record) {
                record = refused;
                producer.poll(Duration::from_millis(10));
            }
        }
        producer.flush(PATIENCE).unwrap();
    }

    /// Kafka as the program sees it.
    pub fn kafka(&self) -> &Kafka {
        &self.kafka
    }

    /// A topic's full name.
    pub fn name(&self, plain: &str) -> String {
        format!("{}{plain}", self.prefix)
    }

    /// The program, which sees nothing but these topics, and nobody to ask.
    pub fn program(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
        command.args(words).env_clear().env("COLUMNS", "100").stdin(Stdio::null());
        command.env("KAFKA_BROKERS", kafka_brokers()).env("SHOPSTREAM_TOPIC_PREFIX", &self.prefix);
        command
    }

    /// Writes a message, and waits until the brokers have it.
    pub fn send(&self, plain: &str, key: Option<&[u8]>, payload: Option<&[u8]>, headers: OwnedHeaders) {
        let producer: BaseProducer = self.kafka.config(&[("acks", "all")]).create().unwrap();
        let topic = self.name(plain);
        let mut record = BaseRecord::<[u8], [u8]>::to(&topic).headers(headers);
        record.key = key;
        record.payload = payload;
        producer.send(record).map_err(|(error, _)| error).unwrap();
        producer.flush(PATIENCE).unwrap();
    }

    /// How many offsets a topic has used, of all its partitions.
    pub fn ends(&self, plain: &str) -> i64 {
        self.spans(&self.reader(), plain).iter().map(|(_, _, high)| high).sum()
    }

    /// How many messages a topic keeps.
    pub fn count(&self, plain: &str) -> i64 {
        self.spans(&self.reader(), plain).iter().map(|(_, low, high)| high - low).sum()
    }

    /// Every message of a topic, partition by partition in order of offsets.
    pub fn read_all(&self, plain: &str) -> Vec<Received> {
        let (reader, topic) = (self.reader(), self.name(plain));
        let spans = self.spans(&reader, plain);
        let mut assignment = TopicPartitionList::new();
        for (partition, low, _) in &spans {
            assignment.add_partition_offset(&topic, *partition, Offset::Offset(*low)).unwrap();
        }
        reader.assign(&assignment).unwrap();
        let expected: i64 = spans.iter().map(|(_, low, high)| high - low).sum();
        let mut all = Vec::new();
        let mut heard = Instant::now();
        while (all.len() as i64) < expected {
            assert!(heard.elapsed() < PATIENCE, "{} of {expected} messages of {topic} came", all.len());
            let Some(Ok(message)) = reader.poll(Duration::from_millis(100)) else { continue };
            heard = Instant::now();
            all.push(received(&message));
        }
        all.sort_by_key(|message| (message.partition, message.offset));
        all
    }

    fn reader(&self) -> BaseConsumer {
        // Its own group is never joined, nor does it commit: the name is only what librdkafka wants.
        self.kafka.config(&[("group.id", "shopstream-tests"), ("enable.auto.commit", "false")]).create().unwrap()
    }

    fn spans(&self, reader: &BaseConsumer, plain: &str) -> Vec<(i32, i64, i64)> {
        let topic = self.name(plain);
        let partitions = self.kafka.partitions_of(reader.client(), &topic, Operation::Read, PATIENCE).unwrap();
        let span = |partition| {
            let (low, high) = watermarks(reader, &topic, partition);
            (partition, low, high)
        };
        (0..i32::try_from(partitions).unwrap()).map(span).collect()
    }
}

impl Drop for ScratchTopics {
    fn drop(&mut self) {
        // A panic in a drop during a panic would hide what failed: topics may stay behind then.
        let Ok(admin) = self.kafka.config(&[]).create::<AdminClient<DefaultClientContext>>() else { return };
        let names: Vec<String> = TOPICS.iter().map(|topic| self.name(topic.name)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
        let _ = block_on(admin.delete_topics(&names, &options));
        let Ok(groups) = admin.inner().fetch_group_list(None, PATIENCE) else { return };
        let groups: Vec<&str> = groups.groups().iter().map(|group| group.name()).collect();
        let ours: Vec<&str> = groups.into_iter().filter(|name| name.starts_with(&self.prefix)).collect();
        if !ours.is_empty() {
            let _ = block_on(admin.delete_groups(&ours, &options));
        }
    }
}

/// Headers from pairs of text.
pub fn headers(pairs: &[(&str, &str)]) -> OwnedHeaders {
    pairs.iter().fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(*value) }))
}

fn received(message: &impl Message) -> Received {
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers.iter().map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
    });
    Received {
        partition: message.partition(),
        offset: message.offset(),
        key: message.key().map(<[u8]>::to_vec),
        payload: message.payload().map(<[u8]>::to_vec),
        headers,
        sent_at: message.timestamp().to_millis().unwrap(),
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}
