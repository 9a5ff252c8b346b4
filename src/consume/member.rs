//! One group member: polls, gathers, writes, and waits out what is away.

mod claiming;
mod listening;
mod taking;
mod writing;

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr};
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::batch::Batch;
use super::dead::DeadLetters;
use super::handlers::Handler;
use super::link::Link;
use super::metrics::{ConsumeMetrics, Holdings};
use super::partitions::{Partitions, Watcher};
use super::request::Request;
use super::standstill::Standstills;
use crate::backoff::Backoff;
use crate::db::offsets::Reader;
use crate::interrupt::Interrupt;
use crate::stream::client::Kafka;
use crate::telemetry::{Health, Part};
use listening::Silences;

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
/// How long the last commits get to be answered before the group is left.
const COMMIT_PATIENCE: Duration = Duration::from_secs(1);
/// How long the end of the client is waited for then: most take less, and a group that was not left misses a member for 10 s.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);
/// How often it is said that a member still waits.
const COMPLAIN_EVERY: Duration = Duration::from_secs(30);
/// Time after which writing makes way for a sign of life.
const LONGEST_WRITE: Duration = Duration::from_secs(2);
/// The same once this process was asked to stop: what is left is read again by whoever comes next.
const LAST_WRITE: Duration = Duration::from_millis(500);
/// A poll that returns so much later than it should means that the process stood still.
const LATE_POLL: Duration = Duration::from_millis(500);
/// A transaction is ended by its own limits before this; one that is not, hangs.
const HANGS: Duration = Duration::from_secs(35);
/// A partition of which nothing came for so long is looked at, and how often it is.
const SILENT: Duration = Duration::from_secs(5);
/// Writing that took longer has kept a member from hearing what came meanwhile.
const BUSY: Duration = Duration::from_secs(1);
/// How long a session may wait for its member within a statement, in seconds, before whoever takes over ends it.
const STALLED: i32 = 15;
/// How long a partition may take to be set to an offset, and when it is tried again.
const SEEK_PATIENCE: Duration = Duration::from_secs(5);
const SEEK_AGAIN: Duration = Duration::from_millis(50);
/// Time between two looks behind, however often the brokers are in trouble.
const LOOK_BEHIND_EVERY: Duration = Duration::from_secs(2);

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
    pub holdings: &'a Holdings,
    pub rewound: &'a Rewound,
    pub standstills: &'a Standstills,
    pub interrupt: &'a Interrupt,
}

/// A member of the group of one topic.
pub(super) struct Member<'a, H: Handler> {
    request: &'a Request,
    kafka: &'a Kafka,
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
    /// When the last stored messages are to be looked at again, if they are.
    look_behind: Option<Instant>,
    looked_behind: Instant,
    /// When silent partitions were looked at last, and what was found.
    listened: Instant,
    /// Since when no writing has kept it from polling.
    attentive: Instant,
    silences: Silences,
    standstills: &'a Standstills,
    /// How many of them are seen to.
    stood_still: u64,
    link: Link,
    dead: DeadLetters,
    metrics: &'a ConsumeMetrics,
    number: u16,
    holdings: &'a Holdings,
    /// Whether what it gathers can be written.
    writes: Part,
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

/// A client that has joined the group.
fn join(kafka: &Kafka, topic: &str, group: &str) -> Result<BaseConsumer<Watcher>> {
    let mut config = kafka.config(&PROPERTIES);
    config.set("group.id", group);
    let consumer: BaseConsumer<Watcher> =
        config.create_with_context(Watcher::default()).map_err(|error| kafka.explain(error))?;
    consumer.subscribe(&[topic]).wrap_err_with(|| format!("cannot subscribe to {topic}"))?;
    Ok(consumer)
}

/// Leaves the group, so that the others need not wait until this member is missed. Nothing here waits for the brokers without
/// end.
fn leave(consumer: &BaseConsumer<Watcher>) {
    let deadline = Instant::now() + LEAVE_PATIENCE;
    // librdkafka gives its partitions back when the commits on their way are answered, and says goodbye then. A client that is ended
    // before just goes, and the group misses it for the rest of its session. Its commit callback was waited for in vain.
    let answered = Instant::now() + COMMIT_PATIENCE;
    while Instant::now() < answered {
        let _ = consumer.poll(POLL);
    }
    consumer.unsubscribe();
    loop {
        let began = Instant::now();
        let _ = consumer.poll(POLL);
        // A poll that heard nothing for all of its time has seen to the revocation.
        let is_quiet = began.elapsed() >= POLL;
        let is_assigned = consumer.assignment().is_ok_and(|list| list.count() > 0);
        if Instant::now() >= deadline || (is_quiet && !is_assigned) {
            return;
        }
    }
}

