//! What the user may do with the topics, tried without leaving a message behind.
//!
//! Reading is tried by waiting for the end of a partition. A producer's id is asked for, which every producer needs. Writing is
//! tried, where brokers have an authorizer, with a message one byte larger than the topic takes: brokers look at the right
//! first and at the size then, so either answer tells. Topics are made for the brokers' eyes alone (`validate_only`).

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use color_eyre::eyre::Result;
use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};
use rdkafka::{ClientContext, Offset, Statistics, TopicPartitionList};

use super::reader;
use super::silent::Told;
use crate::bench;
use crate::doctor::finding::{Finding, Level};
use crate::output::number::some;
use crate::stream::client::Kafka;
use crate::stream::rights::{On, Operation, is_refusal};
use crate::stream::topics::TopicState;

/// A topic that takes larger messages than this is not tried: that much is not sent to be refused.
const MOST_TRIED: usize = 4 << 20;
/// What a producer's id is told under.
pub(super) const PRODUCER: &str = "producer";
/// How long the whole of each trial may take.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn tried(kafka: &Kafka, topics: &[TopicState], guarded: bool) -> Vec<Told> {
    // Side by side: a topic of which a client has not heard takes it a second.
    let found: Vec<Told> = thread::scope(|scope| {
        let mut trials: Vec<_> = topics.iter().map(|state| scope.spawn(|| readable(kafka, state))).collect();
        trials.push(scope.spawn(|| producer_id(kafka).map(|found| found.into_iter().collect())));
        if guarded {
            trials.push(scope.spawn(|| unmakeable(kafka)));
            trials.push(scope.spawn(|| unwritable(kafka, topics)));
        }
        let told = |trial: Result<Vec<Told>>| {
            trial.unwrap_or_else(|report| vec![Told::Unanswered(Finding::failed("privileges", &report))])
        };
        trials.into_iter().filter_map(|trial| trial.join().ok()).flat_map(told).collect()
    });
    if !found.iter().all(|told| matches!(told, Told::Found(finding) if finding.level == Level::Note)) {
        return found;
    }
    let what = if guarded {
        "every topic may be read and written: tried without leaving a message"
    } else {
        "every topic may be read; the brokers have no authorizer, so everybody may write"
    };
    std::iter::once(Told::Found(Finding::ok("privileges", what))).chain(found).collect()
}

/// Whether topics may be made: those of the shop, which are there already or are not, and those of a measurement.
fn unmakeable(kafka: &Kafka) -> Result<Vec<Told>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let options = AdminOptions::new().validate_only(true).request_timeout(Some(kafka.patience()));
    let measured = format!("{}doctor", bench::PREFIX);
    let ours = kafka.name("orders");
    let topics = [&ours, &measured].map(|name| NewTopic::new(name, 1, TopicReplication::Fixed(1)));
    let admin = kafka.admin()?;
    let outcome = runtime.block_on(admin.create_topics(&topics, &options)).map_err(|error| kafka.explain(error))?;
    let refused = outcome.into_iter().filter_map(Result::err).filter(|(_, code)| is_refusal(*code));
    let note = |(name, code): (String, RDKafkaErrorCode)| {
        let (who, kafka, subject) = if name == measured {
            ("bench alone needs", kafka.clone().granted_by(bench::PREFIX), "bench".to_owned())
        } else {
            ("only topics create and init need", kafka.clone(), name.clone())
        };
        let what = format!("it may not be made, which {who}: {code}");
        let rights = [Operation::Create, Operation::Delete, Operation::Describe, Operation::Read, Operation::Write];
        let rights = if name == measured { &rights[..] } else { &rights[..1] };
        let finding = Finding::note("privileges", what).mend(kafka.grant(rights, On::Topics(&[&name])));
        Told::Found(finding.about(subject))
    };
    Ok(refused.map(note).collect())
}

fn readable(kafka: &Kafka, state: &TopicState) -> Result<Vec<Told>> {
    Ok(unreadable(kafka, &reader(kafka)?, state).into_iter().collect())
}

/// What is wrong when a topic cannot be read: every partition is read from its end, to its end.
fn unreadable(kafka: &Kafka, reader: &BaseConsumer, state: &TopicState) -> Option<Told> {
    let mut ends = TopicPartitionList::new();
    for partition in state.partitions.iter().filter(|partition| partition.leader >= 0) {
        ends.add_partition_offset(&state.name, partition.id, Offset::End).ok()?;
    }
    let mut open = ends.count();
    reader.assign(&ends).ok()?;
    let deadline = Instant::now() + PATIENCE;
    while open > 0 {
        match reader.poll(Duration::from_millis(50)) {
            Some(Err(KafkaError::PartitionEOF(_))) => open -= 1,
            // A refusal for the reader's own group, in whose name nothing is asked, means nothing.
            Some(Err(KafkaError::MessageConsumption(code @ RDKafkaErrorCode::TopicAuthorizationFailed))) => {
                let what = format!("it cannot be read: {code}");
                let mend = kafka.grant(&[Operation::Read], On::Topics(&[&state.name]));
                return Some(Told::Found(Finding::problem("privileges", what, mend).about(&state.name)));
            }
            // A message proves the right as well as the end does.
            Some(Ok(_)) => return None,
            _ if Instant::now() > deadline => {
                let what =
                    format!("not read to the end within {} s: {}", PATIENCE.as_secs(), some(open as u64, "partition"));
                let mend = "ask again; if it stays, look at the brokers' logs";
                return Some(Told::Unanswered(Finding::warning("privileges", what, mend).about(&state.name)));
            }
            _ => {}
        }
    }
    None
}

