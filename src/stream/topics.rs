//! The shop's topics: what they should be, making them, and telling where they differ.

use std::collections::BTreeMap;

use color_eyre::eyre::Result;
use rdkafka::admin::{
    AdminClient, AdminOptions, NewTopic, OwnedResourceSpecifier, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::metadata::{Metadata, MetadataTopic};
use rdkafka::types::RDKafkaErrorCode;
use serde::Serialize;

use super::client::Kafka;
use super::drift::{self, Drift};
use super::rights::{On, Operation, is_refusal};
use crate::error::Failure;

/// Largest message, bytes.
pub const MOST_MESSAGE_BYTES: usize = 1 << 20;
/// Room for a message's key, headers and batch around its bytes.
pub(super) const OVERHEAD_BYTES: usize = 64 << 10;
const DAY_MS: i64 = 86_400_000;
/// Copies of each message.
pub const REPLICATION: i32 = 3;
/// Those of them that must have it before it counts as written.
const MIN_INSYNC: i32 = 2;
/// What is done with topics when they are made.
const TO_MAKE: [Operation; 3] = [Operation::Create, Operation::Describe, Operation::DescribeConfigs];

/// What a topic should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name without prefix.
    pub name: &'static str,
    /// Partitions when nothing else is asked for.
    pub partitions: i32,
    /// How long messages stay.
    pub retention_days: i64,
    /// Largest message, bytes.
    pub most_bytes: usize,
    /// Whether it holds dead letters: they keep one partition, whatever is asked for.
    pub dead_letters: bool,
}

/// Partitions of a topic of messages when nothing else is asked for.
pub const PARTITIONS: i32 = 3;

const fn topic(name: &'static str, retention_days: i64) -> TopicSpec {
    TopicSpec { name, partitions: PARTITIONS, retention_days, most_bytes: MOST_MESSAGE_BYTES, dead_letters: false }
}

/// Twice the size: a dead letter holds the original and its headers.
const fn dead_letters(name: &'static str) -> TopicSpec {
    TopicSpec { name, partitions: 1, retention_days: 30, most_bytes: 2 * MOST_MESSAGE_BYTES, dead_letters: true }
}

/// All topics of the shop.
pub const TOPICS: [TopicSpec; 6] = [
    topic("users", 7),
    topic("products", 7),
    topic("orders", 30),
    dead_letters("users.dlq"),
    dead_letters("products.dlq"),
    dead_letters("orders.dlq"),
];

/// What may be asked for otherwise than by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    /// Partitions of each topic but the dead letters'.
    pub partitions: Option<i32>,
    /// Copies of each message.
    pub replication: Option<i32>,
}

impl TopicSpec {
    /// Its settings by Kafka's names.
    #[must_use]
    pub fn config(&self, replication: i32) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("retention.ms", (self.retention_days * DAY_MS).to_string()),
            ("min.insync.replicas", MIN_INSYNC.min(replication).to_string()),
            ("max.message.bytes", (self.most_bytes + OVERHEAD_BYTES).to_string()),
            // Set otherwise, each of these loses messages that nobody has read.
            ("cleanup.policy", "delete".to_owned()),
            ("retention.bytes", "-1".to_owned()),
            ("unclean.leader.election.enable", "false".to_owned()),
        ])
    }

    fn partitions(&self, wishes: Wishes) -> i32 {
        if self.dead_letters { self.partitions } else { wishes.partitions.unwrap_or(self.partitions) }
    }
}

/// A topic as it is found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TopicState {
    /// Its name on the brokers.
    pub name: String,
    /// Whether it was made just now.
    pub created: bool,
    /// Its partitions; none when it does not exist.
    pub partitions: Vec<PartitionState>,
    /// The largest message it takes, bytes, where the brokers tell.
    #[serde(skip)]
    pub most_bytes: Option<usize>,
    /// Where it is not what it should be; empty when all is well.
    pub drift: Vec<Drift>,
}

/// A partition as it is found.
#[derive(Clone, Debug, Serialize)]
pub struct PartitionState {
    /// Its number.
    pub id: i32,
    /// The broker that leads it; negative for none.
    pub leader: i32,
    /// The brokers that should hold it.
    pub replicas: Vec<i32>,
    /// Those of them that have caught up.
    pub in_sync: Vec<i32>,
}

