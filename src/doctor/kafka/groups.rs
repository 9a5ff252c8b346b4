//! Consumer groups as Kafka has them; what they mean is judged when PostgreSQL has told how far they have stored.

use std::thread;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Report, Result, WrapErr};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Offset, TopicPartitionList};

use super::silent::Told;
use crate::consume::Topic;
use crate::doctor::across::{GroupState, PartitionState};
use crate::doctor::desk::{Desk, Heard};
use crate::doctor::finding::Finding;
use crate::output::failure::{is_refusal, told};
use crate::stream::client::Kafka;
use crate::stream::rights::{On, Operation};
use crate::stream::topics::TopicState;

/// When a coordinator is asked again, and until when; the groups are looked at side by side.
const AGAIN: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_millis(2_500);

/// Reports each group's state, or tells that it could not be read.
pub(super) fn look(kafka: &Kafka, desk: &Desk, topics: &[TopicState]) -> Vec<Told> {
    let kafka = &kafka.clone().with_patience(PATIENCE);
    thread::scope(|scope| {
        let there = Topic::ALL.iter().filter_map(|topic| {
            let name = kafka.name(topic.as_str());
            topics.iter().find(|state| state.name == name).map(|state| (*topic, state))
        });
        let asked: Vec<_> = there.map(|(topic, state)| scope.spawn(move || patiently(kafka, topic, state))).collect();
        let mut unknown = Vec::new();
        for (group, outcome) in asked.into_iter().filter_map(|asked| asked.join().ok()) {
            match outcome {
                Ok(state) => desk.say(Heard::Group(state)),
                Err(report) => unknown.push(of_unknown(kafka, &group, &report)),
            }
        }
        unknown
    })
}

/// Asks about a group; a coordinator that is loading, or has just moved, says so and is asked again.
fn patiently(kafka: &Kafka, topic: Topic, state: &TopicState) -> (String, Result<GroupState>) {
    let group = kafka.name(topic.group());
    let deadline = Instant::now() + PATIENCE;
    loop {
        match of_group(kafka, topic, &group, state) {
            Err(report) if !is_refusal(&report) && Instant::now() + AGAIN < deadline => thread::sleep(AGAIN),
            outcome => return (group, outcome),
        }
    }
}

fn of_unknown(kafka: &Kafka, group: &str, report: &Report) -> Told {
    let (what, _) = told(report);
    if is_refusal(report) {
        let mend = kafka.grant(&[Operation::Read], On::Group(group));
        return Told::Found(Finding::problem("group", what, mend).about(group));
    }
    let mend = "ask again; if it stays, look at the brokers' logs";
    Told::Unanswered(Finding::warning("group", what, mend).about(group))
}

fn of_group(kafka: &Kafka, topic: Topic, group: &str, state: &TopicState) -> Result<GroupState> {
    let mut config = kafka.config(&[("enable.auto.commit", "false")]);
    config.set("group.id", group);
    // It joins nothing: it asks in the group's name what is committed.
    let client: BaseConsumer = config.create().map_err(|error| kafka.explain(error))?;
    let mut list = TopicPartitionList::new();
    for partition in &state.partitions {
        list.add_partition(&state.name, partition.id);
    }
    let committed = kafka
        .committed(&client, group, &list, kafka.patience())
        .wrap_err_with(|| format!("what the group {group} has committed cannot be read"))?;
    let mut partitions = Vec::with_capacity(state.partitions.len());
    for partition in &state.partitions {
        let (low, high) = client
            .fetch_watermarks(&state.name, partition.id, kafka.patience())
            .wrap_err_with(|| format!("the ends of {} cannot be read", state.name))?;
        let committed = match committed.find_partition(&state.name, partition.id).map(|found| found.offset()) {
            Some(Offset::Offset(offset)) => Some(offset),
            _ => None,
        };
        partitions.push(PartitionState { partition: partition.id, low, high, committed });
    }
    let groups = client
        .fetch_group_list(Some(group), kafka.patience())
        .wrap_err_with(|| format!("the group {group} cannot be described"))?;
    let found = groups.groups().iter().find(|found| found.name() == group);
    let members = found.map_or(0, |found| found.members().len());
    let rebalancing = found.is_some_and(|found| found.state().contains("Rebalance"));
    Ok(GroupState {
        topic: topic.as_str(),
        full_topic: state.name.clone(),
        group: group.to_owned(),
        members,
        rebalancing,
        partitions,
    })
}
