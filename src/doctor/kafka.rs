//! Kafka: brokers, topics, rights, consumer groups and dead letters.

mod brokers;
mod groups;
mod letters;
mod rights;
mod topics;

use color_eyre::eyre::Result;
use rdkafka::ClientConfig;
use rdkafka::consumer::BaseConsumer;

use super::PATIENCE;
use super::desk::Desk;
use super::finding::Finding;
use crate::config::Settings;
use crate::stream::client::Kafka;
use crate::stream::topics::{TopicState, describe};

pub(super) fn examine(settings: &Settings, desk: &Desk) {
    let kafka = match Kafka::of(settings) {
        Ok(kafka) => kafka.with_patience(PATIENCE),
        Err(failure) => {
            let without = "no Kafka is configured: topics, produce, consume, dlq, verify and backfill --to kafka need \
                           one; files and backfill --to postgres need none";
            desk.found(Finding::not_configured(without, &failure));
            return;
        }
    };
    if let Err(report) = look(&kafka, desk) {
        desk.found(Finding::failed("complete", &report));
    }
}

fn look(kafka: &Kafka, desk: &Desk) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let admin = kafka.admin()?;
    let metadata = match kafka.metadata(&admin) {
        Ok(metadata) => metadata,
        Err(report) => {
            desk.found(Finding::failed("reachable", &report));
            return Ok(());
        }
    };
    desk.found(Finding::ok("reachable", kafka.brokers()));
    desk.all(brokers::answers(kafka, &metadata));
    let settings = runtime.block_on(brokers::settings(kafka, &admin, &metadata));
    desk.found(brokers::version(&settings));
    let states = match runtime.block_on(describe(kafka)) {
        Ok(states) => states,
        Err(report) => {
            desk.found(Finding::failed("topics", &report));
            return Ok(());
        }
    };
    let reader = reader(kafka)?;
    desk.all(topics::findings(kafka, &reader, &states));
    let there: Vec<&TopicState> = states.iter().filter(|state| state.exists()).collect();
    desk.all(groups::look(kafka, desk, &there)?);
    desk.all(rights::tried(kafka, &reader, &there, &settings)?);
    desk.all(letters::waiting(kafka, &there));
    Ok(())
}

/// A reader that joins no group, commits nothing, and makes no topics by asking for them.
fn reader(kafka: &Kafka) -> Result<BaseConsumer> {
    let mut config: ClientConfig = kafka.config(&[("group.id", "shopstream-doctor"), ("enable.auto.commit", "false")]);
    config.set("enable.partition.eof", "true").set("allow.auto.create.topics", "false").set("fetch.wait.max.ms", "50");
    config.create().map_err(|error| kafka.explain(error).into())
}
