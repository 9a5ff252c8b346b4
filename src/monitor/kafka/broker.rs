//! What brokers say of themselves: the cluster by the word of any, and where partitions end by the word of each leader. Each is
//! asked by a client of its own: a broker that hangs keeps nobody waiting who asks another.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaResult, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;
use rdkafka::{Offset, TopicPartitionList};

use super::SELDOM;
use crate::monitor::watch::{CONNECTING, PATIENCE};
use crate::stream::client::Kafka;
use crate::stream::dead_letter::SUFFIX;
use crate::stream::topics::TOPICS;

/// How long one broker is waited for before another may be asked for the cluster.
const ONE: Duration = Duration::from_millis(190);

/// Offsets by topic and partition.
pub(super) type Ends = HashMap<(String, i32), i64>;

/// A partition of one of the shop's topics, as a broker knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub topic: String,
    pub partition: i32,
    /// None while it has no leader.
    pub leader: Option<i32>,
    pub replicas: Vec<i32>,
    pub in_sync: usize,
}

/// The cluster as the broker sees it that was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cluster {
    pub brokers: Vec<i32>,
    pub places: Vec<Place>,
    /// Topics that this user may not see.
    pub hidden: Vec<String>,
}

/// What a leader says of its partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LeaderSays {
    pub ends: Ends,
    /// Where dead letters begin; none when that was not asked.
    pub beginnings: Option<Ends>,
}

/// What a leader is asked: its partitions, and whether also for what seldom changes.
pub(super) type OfLeader = (Vec<(String, i32)>, bool);

/// Asks whichever broker answers for the cluster.
pub(super) struct ClusterDesk {
    kafka: Kafka,
    client: Option<BaseConsumer>,
    /// When topics were looked for last that are not told of, and those that were hidden.
    looked: Option<Instant>,
    hidden: Vec<String>,
}

impl ClusterDesk {
    pub(super) fn new(kafka: Kafka) -> Self {
        Self { kafka: kafka.with_patience(PATIENCE), client: None, looked: None, hidden: Vec::new() }
    }

    pub(super) fn ask(&mut self) -> KafkaResult<Cluster> {
        let patience = if self.client.is_none() { CONNECTING } else { PATIENCE };
        let client = connected(&mut self.client, &self.kafka)?;
        let metadata = metadata(client, Instant::now() + patience)?;
        let is_told = |name: &String| metadata.topics().iter().any(|topic| topic.name() == name);
        let absent: Vec<String> =
            TOPICS.iter().map(|spec| self.kafka.name(spec.name)).filter(|name| !is_told(name)).collect();
        // A list of all topics leaves out what this user may not see.
        self.hidden.retain(|name| absent.contains(name));
        if !absent.is_empty() && self.looked.is_none_or(|at| at.elapsed() >= SELDOM) {
            self.hidden = self.kafka.hidden(client.client(), &absent);
            self.looked = Some(Instant::now());
        }
        Ok(Cluster {
            brokers: metadata.brokers().iter().map(|broker| broker.id()).collect(),
            places: self.places(&metadata),
            hidden: self.hidden.clone(),
        })
    }

    fn places(&self, metadata: &Metadata) -> Vec<Place> {
        let ours = |name: &str| TOPICS.iter().any(|spec| self.kafka.name(spec.name) == name);
        let topics = metadata.topics().iter().filter(|topic| topic.error().is_none() && ours(topic.name()));
        let place = |topic: &str, partition: &rdkafka::metadata::MetadataPartition| Place {
            topic: topic.to_owned(),
            partition: partition.id(),
            leader: Some(partition.leader()).filter(|leader| *leader >= 0),
            replicas: partition.replicas().to_vec(),
            in_sync: partition.isr().len(),
        };
        topics.flat_map(|topic| topic.partitions().iter().map(move |part| place(topic.name(), part))).collect()
    }
}

/// Asks one broker where the partitions end that it leads.
pub(super) struct LeaderDesk {
    kafka: Kafka,
    client: Option<BaseConsumer>,
    /// The partitions that the client knows to be this broker's.
    known: Vec<(String, i32)>,
}

impl LeaderDesk {
    pub(super) const fn new(kafka: Kafka) -> Self {
        Self { kafka, client: None, known: Vec::new() }
    }

    /// An error means that the broker does not answer; what it refuses is left out.
    pub(super) fn ask(&mut self, (led, thoroughly): OfLeader) -> KafkaResult<LeaderSays> {
        if led.is_empty() {
            return Ok(LeaderSays::default());
        }
        let patience = if self.client.is_none() { CONNECTING } else { PATIENCE };
        let deadline = Instant::now() + patience;
        let client = connected(&mut self.client, &self.kafka)?;
        if self.known != led {
            // Otherwise the client would ask who led them before.
            metadata(client, deadline)?;
            self.known.clone_from(&led);
        }
        let letters: Vec<_> = led.iter().filter(|(topic, _)| topic.ends_with(SUFFIX)).cloned().collect();
        let said = offsets(client, &led, Offset::End, deadline).and_then(|ends| {
            let beginnings = thoroughly.then(|| offsets(client, &letters, Offset::Beginning, deadline)).transpose()?;
            Ok(LeaderSays { ends, beginnings })
        });
        if said.is_err() {
            self.known.clear();
        }
        match said {
            Err(error) if !is_silence(error.rdkafka_error_code()) => Ok(LeaderSays::default()),
            said => said,
        }
    }
}

const fn is_silence(code: Option<RDKafkaErrorCode>) -> bool {
    use RDKafkaErrorCode::{AllBrokersDown, BrokerTransportFailure, OperationTimedOut, RequestTimedOut};
    matches!(code, Some(AllBrokersDown | BrokerTransportFailure | OperationTimedOut | RequestTimedOut))
}

/// What any broker says. Librdkafka picks one, which may hang: then it is asked again, and picks anew.
fn metadata(client: &BaseConsumer, deadline: Instant) -> KafkaResult<Metadata> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match client.fetch_metadata(None, left.min(ONE)) {
            Err(_) if left > ONE => {}
            answer => return answer,
        }
    }
}

/// A client. It is kept after an error: librdkafka connects anew by itself.
fn connected<'a>(client: &'a mut Option<BaseConsumer>, kafka: &Kafka) -> KafkaResult<&'a BaseConsumer> {
    match client {
        Some(client) => Ok(client),
        none => {
            let config = kafka.config(&[
                ("enable.auto.commit", "false"),
                ("allow.auto.create.topics", "false"),
                // Whoever hangs is left soon, and whoever comes back is seen soon.
                ("socket.timeout.ms", "1500"),
                ("reconnect.backoff.max.ms", "1000"),
            ]);
            Ok(none.insert(config.create()?))
        }
    }
}

/// Where partitions begin or end.
fn offsets(client: &BaseConsumer, places: &[(String, i32)], which: Offset, deadline: Instant) -> KafkaResult<Ends> {
    if places.is_empty() {
        return Ok(Ends::new());
    }
    let mut list = TopicPartitionList::new();
    for (topic, partition) in places {
        list.add_partition_offset(topic, *partition, which)?;
    }
    let found = client.offsets_for_times(list, deadline.saturating_duration_since(Instant::now()))?;
    let offset = |offset| if let Offset::Offset(offset) = offset { Some(offset) } else { None };
    let elements = found.elements();
    let known = elements.iter().filter(|element| element.error().is_ok());
    Ok(known.filter_map(|e| Some(((e.topic().to_owned(), e.partition()), offset(e.offset())?))).collect())
}
