//! Topics, and where they are not what they should be.

use crate::doctor::finding::Finding;
use crate::stream::client::Kafka;
use crate::stream::drift::Drift;
use crate::stream::rights::{On, Operation};
use crate::stream::topics::TopicState;

pub(super) fn findings(kafka: &Kafka, states: &[TopicState]) -> Vec<Finding> {
    let mut found = Vec::new();
    for state in states {
        found.extend(state.drift.iter().map(|drift| of_drift(kafka, state, drift)));
    }
    if found.is_empty() {
        found.push(Finding::ok("topic", format!("all {} are there, as they should be", states.len())));
    }
    found
}

fn of_drift(kafka: &Kafka, state: &TopicState, drift: &Drift) -> Finding {
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
            "start the brokers that are away: shopstream topics describe shows which",
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
