//! The first reading of a topic: every message into the ledger, or counted where it has no id to be found by.

use std::collections::HashMap;
use std::ops::ControlFlow;

use color_eyre::eyre::Result;
use rdkafka::Message as _;
use rdkafka::message::BorrowedMessage;

use super::Watch;
use super::content::Digester;
use super::ledger::{Ledger, Outcome, Standing};
use super::letters::Letters;
use super::positions::Positions;
use super::reading::{Reader, TopicSpan};
use super::report::{Fates, Named};
use crate::domain::Timestamp;
use crate::stream::dead_letter::REPLAYED;
use crate::stream::message::{INJECTED, Injected, Message, decode, header_text};

/// Most messages that room is made for at once; a topic that was compacted holds far fewer than its offsets.
const MOST_AT_ONCE: u64 = 1 << 24;

/// What decides where a message stands.
#[derive(Clone, Debug)]
pub struct Places {
    /// What was given up.
    pub letters: Letters,
    /// How far the consumers are; none where somebody else's are audited, who keep no account of it here.
    pub positions: Option<Positions>,
}

impl Places {
    fn standing(&self, message: &BorrowedMessage<'_>, kind: Option<Injected>) -> Standing {
        let (partition, offset) = (message.partition(), message.offset());
        let sent_at_ms = message.timestamp().to_millis();
        if self.letters.has(partition, offset, sent_at_ms) {
            return Standing::Dead;
        }
        match &self.positions {
            // Others may store an order without its customer, or refuse it; where to, we are not told.
            None if kind == Some(Injected::Orphan) => Standing::Dead,
            Some(positions) if positions.waits(partition, offset, sent_at_ms) => Standing::Parked,
            Some(positions) if offset >= positions.next(partition) => Standing::Unread,
            _ => Standing::Read,
        }
    }
}

/// What a topic holds.
#[derive(Debug, Default)]
pub struct Intake {
    /// What can be stored.
    pub ledger: Ledger,
    /// Messages in all.
    pub messages: u64,
    /// What can never be stored: how many messages, and what became of them.
    pub unreadable: u64,
    /// See `unreadable`.
    pub fates: Fates,
    /// Where those lay that have no dead letter.
    pub missing: Named,
    /// Of what can never be stored, the injected ones by kind.
    pub injected: HashMap<Injected, Fates>,
    /// Offset and time of the first message of each partition.
    pub first: HashMap<i32, (i64, Timestamp)>,
}

impl Intake {
    /// Reads a topic.
    ///
    /// # Errors
    /// When the brokers fall silent, or on an interruption.
    pub fn read<M: Message>(
        reader: &Reader,
        span: &TopicSpan,
        places: &Places,
        digest: impl Fn(&M, &mut Digester) -> u64,
        watch: Watch<'_>,
    ) -> Result<Self> {
        let room = usize::try_from(span.messages().min(MOST_AT_ONCE))?;
        let mut intake = Self { ledger: Ledger::with_capacity(room), ..Self::default() };
        let mut digester = Digester::default();
        reader.read(span, watch, |message| {
            intake.messages += 1;
            let (partition, offset) = (message.partition(), message.offset());
            let sent = Timestamp::from_micros(message.timestamp().to_millis().unwrap_or(0).saturating_mul(1_000));
            intake.first.entry(partition).or_insert((offset, sent));
            let kind = kind_of(message);
            let standing = places.standing(message, kind);
            match read_message::<M>(message) {
                Some(read) => {
                    let content = digest(&read, &mut digester);
                    let replayed = header_text(message.headers(), REPLAYED).is_some();
                    let kind = kind.map_or(0, Injected::number);
                    intake.ledger.push(read.id(), content, standing, kind, replayed);
                }
                None => intake.count_unreadable(places, message, standing, kind),
            }
            ControlFlow::Continue(())
        })?;
        intake.ledger.seal();
        Ok(intake)
    }

    fn count_unreadable(
        &mut self,
        places: &Places,
        message: &BorrowedMessage<'_>,
        standing: Standing,
        kind: Option<Injected>,
    ) {
        self.unreadable += 1;
        let outcome = match standing {
            Standing::Dead => Outcome::DeadLettered,
            Standing::Unread => Outcome::NotRead,
            Standing::Parked => Outcome::Waiting,
            // Nobody expects it in another's table, which has no dead letters that we know of.
            Standing::Read if places.positions.is_none() => return,
            Standing::Read => Outcome::Missing,
        };
        self.fates.count(outcome);
        if let Some(kind) = kind {
            self.injected.entry(kind).or_default().count(outcome);
        }
        if outcome == Outcome::Missing {
            self.missing.push(|| format!("partition {} offset {}", message.partition(), message.offset()));
        }
    }
}

/// The message, if it can ever be stored.
pub fn read_message<M: Message>(message: &BorrowedMessage<'_>) -> Option<M> {
    decode(message.payload(), header_text(message.headers(), "ce_type")).ok()
}

/// What was made wrong on purpose.
fn kind_of(message: &BorrowedMessage<'_>) -> Option<Injected> {
    header_text(message.headers(), INJECTED).map(Injected::of)
}
