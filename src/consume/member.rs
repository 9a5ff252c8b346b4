//! One group member: polls, gathers, writes, and waits out what is away.

mod claiming;
mod writing;

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::Utc;
use color_eyre::eyre::{Result, WrapErr, eyre};
use diesel::PgConnection;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedMessage;
use rdkafka::{Message as _, Offset, TopicPartitionList};

use super::batch::{Batch, Item};
use super::dead::{Corpse, DeadLetters};
use super::failure::NotStored;
use super::handlers::Handler;
use super::link::Link;
use super::metrics::{ConsumeMetrics, Parts};
use super::partitions::{Event, Partitions, Verdict, Watcher};
use super::request::Request;
use super::{orphans, store};
use crate::backoff::Backoff;
use crate::db::offsets::{self, Reader};
use crate::interrupt::Interrupt;
use crate::stream::client::Kafka;
use crate::stream::message::{DecodeError, ErrorClass};
use crate::telemetry::Health;

/// Offsets are PostgreSQL's business; the group only shares out the partitions.
const PROPERTIES: [(&str, &str); 13] = [
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "earliest"),
    ("partition.assignment.strategy", "cooperative-sticky"),
    ("session.timeout.ms", "10000"),
    ("heartbeat.interval.ms", "1000"),
    // A transaction in trouble takes 30 s; whoever is away longer than this is replaced.
    ("max.poll.interval.ms", "120000"),
    ("statistics.interval.ms", "2000"),
    ("fetch.wait.max.ms", "100"),
    ("fetch.error.backoff.ms", "100"),
    ("queued.max.messages.kbytes", "16384"),
    ("allow.auto.create.topics", "false"),
    ("socket.keepalive.enable", "true"),
];
/// Longest time between two looks at events, clocks and signals.
const POLL: Duration = Duration::from_millis(100);
/// How often parked orders are tried again.
const TEND_EVERY: Duration = Duration::from_secs(1);
/// How often the lag is worked out, and progress told.
const LAG_EVERY: Duration = Duration::from_secs(2);
const TELL_EVERY: Duration = Duration::from_secs(10);
/// How long the end of the assignment is waited for when leaving.
const LEAVE_PATIENCE: Duration = Duration::from_secs(3);
/// Down to a single message: what comes before one that cannot be written is stored, and that one is named.
const LEAST_PART: usize = 1;
/// How often it is said that a member still waits.
const COMPLAIN_EVERY: Duration = Duration::from_secs(30);
/// Time after which writing makes way for a sign of life.
const LONGEST_WRITE: Duration = Duration::from_secs(2);
/// The same once this process was asked to stop: what is left is read again by whoever comes next.
const LAST_WRITE: Duration = Duration::from_millis(500);
/// How long a partition may take to be set to an offset, and when it is tried again.
const SEEK_PATIENCE: Duration = Duration::from_secs(5);
const SEEK_AGAIN: Duration = Duration::from_millis(50);

/// Partitions that were read from their beginning on request: each once in a process, whichever member holds it.
#[derive(Debug, Default)]
pub(super) struct Rewound(Mutex<HashSet<i32>>);

impl Rewound {
    fn contains(&self, partition: i32) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&partition)
    }

    fn add(&self, partition: i32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(partition);
    }
}

/// What the members of a process have in common.
#[derive(Clone, Copy)]
pub(super) struct Team<'a> {
    pub request: &'a Request,
    pub kafka: &'a Kafka,
    pub database_url: &'a str,
    pub metrics: &'a ConsumeMetrics,
    pub health: &'a Health,
    pub rewound: &'a Rewound,
    pub interrupt: &'a Interrupt,
}

