//! Topics, and where they are not what they should be.

use super::silent::Silent;
use crate::doctor::finding::Finding;
use crate::output::number::some;
use crate::stream::client::Kafka;
use crate::stream::drift::Drift;
use crate::stream::rights::{On, Operation};
use crate::stream::topics::{PartitionState, TopicState};

pub(super) fn findings(kafka: &Kafka, states: &[TopicState], silent: &Silent) -> Vec<Finding> {
    let mut found = Vec::new();
    let (mut topics, mut partitions) = (Vec::new(), 0);
    for state in states {
        for drift in &state.drift {
            match drift {
                // That they lack what is on a broker which is known to be silent is said once.
                Drift::UnderReplicated(lacking) if lacks_them_alone(state, silent) => {
                    topics.push(state.name.as_str());
                    partitions += lacking;
                }
                drift => found.push(of_drift(kafka, state, drift, silent)),
            }
        }
    }
    if !topics.is_empty() {
        let lack = if partitions == 1 { "lacks" } else { "lack" };
        let what = format!(
            "{} {lack} the copy of {} (under-replicated): {}",
            some(partitions as u64, "partition"),
            silent.names(),
            topics.join(", ")
        );
        let mend = format!("{}: once that is mended they catch up by themselves", silent.mend());
        found.push(Finding::warning("topic", what, mend));
    }
    if found.is_empty() {
        found.push(Finding::ok("topic", format!("all {} are there, as they should be", states.len())));
    }
    found
}

/// Whether the copies that have not caught up are those of silent brokers, and no others.
fn lacks_them_alone(state: &TopicState, silent: &Silent) -> bool {
    let late = |partition: &PartitionState| {
        let late = partition.replicas.iter().filter(|id| !partition.in_sync.contains(id));
        late.copied().collect::<Vec<i32>>()
    };
    state.partitions.iter().flat_map(late).all(|id| silent.holds(id))
}

fn of_drift(kafka: &Kafka, state: &TopicState, drift: &Drift, silent: &Silent) -> Finding {
    let (name, what) = (&state.name, drift.to_string());
    let tool = |tool: &str, words: &str| format!("{tool} --bootstrap-server {} --alter {words}", kafka.brokers());
    let finding = match drift {
        Drift::Hidden => Finding::problem(
            "topic",
            "this user may not see it, or it does not exist: the brokers do not tell which",
            kafka.grant(&[Operation::Describe], On::Topics(&[name.as_str()])),
        ),
        Drift::SettingsHidden => {
            Finding::warning("topic", what, kafka.grant(&[Operation::DescribeConfigs], On::Topics(&[name.as_str()])))
        }
        Drift::Missing => Finding::problem("topic", what, "shopstream topics create"),
        Drift::Leaderless(_) => Finding::problem(
            "topic",
            format!("{what}: nobody can write to them or read them"),
            if silent.is_any() {
                silent.mend()
            } else {
                "start the brokers that are away: shopstream topics describe shows which".to_owned()
            },
        ),
        Drift::UnderReplicated(_) => Finding::warning(
            "topic",
            what,
            "start the brokers that are away: shopstream topics describe shows which; a broker that starts needs a moment",
        ),
        Drift::Partitions { found, expected } if found < expected => {
            Finding::warning("topic", what, tool("kafka-topics.sh", &format!("--topic {name} --partitions {expected}")))
        }
        Drift::Partitions { .. } => Finding::warning(
            "topic",
            what,
            "partitions cannot be taken away: delete the topic when it is empty, then shopstream topics create",
        ),
        Drift::Replication { .. } => Finding::warning(
            "topic",
            what,
            "move the partitions with kafka-reassign-partitions.sh; leave it for a cluster of fewer brokers",
        ),
        Drift::Setting { key, found, expected } => {
            let mend = tool(
                "kafka-configs.sh",
                &format!("--entity-type topics --entity-name {name} --add-config {key}={expected}"),
            );
            let needed: Option<usize> = found.as_deref().and_then(|value| value.parse().ok());
            // Writers ask for every copy's word (acks=all), so this is no matter of taste.
            if *key == "min.insync.replicas" && needed.is_some_and(|needed| needed > state.replication()) {
                let what = format!("{what}, and there are {} copies: every write is refused", state.replication());
                Finding::problem("topic", what, mend)
            } else {
                Finding::warning("topic", what, mend)
            }
        }
    };
    finding.about(name)
}
