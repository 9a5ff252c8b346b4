//! Sending dead letters back to where they came from: each original once, and remembered when the brokers have it.

use std::collections::{BTreeMap, HashSet, VecDeque};

use color_eyre::eyre::{Result, eyre};
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Header, Headers, OwnedHeaders};

use super::memory::Memory;
use super::reader::Reader;
use crate::error::Failure;
use crate::follow::{Amount, Follow};
use crate::interrupt::{Interrupt, Interrupted};
use crate::output::number;
use crate::stream::client::{Kafka, PATIENCE};
use crate::stream::dead_letter::{DeadLetter, REPLAYED, SUFFIX, strip};
use crate::stream::sender::{Outgoing, Sender};
use crate::stream::topics::MOST_MESSAGE_BYTES;

/// Letters sent before the brokers' word on them is waited for, and remembered.
const HANDFUL: usize = 1_000;

/// Which letters are meant.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Only those of this class.
    pub class: Option<&'a str>,
    /// At most so many.
    pub limit: Option<u64>,
    /// Also those that were sent back before.
    pub from_beginning: bool,
}

/// Letters by what is to become of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// To be sent, by class.
    pub to_send: BTreeMap<String, u64>,
    /// Sent back by an earlier replay.
    pub sent_before: u64,
    /// Written twice for one original, which is sent once.
    pub doubles: u64,
    /// Of classes not asked for.
    pub other_classes: u64,
    /// Beyond the limit.
    pub beyond_limit: u64,
    /// No dead letters of this topic.
    pub foreign: u64,
}

impl Counts {
    /// Letters to be sent.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.to_send.values().sum()
    }
}

/// A replay with everything decided: which letters, and what may be remembered once they are sent.
pub struct Replay<'a> {
    kafka: &'a Kafka,
    reader: Reader,
    memory: Memory<'a>,
    class: Option<&'a str>,
    /// Full name of the topic of the originals.
    topic: String,
    /// What was decided.
    pub counts: Counts,
    /// Offsets of the letters to be sent, by partition.
    pending: BTreeMap<i32, VecDeque<i64>>,
    /// By partition, where the memory moves to once all of them are sent.
    ends: BTreeMap<i32, i64>,
}

