//! Topics, and where they are not what they should be.

use crate::doctor::finding::Finding;
use crate::stream::client::Kafka;
use crate::stream::drift::Drift;
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
    let (what, mend) = (drift.to_string(), drift.remedy(kafka, state));
    let finding = match drift {
        Drift::Hidden => {
            let what = "this user may not see it, or it does not exist: the brokers do not tell which";
            Finding::problem("topic", what, mend)
        }
        Drift::Missing => Finding::problem("topic", what, mend),
        Drift::Leaderless(_) => {
            Finding::problem("topic", format!("{what}: nobody can write to them or read them"), mend)
        }
        // Writers ask for every copy's word (acks=all), so this is no matter of taste.
        Drift::Setting { key: "min.insync.replicas", found: Some(value), .. }
            if value.parse().is_ok_and(|needed: usize| needed > state.replication()) =>
        {
            let what = format!("{what}, and there are {} copies: every write is refused", state.replication());
            Finding::problem("topic", what, mend)
        }
        Drift::SettingsHidden
        | Drift::Partitions { .. }
        | Drift::Replication { .. }
        | Drift::Setting { .. }
        | Drift::UnderReplicated(_) => Finding::warning("topic", what, mend),
    };
    finding.about(&state.name)
}
