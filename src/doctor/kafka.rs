//! Kafka: brokers, topics, rights, consumer groups and dead letters.

mod brokers;
mod groups;
mod letters;
mod rights;
mod settings;
mod silent;
mod topics;

use std::panic::resume_unwind;
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
use brokers::Brokers;
use silent::Silent;

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
            desk.found(brokers::unreachable(kafka, &report));
            desk.close();
            return Ok(());
        }
    };
    desk.found(Finding::ok("reachable", kafka.brokers()));
    let [of_brokers, of_topics, of_rights, of_groups, of_letters, of_the_rest] =
        [1, 2, 3, 4, 5, 6].map(|part| desk.part(part));
    // First of all: who is silent must not be asked for what others can tell, and is the reason for what nobody tells.
    let brokers = Brokers::ask(kafka, &metadata);
    of_brokers.all(brokers.findings());
    let silent = Silent(brokers.silent());
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let settings = runtime.block_on(settings::of(kafka, &admin, brokers.speaker()));
    of_topics.found(settings::version(&settings));
    let by = brokers.speaker().filter(|_| silent.is_any());
    // Librdkafka puts a question to one broker; the next time it may be another.
    let described = runtime.block_on(describe(kafka, by)).or_else(|_| runtime.block_on(describe(kafka, by)));
    let states = match described {
        Ok(states) => states,
        Err(report) => {
            let (what, _) = told(&report);
            let mend = if silent.is_any() {
                format!("{}; then ask again: shopstream doctor", silent.mend())
            } else {
                "ask again, or look at the brokers' logs: shopstream topics describe".to_owned()
            };
            of_topics.found(Finding::problem("topics", what, mend));
            desk.close();
            return Ok(());
        }
    };
    of_topics.all(topics::findings(kafka, &states, &silent));
    let there: &Vec<TopicState> = &states.iter().filter(|state| state.exists()).cloned().collect();
    let guarded = settings.guarded();
    // One broker that hangs makes every question slow that is put to it, so nothing waits for anything else.
    let unanswered = thread::scope(|scope| {
        let parts = [
            scope.spawn(|| silent.sift(&of_rights, rights::tried(kafka, there, guarded))),
            scope.spawn(|| silent.sift(&of_groups, groups::look(kafka, &of_groups, there))),
            scope.spawn(|| silent.sift(&of_letters, letters::waiting(kafka, there))),
        ];
        // A part that panics breaks the whole examination off, and that is told.
        let unanswered = parts.into_iter().flat_map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic)));
        unanswered.collect::<Vec<_>>()
    });
    of_the_rest.all(silent.unanswered(&unanswered));
    desk.close();
    Ok(())
}

/// A reader that joins no group, commits nothing, and makes no topics by asking for them.
fn reader(kafka: &Kafka) -> Result<BaseConsumer> {
    let mut config: ClientConfig = kafka.config(&[("group.id", "shopstream-doctor"), ("enable.auto.commit", "false")]);
    config.set("enable.partition.eof", "true").set("allow.auto.create.topics", "false").set("fetch.wait.max.ms", "50");
    config.create().map_err(|error| kafka.explain(error).into())
}
