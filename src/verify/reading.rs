//! Reading a topic from one noted place to another, without a consumer group and without commits.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr};
use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::Watch;
use crate::domain::Timestamp;
use crate::error::Failure;
use crate::stream::client::{Kafka, PATIENCE};
use crate::stream::rights::Operation;

/// How long a message is waited for before the flag of interruption is looked at again.
const TURN: Duration = Duration::from_millis(100);
/// How long silence of all brokers is borne while there is more to read.
const SILENCE: Duration = Duration::from_secs(60);

/// The part of a partition that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its number.
    pub partition: i32,
    /// Oldest offset that is kept.
    pub low: i64,
    /// First offset to read; after `low` where only recent messages were asked for.
    pub start: i64,
    /// First offset not to read: the high watermark when it was noted.
    pub end: i64,
}

/// The part of a topic that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSpan {
    /// Full name.
    pub topic: String,
    /// Its partitions.
    pub partitions: Vec<Span>,
}

impl TopicSpan {
    /// Offsets from the first to the last to read.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.partitions.iter().map(|span| (span.end - span.start).max(0).unsigned_abs()).sum()
    }

    /// Offsets that the topic no longer keeps.
    #[must_use]
    pub fn gone(&self) -> u64 {
        self.partitions.iter().map(|span| span.low.unsigned_abs()).sum()
    }
}

/// A consumer that belongs to no group.
pub struct Reader {
    consumer: BaseConsumer,
    kafka: Kafka,
}

impl Reader {
    /// A reader of these brokers.
    ///
    /// # Errors
    /// When librdkafka refuses a property.
    pub fn new(kafka: &Kafka) -> Result<Self> {
        // librdkafka wants a group's name; nothing is ever committed under it.
        let group = kafka.name("shopstream-verify");
        let config = kafka.config(&[
            ("group.id", &group),
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("enable.partition.eof", "true"),
            // Where retention deletes under our hands, reading goes on with what is left, and the gap is seen.
            ("auto.offset.reset", "earliest"),
            ("queued.max.messages.kbytes", "16384"),
            ("fetch.wait.max.ms", "50"),
        ]);
        let consumer = config.create().map_err(|error| kafka.explain(error))?;
        Ok(Self { consumer, kafka: kafka.clone() })
    }

    /// Notes where a topic begins and ends now. With `since`, it begins with what was sent from that moment on.
    ///
    /// # Errors
    /// A [`Failure`] when no broker answers, or the topic does not exist.
    pub fn note(&self, topic: &str, since: Option<Timestamp>) -> Result<TopicSpan> {
        let count = self.kafka.partitions_of(self.consumer.client(), topic, Operation::Read, PATIENCE)?;
        let mut partitions = Vec::with_capacity(count);
        for partition in 0..i32::try_from(count)? {
            let (low, end) = self
                .consumer
                .fetch_watermarks(topic, partition, PATIENCE)
                .map_err(|error| self.kafka.explain_use(error, Operation::Read, topic, None))?;
            partitions.push(Span { partition, low, start: low, end });
        }
        if let Some(since) = since {
            let mut asked = TopicPartitionList::new();
            for span in &partitions {
                asked.add_partition_offset(topic, span.partition, Offset::Offset(since.micros().div_euclid(1_000)))?;
            }
            let found = self.consumer.offsets_for_times(asked, PATIENCE).map_err(|error| self.kafka.explain(error))?;
            for span in &mut partitions {
                span.start = match found.find_partition(topic, span.partition).map(|found| found.offset()) {
                    Some(Offset::Offset(offset)) => offset.clamp(span.low, span.end),
                    // Nothing is as young as that.
                    _ => span.end,
                };
            }
        }
        Ok(TopicSpan { topic: topic.to_owned(), partitions })
    }

    /// Hands over the messages of `span`, a partition's in their order, until `take` breaks off.
    ///
    /// # Errors
    /// When the brokers fall silent, on an interruption, or when `take` fails.
    pub fn read(
        &self,
        span: &TopicSpan,
        watch: Watch<'_>,
        mut take: impl FnMut(&BorrowedMessage<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut ends: HashMap<i32, i64> = span
            .partitions
            .iter()
            .filter(|part| part.start < part.end)
            .map(|part| (part.partition, part.end))
            .collect();
        let mut assigned = TopicPartitionList::new();
        for part in span.partitions.iter().filter(|part| part.start < part.end) {
            assigned.add_partition_offset(&span.topic, part.partition, Offset::Offset(part.start))?;
        }
        let cannot = || format!("cannot read the topic {}", span.topic);
        self.consumer.assign(&assigned).wrap_err_with(cannot)?;
        // A partition that an earlier reading paused stays paused when it is assigned again.
        self.consumer.resume(&assigned).wrap_err_with(cannot)?;
        let mut heard = Instant::now();
        while !ends.is_empty() {
            match self.consumer.poll(TURN) {
                Some(Ok(message)) => {
                    heard = Instant::now();
                    let (partition, offset) = (message.partition(), message.offset());
                    let Some(end) = ends.get(&partition).copied() else { continue };
                    watch.follow.done(1);
                    if offset < end && take(&message).is_break() {
                        break;
                    }
                    if offset + 1 >= end {
                        self.finish(&span.topic, partition, &mut ends)?;
                    }
                }
                // Offsets at the end may hold no message (marks of transactions).
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    heard = Instant::now();
                    self.finish(&span.topic, partition, &mut ends)?;
                }
                Some(Err(error)) => {
                    tracing::debug!("reading {}: {error}", span.topic);
                    let code = error.rdkafka_error_code();
                    if let Some(refusal) =
                        code.and_then(|code| self.kafka.refusal(code, Operation::Read, &span.topic, None))
                    {
                        return Err(refusal.into());
                    }
                    self.bear(heard, || error.to_string())?;
                }
                None => self.bear(heard, || "no answer".to_owned())?,
            }
            watch.interrupt.check()?;
        }
        self.consumer.unassign().wrap_err("cannot end the reading of a topic")
    }

    fn finish(&self, topic: &str, partition: i32, ends: &mut HashMap<i32, i64>) -> Result<()> {
        if ends.remove(&partition).is_some() {
            let mut done = TopicPartitionList::new();
            done.add_partition(topic, partition);
            self.consumer.pause(&done).wrap_err("cannot pause a partition")?;
        }
        Ok(())
    }

    /// Brokers may be away for a while.
    fn bear(&self, heard: Instant, what: impl FnOnce() -> String) -> Result<()> {
        if heard.elapsed() < SILENCE {
            return Ok(());
        }
        let brokers = self.kafka.brokers();
        Err(Failure::new(format!("Kafka at {brokers} does not deliver what its topic holds: {}", what()))
            .help("look at the brokers (shopstream topics describe), then give the same command again")
            .into())
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}