/// A member of the group of one topic.
pub(super) struct Member<'a, H: Handler> {
    request: &'a Request,
    consumer: BaseConsumer<Watcher>,
    topic: String,
    reader: Reader,
    handler: H,
    partitions: Partitions,
    /// Partitions that were read from their beginning on request.
    rewound: &'a Rewound,
    /// Partitions whose topic was made again, and that have not begun anew yet.
    remade: Vec<i32>,
    batch: Batch<H::Message>,
    link: Link,
    dead: DeadLetters,
    metrics: &'a ConsumeMetrics,
    parts: Parts,
    interrupt: &'a Interrupt,
    backoff: Backoff,
    /// Until when nothing is tried.
    held_until: Option<Instant>,
    /// Messages that are written at once: fewer after an attempt that failed.
    careful: usize,
    /// When it was last said that this member waits.
    complained: Option<Instant>,
    tended: Instant,
    measured: Instant,
    told: (Instant, u64),
    stored: u64,
}

impl<'a, H: Handler> Member<'a, H> {
    /// Joins the group.
    ///
    /// # Errors
    /// When librdkafka refuses a property.
    pub fn new(team: &Team<'a>, number: u16) -> Result<Self> {
        let Team { request, kafka, database_url, metrics, health, rewound, interrupt } = *team;
        let topic = kafka.name(request.topic.as_str());
        let group = kafka.name(request.topic.group());
        let mut config = kafka.config(&PROPERTIES);
        config.set("group.id", &group);
        let consumer: BaseConsumer<Watcher> =
            config.create_with_context(Watcher::default()).map_err(|error| kafka.explain(error))?;
        consumer.subscribe(&[&topic]).wrap_err_with(|| format!("cannot subscribe to {topic}"))?;
        let now = Instant::now();
        Ok(Self {
            request,
            consumer,
            dead: DeadLetters::of(kafka, &topic, interrupt),
            reader: Reader { group, topic: topic.clone() },
            topic,
            handler: H::default(),
            partitions: Partitions::default(),
            rewound,
            remade: Vec::new(),
            batch: Batch::new(),
            link: Link::new(database_url),
            metrics,
            parts: Parts::declare(health, number),
            interrupt,
            backoff: Backoff::new(Duration::from_millis(100), Duration::from_secs(5)),
            held_until: None,
            careful: usize::MAX,
            complained: None,
            tended: now,
            measured: now,
            told: (now, 0),
            stored: 0,
        })
    }

    /// Works until asked to stop, then leaves the group.
    pub fn run(mut self) -> Result<()> {
        let mut worked = Ok(());
        while worked.is_ok() && !self.interrupt.is_set() {
            worked = self.turn();
        }
        if worked.is_ok() && self.held_until.is_none() && self.link.is_up() {
            // What is gathered is written still; what cannot be is read again by whoever comes next.
            self.write();
        }
        self.leave();
        worked
    }

    fn turn(&mut self) -> Result<()> {
        let patience = match self.held_until {
            // A batch that is overdue must not make a waiting member turn as fast as it can.
            Some(until) => until.saturating_duration_since(Instant::now()),
            None => self.batch.patience(self.request.batch_wait).unwrap_or(POLL),
        };
        match self.consumer.poll(patience.min(POLL)) {
            Some(Ok(message)) => {
                let message = message.detach();
                self.take(message);
            }
            Some(Err(error)) => self.hear_error(error)?,
            None => {}
        }
        while let Some(event) = self.consumer.context().next() {
            self.follow(event);
        }
        self.measure();
        if let Some(until) = self.held_until {
            if Instant::now() < until {
                return Ok(());
            }
            self.try_again();
            return Ok(());
        }
        self.claim();
        let due = self.batch.patience(self.request.batch_wait).is_some_and(|patience| patience.is_zero());
        if due || !self.remade.is_empty() || self.batch.is_full(self.request.batch_size, self.request.batch_bytes) {
            self.write();
            self.begin_anew();
        }
        if H::PARKS && self.tended.elapsed() >= TEND_EVERY {
            self.tend();
        }
        self.tell();
        Ok(())
    }

