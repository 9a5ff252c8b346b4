//! Kafka: brokers, topics, rights, consumer groups and dead letters.

mod brokers;
mod groups;
mod letters;
mod rights;
mod topics;

use std::thread;

use color_eyre::eyre::Result;
use rdkafka::ClientConfig;
use rdkafka::consumer::BaseConsumer;

use super::PATIENCE;
use super::desk::Desk;
use super::finding::Finding;
use crate::config::Settings;
use crate::output::failure::told;
use crate::stream::client::Kafka;
use crate::stream::topics::{TopicState, describe};

pub(super) fn examine(settings: &Settings, desk: &mut Desk) {
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

fn look(kafka: &Kafka, desk: &mut Desk) -> Result<()> {
    let admin = kafka.admin()?;
    let metadata = match kafka.metadata(&admin) {
        Ok(metadata) => metadata,
        Err(report) => {
            desk.found(Finding::failed("reachable", &report));
            desk.close();
            return Ok(());
        }
    };
    desk.found(Finding::ok("reachable", kafka.brokers()));
    // One broker that hangs makes every question slow that is put to it, so nothing waits for anything else.
    let [of_brokers, of_topics, of_rights, of_groups, of_letters] = [1, 2, 3, 4, 5].map(|part| desk.part(part));
    thread::scope(|scope| {
        scope.spawn(|| of_brokers.all(brokers::answers(kafka, &metadata)));
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let settings = runtime.block_on(brokers::settings(kafka, &admin, &metadata));
        of_topics.found(brokers::version(&settings));
        // Librdkafka puts a question to one broker; the next time it may be another.
        let described = runtime.block_on(describe(kafka)).or_else(|_| runtime.block_on(describe(kafka)));
        let states = match described {
            Ok(states) => states,
            Err(report) => {
                let (what, _) = told(&report);
                let mend = "ask again, or look at the brokers' logs: shopstream topics describe";
                of_topics.found(Finding::problem("topics", what, mend));
                return Ok(());
            }
        };
        let there: &Vec<TopicState> = &states.iter().filter(|state| state.exists()).cloned().collect();
        let guarded = settings.guarded();
        thread::scope(|scope| {
            scope.spawn(|| groups::look(kafka, &of_groups, there));
            scope.spawn(|| of_letters.all(letters::waiting(kafka, there)));
            scope.spawn(|| of_rights.all(rights::tried(kafka, there, guarded)));
            of_topics.all(topics::findings(kafka, &states));
        });
        Ok(())
    })
    .inspect(|()| desk.close())
}

/// A reader that joins no group, commits nothing, and makes no topics by asking for them.
fn reader(kafka: &Kafka) -> Result<BaseConsumer> {
    let mut config: ClientConfig = kafka.config(&[("group.id", "shopstream-doctor"), ("enable.auto.commit", "false")]);
    config.set("enable.partition.eof", "true").set("allow.auto.create.topics", "false").set("fetch.wait.max.ms", "50");
    config.create().map_err(|error| kafka.explain(error).into())
}
