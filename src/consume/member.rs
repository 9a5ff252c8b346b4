//! One group member: polls, gathers, writes, and waits out what is away.

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
/// Messages that are always worth an attempt at once.
const LEAST_PART: usize = 100;
/// How long a partition may take to be set to an offset, and when it is tried again.
const SEEK_PATIENCE: Duration = Duration::from_secs(5);
const SEEK_AGAIN: Duration = Duration::from_millis(50);

/// A member of the group of one topic.
pub(super) struct Member<'a, H: Handler> {
    request: &'a Request,
    consumer: BaseConsumer<Watcher>,
    topic: String,
    reader: Reader,
    handler: H,
    partitions: Partitions,
    /// Partitions that were read from their beginning on request.
    rewound: Vec<i32>,
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
    pub fn new(
        request: &'a Request,
        kafka: &Kafka,
        database_url: &str,
        number: u16,
        metrics: &'a ConsumeMetrics,
        health: &Health,
        interrupt: &'a Interrupt,
    ) -> Result<Self> {
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
            rewound: Vec::new(),
            batch: Batch::new(),
            link: Link::new(database_url),
            metrics,
            parts: Parts::declare(health, number),
            interrupt,
            backoff: Backoff::new(Duration::from_millis(100), Duration::from_secs(5)),
            held_until: None,
            careful: usize::MAX,
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
        let patience = self.batch.patience(self.request.batch_wait).unwrap_or(POLL);
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
        if let Some(until) = self.held_until {
            if Instant::now() < until {
                return Ok(());
            }
            self.try_again();
            return Ok(());
        }
        self.claim();
        let due = self.batch.patience(self.request.batch_wait).is_some_and(|patience| patience.is_zero());
        if due || self.batch.is_full(self.request.batch_size, self.request.batch_bytes) {
            self.write();
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
                // What was gathered of the old one is good still.
                self.write();
                self.rewind(partition);
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
                tracing::warn!("Kafka: {error}");
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

    /// Takes over what the group gave to this member, and sets it to where PostgreSQL says.
    fn claim(&mut self) {
        for partition in self.partitions.to_claim() {
            if let Err(report) = self.claim_one(partition) {
                self.hold(&report);
                return;
            }
        }
        if !self.link.is_up() {
            // Before there is anything to write, so that /readyz tells the truth.
            match self.link.get().map(drop) {
                Ok(()) => self.parts.postgres.ready(),
                Err(report) => self.hold(&report),
            }
        }
    }

    fn claim_one(&mut self, partition: i32) -> Result<()> {
        let from_beginning = self.request.from_beginning && !self.rewound.contains(&partition);
        let reader = &self.reader;
        let conn = self.link.get()?;
        self.parts.postgres.ready();
        let mut claim = offsets::claim(conn, reader, partition).wrap_err("cannot claim a partition")?;
        if from_beginning && claim.next_offset > 0 {
            offsets::rewind(conn, reader, partition, claim.epoch).wrap_err("cannot rewind a partition")?;
            claim.next_offset = 0;
            claim.last_hash = None;
        }
        if from_beginning {
            self.rewound.push(partition);
        }
        let next_offset = claim.next_offset;
        let offset = self.partitions.claimed(partition, claim);
        if let Err(report) = self.start(partition, offset) {
            // The client is not ready for it yet. Never to be read from wherever it stands: asked for again in a moment.
            tracing::debug!(topic = self.topic, partition, "{report:#}");
            self.partitions.unclaimed_for(partition, SEEK_AGAIN);
            self.say_readiness();
            return Ok(());
        }
        tracing::info!(topic = self.topic, partition, next_offset, "reading");
        self.say_readiness();
        Ok(())
    }

    /// Sets a paused partition to an offset, and lets it flow.
    fn start(&self, partition: i32, offset: Offset) -> Result<()> {
        let list = self.list([partition])?;
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(&self.topic, partition, offset)?;
        let set = self.consumer.seek_partitions(from, SEEK_PATIENCE)?;
        for element in set.elements() {
            element.error().wrap_err_with(|| format!("partition {partition} cannot be set to {offset:?}"))?;
        }
        self.consumer.resume(&list)?;
        Ok(())
    }

    fn list(&self, partitions: impl IntoIterator<Item = i32>) -> Result<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition(&self.topic, partition);
        }
        Ok(list)
    }

    fn rewind(&mut self, partition: i32) {
        let Some(position) = self.partitions.position(partition) else { return };
        let reader = &self.reader;
        let rewound = self.link.get().and_then(|conn| Ok(offsets::rewind(conn, reader, partition, position.epoch)?));
        match rewound {
            // The claim is asked for again, and begins at the beginning.
            Ok(_) => {
                let _ = self.list([partition]).and_then(|list| Ok(self.consumer.pause(&list)?));
                self.batch.drop_partitions(&[partition]);
                // The places are another topic's now.
                self.dead.passed();
                self.partitions.assigned(&[partition]);
            }
            Err(report) => {
                self.partitions.assigned(&[partition]);
                self.hold(&report);
            }
        }
    }

    /// Writes what is gathered: all at once, or, should the database refuse a row, in ever smaller parts until the offender
    /// stands alone.
    fn write(&mut self) {
        let mut part = self.careful;
        let mut looked_again = false;
        while !self.batch.is_empty() {
            part = part.clamp(1, self.batch.items().len());
            match self.write_part(part) {
                Ok(()) => {
                    self.batch.remove_first(part);
                    // Where one is refused others may be near: not the whole rest at once, or each offender would cost it.
                    part *= 2;
                }
                Err(NotStored::Fenced(lost)) => {
                    tracing::warn!(topic = self.topic, partitions = ?lost, "another member has taken over");
                    self.partitions.fenced(&lost);
                    self.batch.drop_partitions(&lost);
                    let _ = self.list(lost).and_then(|list| Ok(self.consumer.pause(&list)?));
                    self.say_readiness();
                }
                // Somebody else may have stored the same meanwhile: once more, with fresh eyes.
                Err(NotStored::Refused(_)) if !looked_again => looked_again = true,
                Err(NotStored::Refused(_)) if part > 1 => {
                    part /= 2;
                    looked_again = part > 1;
                }
                Err(NotStored::Refused(report)) => {
                    let text = format!("{report:#}");
                    self.batch.condemn_first(DecodeError { class: ErrorClass::Constraint, text });
                    looked_again = false;
                }
                Err(NotStored::NoRoom) => {
                    let limit = self.request.orphan_limit;
                    self.hold(&eyre!("{limit} orders wait for customers or products already (--orphan-limit)"));
                    return;
                }
                Err(NotStored::Away(report)) => {
                    // Perhaps it was only too much at once: with half of it the next attempt takes half the time.
                    self.careful = (part / 2).max(LEAST_PART);
                    self.hold(&report);
                    return;
                }
            }
        }
        self.careful = usize::MAX;
        // Not after each part: those behind it would be written to the dead letters once more.
        self.dead.passed();
    }

    fn write_part(&mut self, part: usize) -> Result<(), NotStored> {
        let items = &self.batch.items()[..part];
        let began = Instant::now();
        let corpses: Vec<Corpse<'_>> =
            items.iter().filter_map(|item| item.decoded.as_ref().err().map(|why| Corpse::of(&item.raw, why))).collect();
        let buried = self.dead.write(&corpses).map_err(NotStored::Away)?;
        for item in items.iter().filter_map(|item| item.decoded.as_ref().err()).take(buried) {
            self.metrics.dead_letters.get_or_create(&[("reason", item.class.as_str())]).inc();
        }
        let conn = self.link.get().map_err(NotStored::Away)?;
        let limit = self.request.orphan_limit;
        let written = store::write(conn, &self.reader, &mut self.handler, items, &self.partitions, limit)?;
        let now_ms = Utc::now().timestamp_millis();
        for item in items.iter().filter(|item| !item.injected()) {
            if let Some(sent) = item.sent_at_ms() {
                self.metrics.latency.observe((now_ms - sent).max(0) as f64 / 1_000.0);
            }
        }
        self.metrics.batch.observe(began.elapsed().as_secs_f64());
        self.metrics.count("stored", written.stored);
        self.metrics.count("known", written.known);
        self.metrics.count("parked", written.parked);
        self.metrics.count("dead", corpses.len() as u64);
        self.stored += written.stored;
        self.parts.postgres.ready();
        let mut list = TopicPartitionList::new();
        for moved in &written.moves {
            self.partitions.stored(moved.partition, moved.until);
            let added = list.add_partition_offset(&self.topic, moved.partition, Offset::Offset(moved.until));
            added.map_err(|error| NotStored::Away(error.into()))?;
        }
        // For tools that show lag: this program itself does not read it.
        if let Err(error) = self.consumer.commit(&list, CommitMode::Async) {
            tracing::debug!("Kafka was not told of the offsets: {error}");
        }
        Ok(())
    }

    fn tend(&mut self) {
        self.tended = Instant::now();
        let timeout = self.request.orphan_timeout;
        let tended = match self.link.get() {
            Ok(conn) => orphans::tend(conn, &self.reader, &mut self.handler, &mut self.dead, timeout),
            Err(report) => Err(NotStored::Away(report)),
        };
        match tended {
            Ok(tended) => {
                self.metrics.parked.set(tended.waiting);
                self.metrics.count("stored", tended.adopted);
                self.metrics.count("dead", tended.expired + tended.refused);
                for (class, letters) in [(ErrorClass::Orphan, tended.expired), (ErrorClass::Constraint, tended.refused)]
                {
                    self.metrics.dead_letters.get_or_create(&[("reason", class.as_str())]).inc_by(letters);
                }
                self.stored += tended.adopted;
            }
            Err(NotStored::Away(report)) => self.hold(&report),
            Err(failure) => tracing::warn!("parked orders cannot be tried again: {failure:?}"),
        }
    }

    /// Puts everything aside for a while: partitions pause, polling goes on, and so the group is not disturbed.
    fn hold(&mut self, report: &color_eyre::Report) {
        if !self.backoff.failed() {
            tracing::warn!(topic = self.topic, "paused, to be tried again: {report:#}");
        } else {
            tracing::debug!(topic = self.topic, "still paused: {report:#}");
        }
        self.metrics.waits.inc();
        self.parts.postgres.not_ready(format_args!("{report:#}"));
        self.link.drop();
        self.handler.forget();
        self.held_until = Some(Instant::now() + self.backoff.pause());
        self.flow(false);
    }

    fn try_again(&mut self) {
        self.held_until = None;
        if let Err(report) = self.look_again() {
            self.hold(&report);
            return;
        }
        if H::PARKS {
            self.tend();
        }
        if self.held_until.is_none() {
            self.write();
        }
        if self.held_until.is_none() {
            tracing::info!(topic = self.topic, "going on");
            self.backoff.reset();
            self.parts.postgres.ready();
            self.flow(true);
        }
    }

    /// After a break nobody knows whether the last transaction was committed: what is stored is asked for. A partition that
    /// somebody else holds by now is not claimed again at once.
    fn look_again(&mut self) -> Result<()> {
        let conn: &mut PgConnection = self.link.get()?;
        let mut lost = Vec::new();
        for (partition, position) in self.partitions.held().collect::<Vec<_>>() {
            match offsets::find(conn, &self.reader, partition)? {
                Some(claim) if claim.epoch == position.epoch => {
                    self.partitions.stored(partition, claim.next_offset);
                    self.batch.drop_before(partition, claim.next_offset);
                }
                _ => lost.push(partition),
            }
        }
        if !lost.is_empty() {
            tracing::warn!(topic = self.topic, partitions = ?lost, "another member has taken over");
            self.partitions.fenced(&lost);
            self.batch.drop_partitions(&lost);
            self.say_readiness();
        }
        Ok(())
    }

    /// Pauses or resumes what this member holds.
    fn flow(&self, on: bool) {
        let held: Vec<i32> = self.partitions.held().map(|(partition, _)| partition).collect();
        if held.is_empty() {
            return;
        }
        let done = self
            .list(held)
            .and_then(|list| Ok(if on { self.consumer.resume(&list) } else { self.consumer.pause(&list) }?));
        if let Err(error) = done {
            tracing::debug!("partitions cannot be paused or resumed: {error}");
        }
    }

    fn tell(&mut self) {
        if self.measured.elapsed() >= LAG_EVERY {
            self.measured = Instant::now();
            for (partition, position) in self.partitions.held() {
                if let Some(end) = self.consumer.context().end_of(partition) {
                    self.metrics.set_lag(&self.topic, partition, (end - position.stored).max(0));
                }
            }
        }
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
        self.consumer.unsubscribe();
        let deadline = Instant::now() + LEAVE_PATIENCE;
        let assigned = || self.consumer.assignment().is_ok_and(|list| list.count() > 0);
        while Instant::now() < deadline && assigned() {
            let _ = self.consumer.poll(POLL);
        }
        tracing::info!(topic = self.topic, stored = self.stored, "left the group");
    }
}