impl TopicState {
    /// Whether the topic is there.
    #[must_use]
    pub fn exists(&self) -> bool {
        !self.partitions.is_empty()
    }

    /// Copies that each partition should have.
    #[must_use]
    pub fn replication(&self) -> usize {
        self.partitions.iter().map(|partition| partition.replicas.len()).max().unwrap_or(0)
    }

    /// Partitions that lack a copy which has caught up.
    #[must_use]
    pub fn under_replicated(&self) -> usize {
        self.partitions.iter().filter(|partition| partition.in_sync.len() < partition.replicas.len()).count()
    }
}

/// Makes the topics that are missing; those that exist are left as they are, and compared.
///
/// # Errors
/// A [`Failure`] when the brokers cannot be reached, are fewer than the copies asked for, or refuse a topic.
pub async fn create(kafka: &Kafka, wishes: Wishes) -> Result<Vec<TopicState>> {
    let admin = kafka.admin()?;
    let metadata = kafka.metadata(&admin)?;
    let replication = wishes.replication.unwrap_or(REPLICATION);
    let brokers = metadata.brokers().len();
    if usize::try_from(replication).is_ok_and(|copies| copies > brokers) {
        return Err(Failure::new(format!(
            "{} of Kafka's brokers {} there, and each message is to be kept on {replication}",
            brokers,
            if brokers == 1 { "is" } else { "are" }
        ))
        .help(format!("start more brokers, or ask for fewer copies: --replication {brokers}"))
        .into());
    }
    let missing: Vec<&TopicSpec> =
        TOPICS.iter().filter(|spec| find(&metadata, &kafka.name(spec.name)).is_none()).collect();
    let made = make(kafka, &admin, &missing, replication, wishes).await?;
    wait_until_there(kafka, &admin, &missing)?;
    let mut states = compare(kafka, &admin, wishes, None).await?;
    for state in &mut states {
        state.created = made.contains(&state.name);
    }
    Ok(states)
}

/// The topics as they are, and where they differ from what they should be; by the word of this broker, for somebody who knows of
/// another that hangs.
///
/// # Errors
/// A [`Failure`] when the brokers cannot be reached.
pub async fn describe(kafka: &Kafka, by: Option<i32>) -> Result<Vec<TopicState>> {
    let admin = kafka.admin()?;
    compare(kafka, &admin, Wishes::default(), by).await
}

fn find<'a>(metadata: &'a Metadata, name: &str) -> Option<&'a MetadataTopic> {
    metadata.topics().iter().find(|topic| topic.name() == name && topic.error().is_none())
}

/// The names of the topics that this call made: another one may have been faster.
async fn make(
    kafka: &Kafka,
    admin: &AdminClient<DefaultClientContext>,
    missing: &[&TopicSpec],
    replication: i32,
    wishes: Wishes,
) -> Result<Vec<String>> {
    if missing.is_empty() {
        // librdkafka refuses to ask for nothing.
        return Ok(Vec::new());
    }
    let plans: Vec<_> =
        missing.iter().map(|spec| (kafka.name(spec.name), spec.config(replication), spec.partitions(wishes))).collect();
    let topics: Vec<NewTopic<'_>> = plans
        .iter()
        .map(|(name, config, partitions)| {
            let topic = NewTopic::new(name, *partitions, TopicReplication::Fixed(replication));
            config.iter().fold(topic, |topic, (key, value)| topic.set(key, value))
        })
        .collect();
    let outcome = admin.create_topics(&topics, &options(kafka)).await.map_err(|error| kafka.explain(error))?;
    let mut made = Vec::new();
    for topic in outcome {
        match topic {
            Ok(name) => made.push(name),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((name, code)) => {
                if is_refusal(code) {
                    let names: Vec<&str> = plans.iter().map(|(name, ..)| name.as_str()).collect();
                    return Err(kafka.lacks_one_of(&TO_MAKE, On::Topics(&names)).into());
                }
                return Err(Failure::new(format!("Kafka at {} refuses the topic {name}: {code}", kafka.brokers()))
                    .help("look at the brokers' log, or let an administrator make the topics")
                    .into());
            }
        }
    }
    Ok(made)
}

