//! The dead letters of a topic: which of its messages were given up.

use std::collections::HashSet;
use std::ops::ControlFlow;

use color_eyre::eyre::Result;
use rdkafka::Message as _;

use super::Watch;
use super::reading::{Reader, TopicSpan};
use crate::stream::dead_letter::DeadLetter;

/// Places of the messages that have a dead letter: one counts once, however often its letter was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letters {
    /// Partition, offset and, where the letter tells it, the original's timestamp.
    places: HashSet<(i32, i64, Option<i64>)>,
    /// Messages among them that do not say where they come from.
    pub strange: u64,
}

impl Letters {
    /// Whether the message at a place has one. A letter of a message that lay there in a topic made again does not count.
    #[must_use]
    pub fn has(&self, partition: i32, offset: i64, sent_at_ms: Option<i64>) -> bool {
        self.places.contains(&(partition, offset, None))
            || sent_at_ms.is_some() && self.places.contains(&(partition, offset, sent_at_ms))
    }

    /// Reads the dead letters `span` of `topic`.
    ///
    /// # Errors
    /// When the brokers fall silent, or on an interruption.
    pub fn read(reader: &Reader, span: &TopicSpan, topic: &str, watch: Watch<'_>) -> Result<Self> {
        let mut letters = Self::default();
        reader.read(span, watch, |message| {
            match DeadLetter::read(message.headers()) {
                Some(letter) if letter.topic == topic => {
                    letters.places.insert((letter.partition, letter.offset, letter.sent_at_ms));
                }
                _ => letters.strange += 1,
            }
            ControlFlow::Continue(())
        })?;
        Ok(letters)
    }
}
