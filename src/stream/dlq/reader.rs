//! Reading a topic from one place to where it ended, without a group's share of partitions.

use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
use rdkafka::{Message, Offset, TopicPartitionList};

use crate::interrupt::Interrupt;
use crate::stream::client::Kafka;
use crate::stream::rights::Operation;

/// How long one wait takes before the flag of interruption is looked at again.
const TURN: Duration = Duration::from_millis(100);

/// What a partition held when the reader was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its number.
    pub partition: i32,
    /// The first offset that is kept.
    pub low: i64,
    /// The offset after the last.
    pub high: i64,
}

/// Reads one topic up to where it ended when the reader was made.
pub struct Reader {
    consumer: BaseConsumer,
    kafka: Kafka,
    topic: String,
    spans: Vec<Span>,
}

impl Reader {
    /// A reader of a topic (its full name).
    ///
    /// # Errors
    /// When no broker answers or the topic does not exist.
    pub fn new(kafka: &Kafka, topic: &str) -> Result<Self> {
        // librdkafka wants a group's name for anybody who reads. Nothing is committed, so there is no such group.
        let properties = [("group.id", "shopstream-reader"), ("enable.auto.commit", "false")];
        let mut config = kafka.config(&properties);
        config.set("enable.partition.eof", "true").set("auto.offset.reset", "earliest");
        let consumer: BaseConsumer = config.create().map_err(|error| kafka.explain(error))?;
        let partitions =
            i32::try_from(kafka.partitions_of(consumer.client(), topic, Operation::Read, kafka.patience())?)?;
        let span = |partition| -> Result<Span> {
            let marks = consumer.fetch_watermarks(topic, partition, kafka.patience());
            let marks = marks.map_err(|error| kafka.explain_use(error, Operation::Read, topic, None));
            let (low, high) = marks.wrap_err_with(|| format!("the ends of {topic} cannot be read"))?;
            Ok(Span { partition, low, high })
        };
        let spans = (0..partitions).map(span).collect::<Result<_>>()?;
        Ok(Self { consumer, kafka: kafka.clone(), topic: topic.to_owned(), spans })
    }

    /// What each partition held.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// How many offsets lie between the first and the last.
    #[must_use]
    pub fn letters(&self) -> u64 {
        self.spans.iter().map(|span| (span.high - span.low).max(0).unsigned_abs()).sum()
    }

    /// Hands each message to `each`, from the offset that `from` gives for a partition; `None` leaves it out.
    ///
    /// # Errors
    /// When the brokers stay away, on an interruption, or when `each` fails.
    pub fn read(
        &self,
        from: impl Fn(&Span) -> Option<i64>,
        interrupt: &Interrupt,
        mut each: impl FnMut(&BorrowedMessage<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut assignment = TopicPartitionList::new();
        let mut open: Vec<Span> = Vec::new();
        for span in &self.spans {
            let Some(start) = from(span).map(|start| start.max(span.low)).filter(|start| *start < span.high) else {
                continue;
            };
            assignment.add_partition_offset(&self.topic, span.partition, Offset::Offset(start))?;
            open.push(*span);
        }
        if open.is_empty() {
            return Ok(());
        }
        self.consumer.assign(&assignment).map_err(|error| self.kafka.explain(error))?;
        let mut heard = Instant::now();
        let mut last_error = None;
        while !open.is_empty() {
            interrupt.check()?;
            match self.consumer.poll(TURN) {
                Some(Ok(message)) => {
                    let (partition, offset) = (message.partition(), message.offset());
                    // What has come since belongs to the next reader.
                    if open.iter().any(|span| span.partition == partition && offset < span.high) {
                        each(&message)?;
                    }
                    // Afterwards: what is done with a message may take long, and that is no silence.
                    heard = Instant::now();
                    open.retain(|span| span.partition != partition || offset + 1 < span.high);
                }
                // The last offsets may be gone, or hold no message.
                Some(Err(KafkaError::PartitionEOF(partition))) => open.retain(|span| span.partition != partition),
                Some(Err(error)) => {
                    // A refusal is no silence: it is not waited out.
                    let code = error.rdkafka_error_code();
                    if let Some(refusal) =
                        code.and_then(|code| self.kafka.refusal(code, Operation::Read, &self.topic, None))
                    {
                        return Err(refusal.into());
                    }
                    last_error = Some(error);
                }
                None => {}
            }
            if heard.elapsed() > self.kafka.patience() {
                let silence = || KafkaError::MessageConsumption(rdkafka::types::RDKafkaErrorCode::OperationTimedOut);
                let failure = self.kafka.explain(last_error.unwrap_or_else(silence));
                return Err(failure).wrap_err_with(|| format!("the topic {} cannot be read to its end", self.topic));
            }
        }
        self.consumer.unassign().map_err(|error| self.kafka.explain(error).into())
    }
}