/// Ends the client. Asked to stop between two turns of a rebalance, librdkafka waits for the group's answer, for longer than a
/// process has to end. Then the client is left to the end of the process, and the group misses the member when its session is over:
/// offsets move with the rows, so nothing hangs on it.
fn close(consumer: BaseConsumer<Watcher>) {
    let (closed, wait) = mpsc::channel::<()>();
    let closing = thread::Builder::new().name("closing".to_owned()).spawn(move || {
        drop(consumer);
        drop(closed);
    });
    if closing.is_ok() && wait.recv_timeout(CLOSE_PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
        tracing::debug!("the group is in a rebalance, and will miss this member when its session is over");
    }
}

impl<'a, H: Handler> Member<'a, H> {
    /// Joins the group.
    ///
    /// # Errors
    /// When librdkafka refuses a property.
    pub fn new(team: &Team<'a>, number: u16) -> Result<Self> {
        let Team { request, kafka, database_url, metrics, health, holdings, rewound, standstills, interrupt } = *team;
        let topic = kafka.name(request.topic.as_str());
        let group = kafka.name(request.topic.group());
        let consumer = join(kafka, &topic, &group)?;
        let writes = health.part(format!("member {number}: writes"));
        writes.not_ready("not connected yet");
        let now = Instant::now();
        Ok(Self {
            request,
            kafka,
            consumer,
            dead: DeadLetters::of(kafka, &topic, interrupt),
            reader: Reader { group, topic: topic.clone() },
            topic,
            handler: H::default(),
            partitions: Partitions::default(),
            rewound,
            remade: Vec::new(),
            batch: Batch::new(),
            look_behind: None,
            looked_behind: now,
            listened: now,
            attentive: now,
            silences: Silences::default(),
            standstills,
            stood_still: standstills.count(),
            link: Link::new(database_url),
            metrics,
            number,
            holdings,
            writes,
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
        let (began, patience) = (Instant::now(), patience.min(POLL));
        let polled = self.consumer.poll(patience).map(|polled| polled.map(|message| message.detach()));
        let took = began.elapsed();
        // Not only while it polled: it may have been at anything.
        let standstills = self.standstills.count();
        if took > patience + LATE_POLL {
            self.stood_still(took);
        } else if standstills != self.stood_still {
            self.stood_still(self.standstills.last());
        }
        self.stood_still = standstills;
        match polled {
            Some(Ok(message)) => {
                self.take(message);
            }
            Some(Err(error)) => self.hear_error(error)?,
            None => {}
        }
        while let Some(event) = self.consumer.context().next() {
            self.follow(event);
        }
        if self.consumer.context().was_disturbed() {
            self.look_behind.get_or_insert(self.looked_behind + LOOK_BEHIND_EVERY);
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
        if due
            || self.is_to_look_behind()
            || !self.remade.is_empty()
            || self.batch.is_full(self.request.batch_size, self.request.batch_bytes)
        {
            let began = Instant::now();
            self.write();
            if began.elapsed() > BUSY {
                self.attentive = Instant::now();
            }
            self.begin_anew();
        }
        // With nothing in hand: what is not stored would be read again, and its dead letters written twice.
        if self.batch.is_empty() {
            self.listen()?;
        }
        // Asked again: writing may have taken long, and the next message may be another topic's already.
        if self.is_to_look_behind() && self.held_until.is_none() && self.batch.is_empty() {
            self.look_behind();
        }
        if H::PARKS && self.tended.elapsed() >= TEND_EVERY {
            self.tend();
        }
        self.tell();
        Ok(())
    }

    fn is_to_look_behind(&self) -> bool {
        self.look_behind.is_some_and(|at| at <= Instant::now())
    }

    /// Whoever was stopped, or had no processor, does not know what became of the topics meanwhile.
    fn stood_still(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        tracing::info!(
            topic = self.topic,
            member = self.number,
            seconds,
            "stood still; looking whether the topic is the same"
        );
        self.look_behind = Some(Instant::now());
    }

    fn say_readiness(&self) {
        self.holdings.set(self.number, self.partitions.len(), self.partitions.held().count());
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
            // One decimal: a live shop stores an order every few seconds.
            let per_second = (per_second * 10.0).round() / 10.0;
            tracing::info!(topic = self.topic, member = self.number, stored = self.stored, per_second, "consuming");
            self.told = (Instant::now(), self.stored);
        } else if self.stored == before {
            self.told.0 = Instant::now();
        }
    }

    /// The end: what is stored is told to Kafka, and the group is left.
    fn leave(self) {
        self.tell_kafka(self.partitions.held().map(|(partition, position)| (partition, position.stored)));
        leave(&self.consumer);
        tracing::info!(topic = self.topic, stored = self.stored, "left the group");
        close(self.consumer);
    }
}
