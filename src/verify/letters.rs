//! The dead letters of a topic: which of its messages were given up.

use std::collections::HashSet;
use std::ops::ControlFlow;

use color_eyre::eyre::Result;
use rdkafka::Message as _;

use super::reading::{Reader, TopicSpan};
use crate::interrupt::Interrupt;
use crate::stream::dead_letter::DeadLetter;

/// Places of the messages that have a dead letter: one counts once, however often its letter was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letters {
    /// Partition and offset.
    pub places: HashSet<(i32, i64)>,
    /// Messages among them that do not say where they come from.
    pub strange: u64,
}

impl Letters {
    /// Reads the dead letters `span` of `topic`.
    ///
    /// # Errors
    /// When the brokers fall silent, or on an interruption.
    pub fn read(reader: &Reader, span: &TopicSpan, topic: &str, interrupt: &Interrupt) -> Result<Self> {
        let mut letters = Self::default();
        reader.read(span, interrupt, |message| {
            match DeadLetter::read(message.headers()) {
                Some(letter) if letter.topic == topic => {
                    letters.places.insert((letter.partition, letter.offset));
                }
                _ => letters.strange += 1,
            }
            ControlFlow::Continue(())
        })?;
        Ok(letters)
    }
}