/// What the brokers have said to a producer.
#[derive(Default)]
struct Listener {
    id_assigned: Mutex<bool>,
    refusal: Mutex<Option<String>>,
    outcomes: Mutex<Vec<(String, Option<RDKafkaErrorCode>)>>,
}

impl ClientContext for Listener {
    fn stats(&self, statistics: Statistics) {
        if statistics.eos.is_some_and(|eos| eos.producer_id >= 0) {
            *self.id_assigned.lock().unwrap_or_else(PoisonError::into_inner) = true;
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code().is_some_and(|code| is_refusal(code) || code == RDKafkaErrorCode::Fatal) {
            *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
        }
    }
}

impl ProducerContext for Listener {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        use rdkafka::Message as _;
        let outcome = match result {
            Ok(message) => (message.topic().to_owned(), None),
            Err((error, message)) => (message.topic().to_owned(), error.rdkafka_error_code()),
        };
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
    }
}

/// What is wrong when the brokers give no id to a producer that wants each message written once.
fn producer_id(kafka: &Kafka) -> Result<Option<Told>> {
    let mut config = kafka.config(&[]);
    config.set("enable.idempotence", "true").set("statistics.interval.ms", "100");
    let producer: BaseProducer<Listener> =
        config.create_with_context(Listener::default()).map_err(|error| kafka.explain(error))?;
    let deadline = Instant::now() + PATIENCE;
    let grant = kafka.grant(&[Operation::Write], On::Topics(&[&kafka.name("orders")]));
    let mend = format!("{grant}; before Kafka 2.8 besides: --operation IdempotentWrite --cluster");
    loop {
        producer.poll(Duration::from_millis(20));
        let listener = producer.context();
        if *listener.id_assigned.lock().unwrap_or_else(PoisonError::into_inner) {
            return Ok(None);
        }
        let refusal = listener.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(reason) = refusal.or_else(|| producer.client().fatal_error().map(|(_, reason)| reason)) {
            let what = format!("no producer gets an id here, without which nothing is written: {reason}");
            return Ok(Some(Told::Found(Finding::problem("privileges", what, mend).about(PRODUCER))));
        }
        if Instant::now() > deadline {
            let what = format!("a producer got no id within {} s", PATIENCE.as_secs());
            let mend = format!("look at the brokers' logs; {mend}");
            return Ok(Some(Told::Unanswered(Finding::warning("privileges", what, mend).about(PRODUCER))));
        }
    }
}

/// Topics that may not be written.
fn unwritable(kafka: &Kafka, topics: &[TopicState]) -> Result<Vec<Told>> {
    let mut config = kafka.config(&[("acks", "all"), ("retries", "0"), ("compression.codec", "none")]);
    let timeout = PATIENCE.as_millis().to_string();
    config.set("message.timeout.ms", &timeout).set("request.timeout.ms", &timeout);
    config.set("message.max.bytes", (2 * MOST_TRIED).to_string());
    config.set("queue.buffering.max.kbytes", "65536");
    let producer: BaseProducer<Listener> =
        config.create_with_context(Listener::default()).map_err(|error| kafka.explain(error))?;
    let mut found = Vec::new();
    for state in topics {
        let Some(limit) = state.most_bytes.filter(|limit| *limit <= MOST_TRIED) else {
            let what = "whether it may be written was not tried: its max.message.bytes is not known, or very large";
            found.push(Told::Found(Finding::note("privileges", what).about(&state.name)));
            continue;
        };
        let too_large = vec![0_u8; limit + 1];
        let record = BaseRecord::<[u8], [u8]>::to(&state.name).payload(&too_large);
        if let Err((error, _)) = producer.send(record) {
            found.push(refused(kafka, &state.name, error.rdkafka_error_code()));
        }
    }
    let _ = producer.flush(PATIENCE + Duration::from_millis(500));
    let outcomes = std::mem::take(&mut *producer.context().outcomes.lock().unwrap_or_else(PoisonError::into_inner));
    for (topic, code) in outcomes {
        // Refused for its size, so not for want of the right.
        if code != Some(RDKafkaErrorCode::MessageSizeTooLarge) {
            found.push(refused(kafka, &topic, code));
        }
    }
    Ok(found)
}

fn refused(kafka: &Kafka, topic: &str, code: Option<RDKafkaErrorCode>) -> Told {
    match code {
        Some(code) if is_refusal(code) => {
            let mend = kafka.grant(&[Operation::Write], On::Topics(&[topic]));
            Told::Found(Finding::problem("privileges", format!("it may not be written: {code}"), mend).about(topic))
        }
        Some(code) => {
            let what = format!("whether it may be written cannot be told: {code}");
            Told::Unanswered(Finding::warning("privileges", what, "look at the brokers' logs").about(topic))
        }
        None => {
            let what = "it took a message that is larger than it should take: the message of zeros is the doctor's";
            let mend = "nothing: consumers put it with the dead letters";
            Told::Found(Finding::warning("privileges", what, mend).about(topic))
        }
    }
}
