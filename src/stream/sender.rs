//! Sending to Kafka so that nothing is skipped: every message is handed over or the failure travels up, and every
//! delivery report is counted.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::{ClientContext, Message as _};
use uuid::Uuid;

use super::client::Kafka;
use super::grumble::Grumbler;
use super::message::{EventHeaders, Message};
use super::rights::{Operation, is_refusal};
use super::topics::{MOST_MESSAGE_BYTES, OVERHEAD_BYTES};
use crate::error::Failure;
use crate::interrupt::Interrupt;

/// Properties of every producer of this program. A message waits for its brokers as long as the process lives
/// (`message.timeout.ms` 0): a full buffer slows its maker down, and drops nothing.
const PROPERTIES: [(&str, &str); 10] = [
    ("acks", "all"),
    ("enable.idempotence", "true"),
    ("compression.type", "lz4"),
    ("linger.ms", "10"),
    ("batch.size", "500000"),
    ("message.timeout.ms", "0"),
    ("queue.buffering.max.kbytes", "65536"),
    ("queue.buffering.max.messages", "100000"),
    // Java clients place keys this way; so do we, that a key's messages share a partition whoever sends them.
    ("partitioner", "murmur2_random"),
    ("socket.keepalive.enable", "true"),
];
/// How long a full buffer is waited for before the flag of interruption is looked at again.
const TURN: Duration = Duration::from_millis(100);
/// How long messages under way are waited for once the process was asked to stop.
pub const LAST_WAIT: Duration = Duration::from_secs(8);

/// One message to be sent.
#[derive(Clone, Debug)]
pub struct Outgoing<'a> {
    /// Full name of the topic.
    pub topic: &'a str,
    /// What the partition follows from.
    pub key: Option<&'a [u8]>,
    /// The message itself.
    pub payload: Option<&'a [u8]>,
    /// Its headers.
    pub headers: OwnedHeaders,
    /// A number below 256 under which it is counted.
    pub lane: u8,
}

/// What is told of each delivery: the lane and how long it took.
type Watch = Box<dyn Fn(u8, Duration) + Send + Sync>;

/// Counts delivery reports.
pub struct Deliveries {
    began: Instant,
    handed: AtomicU64,
    delivered: AtomicU64,
    failed: AtomicU64,
    /// Messages that nobody has answered for, by the second in which they were handed over, round and round.
    waiting: Box<[AtomicU64; SECONDS]>,
    first_error: Mutex<Option<String>>,
    /// Of which topic it was, and why by its code.
    first_failed: Mutex<Option<(String, RDKafkaErrorCode)>>,
    watch: Option<Watch>,
    grumbler: Grumbler,
}

/// How things stand with all messages so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryCount {
    /// Taken by the client.
    pub handed: u64,
    /// Confirmed by the brokers.
    pub delivered: u64,
    /// Given up by the client.
    pub failed: u64,
    /// Why the first of them was.
    pub first_error: Option<String>,
}

impl DeliveryCount {
    /// Messages that nobody has answered for.
    #[must_use]
    pub const fn outstanding(&self) -> u64 {
        self.handed - self.delivered - self.failed
    }

    /// Messages that the brokers have not confirmed.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.handed - self.delivered
    }
}

/// Lane in the upper 8 bits, microseconds since the sender began in the others.
const LANE_SHIFT: u32 = usize::BITS - 8;

/// Seconds of which messages that wait are told apart: those of an hour ago share a place with the present ones.
const SECONDS: usize = 3_600;

fn second_of(opaque: usize) -> usize {
    (opaque & ((1 << LANE_SHIFT) - 1)) / 1_000_000 % SECONDS
}

impl Deliveries {
    /// A message was not taken after all.
    fn take_back(&self, opaque: usize) {
        self.handed.fetch_sub(1, Ordering::Relaxed);
        self.waiting[second_of(opaque)].fetch_sub(1, Ordering::Relaxed);
    }

