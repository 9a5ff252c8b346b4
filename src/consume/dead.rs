//! Writing dead letters: confirmed by the brokers before the original's offset moves.

use std::collections::HashSet;
use std::time::Duration;

use color_eyre::eyre::{Result, eyre};
use rdkafka::Message as _;
use rdkafka::message::{OwnedHeaders, OwnedMessage};

use crate::interrupt::Interrupt;
use crate::output::number;
use crate::stream::client::Kafka;
use crate::stream::dead_letter::{DeadLetter, SUFFIX};
use crate::stream::message::DecodeError;
use crate::stream::sender::{Outgoing, Sender};
use crate::stream::topics::MOST_MESSAGE_BYTES;

/// How long the brokers are waited for before the batch is put aside.
const PATIENCE: Duration = Duration::from_secs(5);

/// A message that is given up.
#[derive(Debug)]
pub(super) struct Corpse<'a> {
    pub letter: DeadLetter,
    pub key: Option<&'a [u8]>,
    pub payload: Option<&'a [u8]>,
    pub headers: Option<OwnedHeaders>,
}

impl<'a> Corpse<'a> {
    pub fn of(message: &'a OwnedMessage, why: &DecodeError) -> Self {
        Self {
            letter: DeadLetter::new(message.topic(), message.partition(), message.offset(), why)
                .sent_at(message.timestamp().to_millis()),
            key: message.key(),
            payload: message.payload(),
            headers: message.headers().cloned(),
        }
    }
}

/// The way to a topic's dead letters. Its client is made when it is first needed.
#[derive(Debug)]
pub(super) struct DeadLetters {
    kafka: Kafka,
    topic: String,
    interrupt: Interrupt,
    sender: Option<Sender>,
    /// Places that are confirmed and whose offset has not moved yet: a second attempt does not write them again.
    confirmed: HashSet<(i32, i64)>,
}

impl DeadLetters {
    pub fn of(kafka: &Kafka, topic: &str, interrupt: &Interrupt) -> Self {
        let topic = format!("{topic}{SUFFIX}");
        Self { kafka: kafka.clone(), topic, interrupt: interrupt.clone(), sender: None, confirmed: HashSet::new() }
    }

    /// Whether the process was asked to stop: what can be left to the next one is left.
    pub fn is_last_call(&self) -> bool {
        self.interrupt.is_set()
    }

    /// Writes those that are not confirmed yet, and waits until the brokers have confirmed each; returns their classes.
    pub fn write(&mut self, corpses: &[Corpse<'_>]) -> Result<Vec<String>> {
        let place = |corpse: &Corpse<'_>| (corpse.letter.partition, corpse.letter.offset);
        let new: Vec<&Corpse<'_>> = corpses.iter().filter(|corpse| !self.confirmed.contains(&place(corpse))).collect();
        if new.is_empty() {
            return Ok(Vec::new());
        }
        match self.send(&new) {
            Ok(()) => {
                self.confirmed.extend(new.iter().map(|corpse| place(corpse)));
                Ok(new.iter().map(|corpse| corpse.letter.class.clone()).collect())
            }
            Err(report) => {
                // What is still on its way goes with the client; what arrived all the same counts once.
                self.sender = None;
                Err(report)
            }
        }
    }

    fn send(&mut self, corpses: &[&Corpse<'_>]) -> Result<()> {
        let sender = match &self.sender {
            Some(sender) => sender,
            // Twice the size of a message: the original, its headers and what is said of it.
            None => self.sender.insert(Sender::new(&self.kafka, 2 * MOST_MESSAGE_BYTES, None)?),
        };
        for corpse in corpses {
            let headers = corpse.letter.headers(corpse.headers.as_ref());
            let letter = Outgoing { topic: &self.topic, key: corpse.key, payload: corpse.payload, headers, lane: 0 };
            sender.send(letter, &self.interrupt)?;
        }
        let count = sender.flush(PATIENCE);
        if count.delivered == count.handed {
            return Ok(());
        }
        if let Some(failure) = sender.refusal() {
            return Err(failure.into());
        }
        let why = count.first_error.unwrap_or_else(|| "the brokers do not answer".to_owned());
        let lost = number::verb(count.handed - count.delivered, "dead letter", ("was", "were"));
        Err(eyre!("{lost} not confirmed in {}: {why}", self.topic))
    }

    /// The offsets have moved: those places come no more.
    pub fn passed(&mut self) {
        self.confirmed.clear();
    }
}
