//! Where a topic is not what it should be, and what mends it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use super::client::Kafka;
use super::rights::{On, Operation};
use super::topics::{REPLICATION, TopicSpec, TopicState, Wishes};
use crate::output::number;

/// One difference between a topic as it is found and as it should be; as text, and in JSON, what `topics describe` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drift {
    /// It is not there.
    Missing,
    /// This user may not see it, whether it is there or not.
    Hidden,
    /// It has another number of partitions.
    Partitions {
        /// How many it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// Each message is kept on another number of brokers.
    Replication {
        /// On how many it is.
        found: usize,
        /// On how many it should be.
        expected: usize,
    },
    /// One of its settings has another value.
    Setting {
        /// Kafka's name of it.
        key: &'static str,
        /// Its value; none where the brokers do not tell.
        found: Option<String>,
        /// What it should be.
        expected: String,
    },
    /// This user may not see its settings.
    SettingsHidden,
    /// So many partitions have no leader: nobody can read or write them.
    Leaderless(usize),
    /// So many partitions lack a copy that has caught up.
    UnderReplicated(usize),
}

impl Drift {
    /// What mends it in this topic: a command to type, or what to do.
    #[must_use]
    pub fn remedy(&self, kafka: &Kafka, topic: &TopicState) -> String {
        let name = topic.name.as_str();
        let tool = |tool: &str, words: &str| format!("{tool} --bootstrap-server {} --alter {words}", kafka.brokers());
        let brokers_away =
            "start the brokers that are away: replicas that shopstream topics describe does not show in sync";
        match self {
            Self::Missing => "shopstream topics create".to_owned(),
            Self::Hidden => kafka.grant(&[Operation::Describe], On::Topics(&[name])),
            Self::SettingsHidden => kafka.grant(&[Operation::DescribeConfigs], On::Topics(&[name])),
            Self::Partitions { found, expected } if found < expected => {
                tool("kafka-topics.sh", &format!("--topic {name} --partitions {expected}"))
            }
            Self::Partitions { .. } => {
                "partitions cannot be taken away: delete the topic when it is empty, then shopstream topics create"
                    .to_owned()
            }
            Self::Replication { .. } => {
                "move the partitions with kafka-reassign-partitions.sh; leave it for a cluster of fewer brokers"
                    .to_owned()
            }
            Self::Setting { key, expected, .. } => tool(
                "kafka-configs.sh",
                &format!("--entity-type topics --entity-name {name} --add-config {key}={expected}"),
            ),
            Self::Leaderless(_) => brokers_away.to_owned(),
            Self::UnderReplicated(_) => format!("{brokers_away}; a broker that starts needs a moment"),
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("does not exist"),
            Self::Hidden => f.write_str("may not be seen by this user, or does not exist"),
            Self::SettingsHidden => f.write_str("its settings may not be seen by this user"),
            Self::Partitions { found, expected } => {
                write!(f, "{} instead of {expected}", number::some(*found as u64, "partition"))
            }
            Self::Replication { found, expected } => write!(f, "replication {found} instead of {expected}"),
            Self::Setting { key, found: Some(value), expected } => write!(f, "{key} {value} instead of {expected}"),
            Self::Setting { key, found: None, .. } => write!(f, "{key} is not known"),
            Self::Leaderless(partitions) => write!(f, "{partitions} without a leader"),
            Self::UnderReplicated(partitions) => write!(f, "{partitions} under-replicated"),
        }
    }
}

impl Serialize for Drift {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where a topic is not what it should be.
pub(super) fn of(
    spec: &TopicSpec,
    state: &TopicState,
    settings: &BTreeMap<String, String>,
    wishes: Wishes,
) -> Vec<Drift> {
    let mut found = Vec::new();
    let partitions = state.partitions.len();
    let (expected, asked) = match wishes.partitions.filter(|_| !spec.dead_letters) {
        Some(asked) => (asked, true),
        None => (spec.partitions, false),
    };
    let expected = usize::try_from(expected).unwrap_or(0);
    // More partitions than by default are how a larger shop is meant to be.
    if partitions < expected || (partitions != expected && (asked || spec.dead_letters)) {
        found.push(Drift::Partitions { found: partitions, expected });
    }
    let copies = usize::try_from(wishes.replication.unwrap_or(REPLICATION)).unwrap_or(0);
    if state.replication() != copies {
        found.push(Drift::Replication { found: state.replication(), expected: copies });
    }
    let replication = i32::try_from(state.replication()).unwrap_or(REPLICATION);
    // Brokers answer a user who may not see them without any.
    if settings.is_empty() {
        found.push(Drift::SettingsHidden);
    }
    for (key, expected) in spec.config(replication).into_iter().filter(|_| !settings.is_empty()) {
        match settings.get(key) {
            Some(value) if *value == expected => {}
            value => found.push(Drift::Setting { key, found: value.cloned(), expected }),
        }
    }
    let leaderless = state.partitions.iter().filter(|partition| partition.leader < 0).count();
    if leaderless > 0 {
        found.push(Drift::Leaderless(leaderless));
    }
    if state.under_replicated() > 0 {
        found.push(Drift::UnderReplicated(state.under_replicated()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::topics::{PartitionState, TOPICS};

    fn state(partitions: i32, replicas: &[i32], in_sync: &[i32]) -> TopicState {
        let partition = |id| PartitionState { id, leader: 1, replicas: replicas.to_vec(), in_sync: in_sync.to_vec() };
        TopicState {
            name: "orders".into(),
            partitions: (0..partitions).map(partition).collect(),
            ..TopicState::default()
        }
    }

    fn settings(spec: &TopicSpec, replication: i32) -> BTreeMap<String, String> {
        spec.config(replication).into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    #[test]
    fn a_topic_as_specified_has_no_drift() {
        for spec in &TOPICS {
            let found =
                of(spec, &state(spec.partitions, &[1, 2, 3], &[1, 2, 3]), &settings(spec, 3), Wishes::default());
            assert_eq!(found, [], "{}", spec.name);
        }
    }

    #[test]
    fn every_difference_is_told() {
        let spec = &TOPICS[2];
        let mut other = settings(spec, 2);
        other.insert("retention.ms".into(), "1000".into());
        other.remove("max.message.bytes");
        let found = of(spec, &state(2, &[1, 2], &[1]), &other, Wishes::default());
        let expected = [
            "2 partitions instead of 3",
            "replication 2 instead of 3",
            "max.message.bytes is not known",
            "retention.ms 1000 instead of 2592000000",
            "2 under-replicated",
        ];
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn more_partitions_than_by_default_are_a_larger_shop_unless_others_were_asked_for() {
        let spec = &TOPICS[2];
        let large = state(12, &[1, 2, 3], &[1, 2, 3]);
        let found = |partitions| of(spec, &large, &settings(spec, 3), Wishes { partitions, ..Wishes::default() });
        assert_eq!(found(None), []);
        assert_eq!(found(Some(6)), [Drift::Partitions { found: 12, expected: 6 }]);
    }
}