    /// How long the message has waited that waits longest, in whole seconds.
    fn longest_wait(&self) -> Option<Duration> {
        let now = self.began.elapsed().as_secs() as usize;
        let waited = (0..SECONDS.min(now + 1)).rev();
        let waits = |ago: &usize| self.waiting[(now - ago) % SECONDS].load(Ordering::Relaxed) > 0;
        waited.into_iter().find(waits).map(|ago| Duration::from_secs(ago as u64))
    }
}

impl ClientContext for Deliveries {
    fn error(&self, error: KafkaError, reason: &str) {
        self.grumbler.hear(&error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, opaque: usize) {
        self.waiting[second_of(opaque)].fetch_sub(1, Ordering::Relaxed);
        match result {
            Ok(_) => {
                self.delivered.fetch_add(1, Ordering::Relaxed);
                if let Some(watch) = &self.watch {
                    let sent = Duration::from_micros((opaque & ((1 << LANE_SHIFT) - 1)) as u64);
                    watch((opaque >> LANE_SHIFT) as u8, self.began.elapsed().saturating_sub(sent));
                }
            }
            Err((error, message)) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                if let Some(code) = error.rdkafka_error_code() {
                    let mut refused = self.first_failed.lock().unwrap_or_else(PoisonError::into_inner);
                    refused.get_or_insert_with(|| (message.topic().to_owned(), code));
                }
                self.first_error
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get_or_insert_with(|| error.to_string());
            }
        }
    }
}

/// A producer: acks=all, idempotent, lz4.
pub struct Sender {
    producer: BaseProducer<Deliveries>,
    kafka: Kafka,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("count", &self.count()).finish_non_exhaustive()
    }
}

impl Sender {
    /// A sender; `most_bytes` is the largest message it is meant for.
    ///
    /// # Errors
    /// When librdkafka refuses a property.
    pub fn new(kafka: &Kafka, most_bytes: usize, watch: Option<Watch>) -> Result<Self> {
        let most = (most_bytes + OVERHEAD_BYTES).to_string();
        let mut config = kafka.config(&PROPERTIES);
        // What the user asked for comes over what is ours.
        if config.get("message.max.bytes").is_none() {
            config.set("message.max.bytes", most);
        }
        let context = Deliveries {
            began: Instant::now(),
            handed: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            waiting: Box::new([const { AtomicU64::new(0) }; SECONDS]),
            first_error: Mutex::new(None),
            first_failed: Mutex::new(None),
            watch,
            grumbler: Grumbler::default(),
        };
        let producer = config.create_with_context(context).map_err(|error| kafka.explain(error))?;
        Ok(Self { producer, kafka: kafka.clone() })
    }

