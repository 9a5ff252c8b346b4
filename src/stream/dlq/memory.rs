//! What was sent back, remembered as offsets of consumer groups that nobody joins.
//!
//! A group for replays of all letters, and one for those of each class: an offset says "whatever of mine lies before was
//! sent", so that a replay of one class moves nothing past letters of others.

use std::collections::HashMap;

use color_eyre::eyre::{Result, WrapErr};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};

use super::reader::Span;
use crate::stream::client::Kafka;
use crate::stream::dead_letter::SUFFIX;
use crate::stream::rights::Operation;

/// The offsets of one topic's replays.
pub(super) struct Memory<'a> {
    kafka: &'a Kafka,
    topic: &'a str,
    spans: Vec<Span>,
    groups: HashMap<Option<String>, Group>,
}

struct Group {
    consumer: BaseConsumer,
    /// By partition; 0 where nothing is remembered.
    offsets: Vec<i64>,
}

impl<'a> Memory<'a> {
    /// The memory of a topic (its name without prefix) whose dead letters lie in `spans`.
    pub(super) fn new(kafka: &'a Kafka, topic: &'a str, spans: &[Span]) -> Self {
        Self { kafka, topic, spans: spans.to_vec(), groups: HashMap::new() }
    }

    /// Whether a letter was sent back before, whatever was asked for then.
    pub(super) fn has(&mut self, class: &str, partition: i32, offset: i64) -> Result<bool> {
        Ok(offset < self.offset(None, partition)? || offset < self.offset(Some(class), partition)?)
    }

    /// Up to where the letters of a class, or all, were sent.
    pub(super) fn offset(&mut self, class: Option<&str>, partition: i32) -> Result<i64> {
        let at = usize::try_from(partition)?;
        Ok(self.group(class)?.offsets.get(at).copied().unwrap_or(0))
    }

    /// Remembers that letters were sent up to these offsets, by partition.
    pub(super) fn keep(&mut self, class: Option<&str>, offsets: &[(i32, i64)]) -> Result<()> {
        let letters = self.kafka.name(self.topic) + SUFFIX;
        let (kafka, name) = (self.kafka, self.name(class));
        let group = self.group(class)?;
        let mut list = TopicPartitionList::new();
        for &(partition, offset) in offsets {
            // A replay from the beginning that stops half-way forgets nothing.
            let known = group.offsets.get(usize::try_from(partition)?).copied().unwrap_or(0);
            list.add_partition_offset(&letters, partition, Offset::Offset(offset.max(known)))?;
        }
        let kept = group.consumer.commit(&list, CommitMode::Sync);
        // The offsets of a group belong to who may read the topic too.
        let kept = kept.map_err(|error| kafka.explain_use(error, Operation::Read, &letters, Some(&name)));
        kept.wrap_err("which dead letters were sent back cannot be remembered; a further replay sends some again")
    }

    /// The group is asked for its offsets when it is first needed.
    fn group(&mut self, class: Option<&str>) -> Result<&mut Group> {
        let key = class.map(str::to_owned);
        if !self.groups.contains_key(&key) {
            let group = self.ask(class)?;
            self.groups.insert(key.clone(), group);
        }
        self.groups.get_mut(&key).ok_or_else(|| color_eyre::eyre::eyre!("a group went away"))
    }

    /// The group that remembers replays of a class, or of all.
    fn name(&self, class: Option<&str>) -> String {
        let of_class = class.map_or_else(String::new, |class| format!("-{class}"));
        self.kafka.name(&format!("dlq-replay-{}{of_class}", self.topic))
    }

    fn ask(&self, class: Option<&str>) -> Result<Group> {
        let name = self.name(class);
        let mut config = self.kafka.config(&[]);
        config.set("group.id", &name).set("enable.auto.commit", "false");
        let consumer: BaseConsumer = config.create().map_err(|error| self.kafka.explain(error))?;
        let letters = self.kafka.name(self.topic) + SUFFIX;
        let mut list = TopicPartitionList::new();
        for span in &self.spans {
            list.add_partition(&letters, span.partition);
        }
        let found = self.kafka.committed(&consumer, &name, &list, self.kafka.patience());
        let found = found.wrap_err_with(|| format!("what {name} remembers cannot be read"))?;
        let offset = |span: &Span| match found.find_partition(&letters, span.partition).map(|found| found.offset()) {
            // More than there ever was: the topic was made anew since.
            Some(Offset::Offset(offset)) if offset <= span.high => offset,
            _ => 0,
        };
        Ok(Group { offsets: self.spans.iter().map(offset).collect(), consumer })
    }
}