/// A topic that was made takes a moment to be known to every broker.
fn wait_until_there(kafka: &Kafka, admin: &AdminClient<DefaultClientContext>, specs: &[&TopicSpec]) -> Result<()> {
    let deadline = std::time::Instant::now() + kafka.patience();
    loop {
        let metadata = kafka.metadata(admin)?;
        let led = |spec: &&TopicSpec| {
            find(&metadata, &kafka.name(spec.name))
                .is_some_and(|topic| topic.partitions().iter().all(|partition| partition.leader() >= 0))
        };
        if specs.iter().all(led) {
            return Ok(());
        }
        let names: Vec<String> = specs.iter().map(|spec| kafka.name(spec.name)).collect();
        let hidden = kafka.hidden(admin.inner(), &names);
        if !hidden.is_empty() {
            let names: Vec<&str> = hidden.iter().map(String::as_str).collect();
            return Err(kafka.lacks(Operation::Describe, On::Topics(&names)).into());
        }
        if std::time::Instant::now() > deadline {
            return Err(Failure::new("topics were made, but not all of their partitions have a leader yet")
                .help("look at the brokers; then: shopstream topics describe")
                .into());
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

fn options(kafka: &Kafka) -> AdminOptions {
    AdminOptions::new().request_timeout(Some(kafka.patience())).operation_timeout(Some(kafka.patience()))
}

async fn compare(
    kafka: &Kafka,
    admin: &AdminClient<DefaultClientContext>,
    wishes: Wishes,
    by: Option<i32>,
) -> Result<Vec<TopicState>> {
    let metadata = kafka.metadata(admin)?;
    let names: Vec<String> = TOPICS.iter().map(|spec| kafka.name(spec.name)).collect();
    let there: Vec<&str> = names.iter().map(String::as_str).filter(|name| find(&metadata, name).is_some()).collect();
    let settings = settings_of(kafka, admin, &there, by).await?;
    let absent: Vec<String> = names.iter().filter(|name| find(&metadata, name).is_none()).cloned().collect();
    let hidden = kafka.hidden(admin.inner(), &absent);
    let mut states = Vec::with_capacity(TOPICS.len());
    for (spec, name) in TOPICS.iter().zip(names) {
        let mut state = TopicState { name, ..TopicState::default() };
        match find(&metadata, &state.name) {
            None if hidden.contains(&state.name) => state.drift.push(Drift::Hidden),
            None => state.drift.push(Drift::Missing),
            Some(topic) => {
                state.partitions = topic
                    .partitions()
                    .iter()
                    .map(|partition| PartitionState {
                        id: partition.id(),
                        leader: partition.leader(),
                        replicas: partition.replicas().to_vec(),
                        in_sync: partition.isr().to_vec(),
                    })
                    .collect();
                let none = BTreeMap::new();
                let settings = settings.get(&state.name).unwrap_or(&none);
                state.most_bytes = settings.get("max.message.bytes").and_then(|most| most.parse().ok());
                state.drift = drift::of(spec, &state, settings, wishes);
            }
        }
        states.push(state);
    }
    Ok(states)
}

/// The settings of topics, by name; all of them are asked for at once.
async fn settings_of(
    kafka: &Kafka,
    admin: &AdminClient<DefaultClientContext>,
    names: &[&str],
    by: Option<i32>,
) -> Result<BTreeMap<String, BTreeMap<String, String>>> {
    if names.is_empty() {
        // librdkafka refuses to ask for nothing.
        return Ok(BTreeMap::new());
    }
    let topics = names.iter().map(|name| ResourceSpecifier::Topic(name));
    // The cluster's controller is asked, unless a broker is among those whose settings are wanted.
    let asked: Vec<_> = topics.chain(by.map(ResourceSpecifier::Broker)).collect();
    let answers = admin.describe_configs(&asked, &options(kafka)).await.map_err(|error| kafka.explain(error))?;
    let mut settings = BTreeMap::new();
    for answer in answers {
        let resource = match answer {
            Ok(resource) => resource,
            // As a topic without settings.
            Err(code) if is_refusal(code) => continue,
            Err(code) => {
                return Err(Failure::new(format!("the settings of a topic cannot be read: {code}"))
                    .help("look at the brokers' log")
                    .into());
            }
        };
        if let OwnedResourceSpecifier::Topic(name) = resource.specifier {
            let entries = resource.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?)));
            settings.insert(name, entries.collect());
        }
    }
    Ok(settings)
}
