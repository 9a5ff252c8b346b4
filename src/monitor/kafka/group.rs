//! What the consumer groups have told Kafka. No group is joined.

use std::collections::HashMap;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::{Offset, TopicPartitionList};

use crate::consume::Topic;
use crate::error::Failure;
use crate::monitor::watch::{CONNECTING, PATIENCE};
use crate::stream::client::Kafka;

/// By partition: the first offset not read yet, or that the group has never said.
pub(super) type Committed = HashMap<i32, Option<i64>>;

/// A group's members and its state, by Kafka's word.
pub(super) type Members = (usize, String);

/// Asks for one group's offsets: only a client of the group itself may.
pub(super) struct GroupDesk {
    kafka: Kafka,
    topic: Topic,
    client: Option<BaseConsumer>,
}

impl GroupDesk {
    /// For the group that reads this topic.
    pub(super) const fn new(kafka: Kafka, topic: Topic) -> Self {
        Self { kafka, topic, client: None }
    }

    /// Asks the broker that keeps this group's offsets.
    pub(super) fn ask(&mut self, partitions: &[i32]) -> Result<Committed, Failure> {
        if partitions.is_empty() {
            return Ok(Committed::new());
        }
        let name = self.kafka.name(self.topic.as_str());
        let mut asked = TopicPartitionList::new();
        for partition in partitions {
            asked.add_partition(&name, *partition);
        }
        let client = connected(&mut self.client, &self.kafka, self.topic).map_err(|error| self.kafka.explain(error))?;
        let found = self.kafka.committed(client, &self.kafka.name(self.topic.group()), &asked, PATIENCE)?;
        let of = |partition: &i32| match found.find_partition(&name, *partition).map(|found| found.offset()) {
            Some(Offset::Offset(offset)) => (*partition, Some(offset)),
            _ => (*partition, None),
        };
        Ok(partitions.iter().map(of).collect())
    }
}

/// Asks who the members of all groups are. Librdkafka asks every broker, so one that is away leaves that unknown.
pub(super) struct MembersDesk {
    kafka: Kafka,
    client: Option<BaseConsumer>,
}

impl MembersDesk {
    pub(super) const fn new(kafka: Kafka) -> Self {
        Self { kafka, client: None }
    }

    pub(super) fn ask(&mut self) -> KafkaResult<HashMap<Topic, Members>> {
        let client = connected(&mut self.client, &self.kafka, Topic::Orders)?;
        let mut all = HashMap::new();
        for topic in Topic::ALL.iter().copied() {
            let group = self.kafka.name(topic.group());
            let list = client.fetch_group_list(Some(&group), CONNECTING)?;
            let found = list.groups().iter().find(|found| found.name() == group);
            let members = found.map_or((0, String::new()), |found| (found.members().len(), found.state().to_owned()));
            all.insert(topic, members);
        }
        Ok(all)
    }
}

/// A client of a topic's group. It is kept after an error: librdkafka looks for the group's new keeper by itself.
fn connected<'a>(client: &'a mut Option<BaseConsumer>, kafka: &Kafka, topic: Topic) -> KafkaResult<&'a BaseConsumer> {
    match client {
        Some(client) => Ok(client),
        none => {
            let config = kafka.config(&[
                ("group.id", &kafka.name(topic.group())),
                ("enable.auto.commit", "false"),
                ("allow.auto.create.topics", "false"),
                // Whoever comes back is to be seen soon.
                ("reconnect.backoff.max.ms", "1000"),
                ("socket.timeout.ms", "3000"),
            ]);
            Ok(none.insert(config.create()?))
        }
    }
}