    /// A sender of the shop's own messages.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_messages(kafka: &Kafka, watch: Option<Watch>) -> Result<Self> {
        Self::new(kafka, MOST_MESSAGE_BYTES, watch)
    }

    /// Hands a message over. While the buffer is full it waits, and serves delivery reports.
    ///
    /// # Errors
    /// When the client refuses the message for good (too large, a fatal error), or on an interruption while waiting: it
    /// was not sent then.
    pub fn send(&self, message: Outgoing<'_>, interrupt: &Interrupt) -> Result<()> {
        let context = self.producer.context();
        let micros = context.began.elapsed().as_micros() as usize & ((1 << LANE_SHIFT) - 1);
        let opaque = usize::from(message.lane) << LANE_SHIFT | micros;
        let mut record =
            BaseRecord::<[u8], [u8], usize>::with_opaque_to(message.topic, opaque).headers(message.headers);
        record.key = message.key;
        record.payload = message.payload;
        // Counted first: the report may come before `send` returns.
        context.handed.fetch_add(1, Ordering::Relaxed);
        context.waiting[second_of(opaque)].fetch_add(1, Ordering::Relaxed);
        loop {
            match self.producer.send(record) {
                Ok(()) => {
                    self.producer.poll(Duration::ZERO);
                    return Ok(());
                }
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), refused)) => {
                    record = refused;
                    self.producer.poll(TURN);
                    if let Err(interrupted) = interrupt.check() {
                        context.take_back(opaque);
                        return Err(interrupted.into());
                    }
                }
                Err((error, _)) => {
                    context.take_back(opaque);
                    let topic = message.topic;
                    // A producer that got no id says "fatal" to everything.
                    if let Some(failure) = self.fatal_refusal(topic) {
                        return Err(failure.into());
                    }
                    return Err(error).wrap_err_with(|| format!("a message for the topic {topic} cannot be sent"));
                }
            }
        }
    }

    /// Sends one of the shop's messages; `json` is room for its bytes, which stay there.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_message<M: Message>(
        &self,
        topic: &str,
        message: &M,
        lane: u8,
        json: &mut Vec<u8>,
        interrupt: &Interrupt,
    ) -> Result<()> {
        json.clear();
        serde_json::to_writer(&mut *json, message).wrap_err("a message has no JSON")?;
        let headers = EventHeaders::of(message).to_kafka();
        self.send_keyed(topic, message.key(), Some(json), headers, lane, interrupt)
    }

    /// Sends bytes under the key of a customer or product.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_keyed(
        &self,
        topic: &str,
        key: Uuid,
        payload: Option<&[u8]>,
        headers: OwnedHeaders,
        lane: u8,
        interrupt: &Interrupt,
    ) -> Result<()> {
        let mut text = Uuid::encode_buffer();
        let key = key.hyphenated().encode_lower(&mut text).as_bytes();
        self.send(Outgoing { topic, key: Some(key), payload, headers, lane }, interrupt)
    }

    /// Serves delivery reports for up to `wait`.
    pub fn serve(&self, wait: Duration) {
        self.producer.poll(wait);
    }

    /// Waits until every message is answered for, at most `patience`; returns how things stand.
    pub fn flush(&self, patience: Duration) -> DeliveryCount {
        // A timeout shows in the count.
        let _ = self.producer.flush(patience);
        self.count()
    }

    /// Waits until every message is answered for, and once the process is asked to stop for [`LAST_WAIT`]; returns how
    /// things stand.
    #[must_use]
    pub fn settle(&self, interrupt: &Interrupt) -> DeliveryCount {
        let mut count = self.count();
        while count.outstanding() > 0 && !interrupt.is_set() {
            count = self.flush(TURN);
        }
        if count.outstanding() > 0 { self.flush(LAST_WAIT) } else { count }
    }

    /// How long the message has waited that waits longest for an answer; none when none waits.
    #[must_use]
    pub fn longest_wait(&self) -> Option<Duration> {
        self.producer.context().longest_wait()
    }

    /// How things stand now.
    #[must_use]
    pub fn count(&self) -> DeliveryCount {
        let context = self.producer.context();
        // In this order, so that `handed` is never the smaller.
        let (delivered, failed) = (context.delivered.load(Ordering::Relaxed), context.failed.load(Ordering::Relaxed));
        DeliveryCount {
            delivered,
            failed,
            handed: context.handed.load(Ordering::Relaxed),
            first_error: context.first_error.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// What this user was not allowed to send, if there was anything: all that follows will be refused too, so it is no use to go
    /// on.
    #[must_use]
    pub fn refusal(&self) -> Option<Failure> {
        let refused = self.producer.context().first_failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        refused.and_then(|(topic, code)| match code {
            code if is_refusal(code) => self.kafka.refusal(code, Operation::Write, &topic, None),
            // What a client that ended makes of its messages has many names.
            _ => self.fatal_refusal(&topic),
        })
    }

    /// The refusal that ended this client, if one did.
    fn fatal_refusal(&self, topic: &str) -> Option<Failure> {
        let (code, _) = self.producer.client().fatal_error()?;
        self.kafka.refusal(code, Operation::Write, topic, None)
    }

    /// Asks the brokers for the partitions of a topic: the first contact, so that wrong settings are told at once.
    ///
    /// # Errors
    /// A [`Failure`] when no broker answers or the topic does not exist.
    pub fn check_topic(&self, topic: &str, patience: Duration) -> Result<usize> {
        self.kafka.partitions_of(self.producer.client(), topic, Operation::Write, patience)
    }
}