    /// Puts a message where it belongs.
    fn take(&mut self, message: OwnedMessage) {
        let partition = message.partition();
        match self.partitions.judge(&message) {
            Verdict::Skip => {}
            Verdict::Take => self.batch.push(Item::of(message)),
            Verdict::TakeAfterGap(gap) => {
                self.metrics.gone.inc_by(gap.unsigned_abs());
                // Markers of other clients' transactions leave small gaps; what retention took leaves large ones.
                tracing::warn!(
                    topic = self.topic,
                    partition,
                    offset = message.offset(),
                    gap,
                    "offsets before this one are gone: the topic did not keep those messages, or they are markers of \
                     transactions"
                );
                self.batch.push(Item::of(message));
            }
            Verdict::Remade => {
                tracing::warn!(
                    topic = self.topic,
                    partition,
                    "the topic is not the one that was read before: it was deleted and made again; reading it from its \
                     beginning"
                );
                // What was gathered of the old one is good still, and goes first; then it begins anew.
                self.remade.push(partition);
            }
        }
    }

    fn hear_error(&mut self, error: KafkaError) -> Result<()> {
        match error.rdkafka_error_code() {
            Some(
                RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::Fatal,
            ) => Err(error).wrap_err_with(|| format!("the topic {} cannot be consumed", self.topic)),
            // The client tries again by itself: a broker that is away, a topic that was deleted.
            _ => {
                self.consumer.context().grumbler.hear(&error, &self.topic);
                Ok(())
            }
        }
    }

    fn follow(&mut self, event: Event) {
        match event {
            Event::Assigned(partitions) => {
                tracing::info!(topic = self.topic, ?partitions, "assigned");
                self.partitions.assigned(&partitions);
            }
            Event::Revoked(partitions) => {
                self.remade.retain(|partition| !partitions.contains(partition));
                tracing::info!(topic = self.topic, ?partitions, "revoked");
                self.partitions.revoked(&partitions);
                self.batch.drop_partitions(&partitions);
                for partition in partitions {
                    self.metrics.forget_lag(&self.topic, partition);
                }
            }
        }
        self.say_readiness();
    }

    fn say_readiness(&self) {
        if self.partitions.len() == 0 {
            self.parts.partitions.not_ready("none is assigned: the group may have more members than partitions");
        } else if self.partitions.held().count() < self.partitions.len() {
            self.parts.partitions.not_ready("PostgreSQL was not asked yet where to begin");
        } else {
            self.parts.partitions.ready();
        }
    }

    fn measure(&mut self) {
        if self.measured.elapsed() >= LAG_EVERY {
            self.measured = Instant::now();
            for (partition, position) in self.partitions.held() {
                if let Some(end) = self.consumer.context().end_of(partition) {
                    self.metrics.set_lag(&self.topic, partition, (end - position.stored).max(0));
                }
            }
        }
    }

    fn tell(&mut self) {
        let (told, before) = self.told;
        if told.elapsed() >= TELL_EVERY && self.stored > before {
            let per_second = (self.stored - before) as f64 / told.elapsed().as_secs_f64();
            tracing::info!(topic = self.topic, stored = self.stored, per_second = per_second.round(), "consuming");
            self.told = (Instant::now(), self.stored);
        } else if self.stored == before {
            self.told.0 = Instant::now();
        }
    }

    /// Leaves the group, so that the others need not wait until this member is missed. Nothing here waits for the brokers
    /// without end.
    fn leave(self) {
        self.tell_kafka(self.partitions.held().map(|(partition, position)| (partition, position.stored)));
        self.consumer.unsubscribe();
        let deadline = Instant::now() + LEAVE_PATIENCE;
        let assigned = || self.consumer.assignment().is_ok_and(|list| list.count() > 0);
        while Instant::now() < deadline && assigned() {
            let _ = self.consumer.poll(POLL);
        }
        tracing::info!(topic = self.topic, stored = self.stored, "left the group");
    }
}