impl<'a> Replay<'a> {
    /// Looks which letters of a topic (its name without prefix) are to be sent; nothing is sent yet.
    ///
    /// # Errors
    /// When the brokers cannot be reached, a topic does not exist, or on an interruption.
    pub fn plan(
        kafka: &'a Kafka,
        topic: &'a str,
        wish: Wish<'a>,
        interrupt: &Interrupt,
        follow: &dyn Follow,
    ) -> Result<Self> {
        let name = kafka.name(topic);
        let reader = Reader::new(kafka, &format!("{name}{SUFFIX}"))?;
        follow.begins("reading dead letters", Amount::Exactly(reader.letters()), "letters");
        let mut memory = Memory::new(kafka, topic, reader.spans());
        let mut counts = Counts::default();
        let mut pending: BTreeMap<i32, VecDeque<i64>> = BTreeMap::new();
        let mut ends = BTreeMap::new();
        let mut places = HashSet::new();
        let each = |message: &BorrowedMessage<'_>| -> Result<()> {
            follow.done(1);
            let (partition, offset) = (message.partition(), message.offset());
            let Some(letter) = DeadLetter::read(message.headers()).filter(|letter| letter.topic == name) else {
                counts.foreign += 1;
                return Ok(());
            };
            let place = (letter.partition, letter.offset, letter.sent_at_ms);
            // Earlier letters are read too: the double of one that was sent may lie behind what is remembered.
            if wish.class.is_some_and(|class| class != letter.class) {
                counts.other_classes += 1;
            } else if !wish.from_beginning && memory.has(&letter.class, partition, offset)? {
                places.insert(place);
                counts.sent_before += 1;
            } else if places.contains(&place) {
                counts.doubles += 1;
            } else if wish.limit.is_some_and(|limit| counts.total() >= limit) {
                ends.entry(partition).or_insert(offset);
                counts.beyond_limit += 1;
            } else {
                places.insert(place);
                pending.entry(partition).or_default().push_back(offset);
                *counts.to_send.entry(letter.class).or_default() += 1;
            }
            Ok(())
        };
        reader.read(|span| Some(span.low), interrupt, each)?;
        for span in reader.spans() {
            ends.entry(span.partition).or_insert(span.high);
        }
        Ok(Self { kafka, reader, memory, class: wish.class, topic: name, counts, pending, ends })
    }

    /// Sends the letters that were decided on; returns how many the brokers have confirmed.
    ///
    /// # Errors
    /// When some were not delivered, or on an interruption: how many were is told, and remembered.
    pub fn send(mut self, interrupt: &Interrupt, follow: &dyn Follow) -> Result<u64> {
        follow.begins("sending them back", Amount::Exactly(self.counts.total()), "letters");
        // A letter may have been larger than today's messages.
        let sender = Sender::new(self.kafka, 2 * MOST_MESSAGE_BYTES, None)?;
        sender.check_topic(&self.topic, PATIENCE)?;
        let (reader, memory, class) = (&self.reader, &mut self.memory, self.class);
        let (pending, ends, topic) = (&mut self.pending, &self.ends, &self.topic);
        let firsts: BTreeMap<i32, i64> =
            pending.iter().filter_map(|(partition, offsets)| Some((*partition, *offsets.front()?))).collect();
        let mut unsettled = 0;
        let read = reader.read(
            |span| firsts.get(&span.partition).copied(),
            interrupt,
            |message| {
                let Some(offsets) = pending.get_mut(&message.partition()) else { return Ok(()) };
                // The brokers may have dropped some by their age since they were counted.
                while offsets.front().is_some_and(|next| *next < message.offset()) {
                    offsets.pop_front();
                }
                if offsets.front() != Some(&message.offset()) {
                    return Ok(());
                }
                sender.send(original(message, topic)?, interrupt)?;
                offsets.pop_front();
                follow.done(1);
                unsettled += 1;
                if unsettled == HANDFUL {
                    unsettled = 0;
                    settle(&sender, interrupt)?;
                    memory.keep(class, &positions(pending, ends))?;
                }
                Ok(())
            },
        );
        let settled = settle(&sender, interrupt);
        if settled.is_ok() {
            if read.is_ok() {
                pending.clear();
            }
            memory.keep(class, &positions(pending, ends))?;
        }
        let sent = sender.count().delivered;
        settled?;
        match read {
            Ok(()) => Ok(sent),
            Err(error) if error.is::<Interrupted>() => {
                let part = format!("{} sent back, and remembered", number::verb(sent, "dead letter", ("was", "were")));
                Err(error.wrap_err(Failure::new(part).help("the same command goes on with the others")))
            }
            Err(error) => Err(error),
        }
    }
}

/// By partition: the first letter not sent yet, or the end.
fn positions(pending: &BTreeMap<i32, VecDeque<i64>>, ends: &BTreeMap<i32, i64>) -> Vec<(i32, i64)> {
    let first = |partition| pending.get(partition).and_then(|offsets| offsets.front());
    ends.iter().map(|(partition, end)| (*partition, *first(partition).unwrap_or(end))).collect()
}

/// The message as it was before it died, with a header that says which place it had then.
fn original<'m>(message: &'m BorrowedMessage<'_>, topic: &'m str) -> Result<Outgoing<'m>> {
    let headers = message.headers();
    let letter = DeadLetter::read(headers).ok_or_else(|| eyre!("a dead letter changed while it was read"))?;
    let place = letter.place();
    // One that died, was sent back and died again tells of its latest place only.
    let kept = strip(headers);
    let kept = kept.iter().filter(|header| header.key != REPLAYED);
    let headers = kept.fold(OwnedHeaders::new(), |headers, header| headers.insert(header));
    let headers = headers.insert(Header { key: REPLAYED, value: Some(place.as_bytes()) });
    Ok(Outgoing { topic, key: message.key(), payload: message.payload(), headers, lane: 0 })
}

/// Waits for the brokers' word on every letter sent so far.
fn settle(sender: &Sender, interrupt: &Interrupt) -> Result<()> {
    let count = sender.settle(interrupt);
    if count.lost() == 0 {
        return Ok(());
    }
    if let Some(refusal) = sender.refusal() {
        return Err(refusal.into());
    }
    let (lost, delivered) =
        (number::verb(count.lost(), "dead letter", ("was", "were")), number::count(count.delivered));
    let why = count.first_error.map_or_else(String::new, |error| format!(" (the first error: {error})"));
    Err(Failure::new(format!("{lost} not delivered{why}; {delivered} were"))
        .help("the same command sends them once the cause is mended, and perhaps a few of the others again")
        .into())
}
