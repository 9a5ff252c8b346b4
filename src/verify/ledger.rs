//! Every message that a topic holds, in 16 bytes each: a digest of the id, and one of the content with marks in its low
//! bits. Rows are looked up in it as they come from the database, so that nothing has to be held of them.

use uuid::Uuid;

use super::content::{MARK_BITS, id_digest};

/// Where a message stands, by its place in the topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The consumers have passed it: it must be stored.
    Read,
    /// They have not come so far.
    Unread,
    /// It waits for its customer or product.
    Parked,
    /// It has a dead letter.
    Dead,
}

/// What became of what was produced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the table.
    Stored,
    /// It waits for its customer or product.
    Waiting,
    /// It is a dead letter.
    DeadLettered,
    /// It was read, and is nowhere.
    Missing,
    /// The consumers have not come so far.
    NotRead,
}

/// How a row met the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// No message made it.
    Stranger,
    /// The first row of its id.
    First,
    /// Another row of the same id.
    Again,
}

const STANDINGS: [Standing; 4] = [Standing::Read, Standing::Unread, Standing::Parked, Standing::Dead];
const STANDING_MASK: u64 = 0b11;
/// The kind of injection, 0 to 7, lies above the standing.
const KIND_SHIFT: u32 = 2;
const KIND_MASK: u64 = 0b111;
const STORED: u64 = 1 << 5;
const REPLAYED: u64 = 1 << 6;
const MARKS: u64 = (1 << MARK_BITS) - 1;

#[derive(Clone, Copy, Debug)]
struct Entry {
    id: u64,
    /// The content's digest, less those of the rows met so far, above the marks.
    content: u64,
}

impl Entry {
    fn standing(self) -> Standing {
        STANDINGS[(self.content & STANDING_MASK) as usize]
    }
}

/// The messages of a topic.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
}

impl Ledger {
    /// A ledger with room for so many messages.
    #[must_use]
    pub fn with_capacity(messages: usize) -> Self {
        Self { entries: Vec::with_capacity(messages) }
    }

    /// Notes a message. `kind` numbers the injection, below 8; `replayed` says that it is a dead letter's second life.
    pub fn push(&mut self, id: Uuid, content: u64, standing: Standing, kind: u8, replayed: bool) {
        let kind = (u64::from(kind) & KIND_MASK) << KIND_SHIFT;
        let replayed = if replayed { REPLAYED } else { 0 };
        self.entries.push(Entry { id: id_digest(id), content: content & !MARKS | replayed | kind | standing as u64 });
    }

    /// Sorts it, so that rows can be looked up.
    pub fn seal(&mut self) {
        self.entries.sort_unstable_by_key(|entry| entry.id);
    }

    /// Messages held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn group(&self, id: u64) -> std::ops::Range<usize> {
        let start = self.entries.partition_point(|entry| entry.id < id);
        let same = self.entries[start..].iter().take_while(|entry| entry.id == id).count();
        start..start + same
    }

    /// Meets a row, and takes its content off the message's.
    pub fn meet(&mut self, id: Uuid, content: u64) -> Met {
        let group = self.group(id_digest(id));
        let entries = &mut self.entries[group];
        match entries.first() {
            None => Met::Stranger,
            Some(first) if first.content & STORED != 0 => Met::Again,
            Some(_) => {
                take_off(entries, content);
                entries.iter_mut().for_each(|entry| entry.content |= STORED);
                Met::First
            }
        }
    }

    /// Meets a row that is part of another one (a line of an order), and takes its content off the message's.
    pub fn meet_part(&mut self, id: Uuid, content: u64) {
        let group = self.group(id_digest(id));
        take_off(&mut self.entries[group], content);
    }

    /// What came under each id.
    pub fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        self.entries.chunk_by(|a, b| a.id == b.id).map(Group)
    }

    /// What came under an id.
    #[must_use]
    pub fn find(&self, id: Uuid) -> Group<'_> {
        Group(&self.entries[self.group(id_digest(id))])
    }
}

fn take_off(entries: &mut [Entry], content: u64) {
    // The low bits of `content` are zero: the marks stay.
    entries.iter_mut().for_each(|entry| entry.content = entry.content.wrapping_sub(content & !MARKS));
}

/// The messages of one id.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a>(&'a [Entry]);

impl Group<'_> {
    /// How many there are.
    #[must_use]
    pub fn messages(&self) -> usize {
        self.0.len()
    }

    /// What became of the id. A replayed dead letter counts as stored once it is. Otherwise one dead letter answers for every
    /// message of its id but the replayed ones: a consumer may drop a repetition of what it has parked or refused without
    /// a letter of its own.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let any = |standing| self.0.iter().any(|entry| entry.standing() == standing);
        let lost = |entry: &Entry| entry.content & REPLAYED != 0 && entry.standing() == Standing::Read;
        if self.0.iter().any(|entry| entry.content & STORED != 0) {
            Outcome::Stored
        } else if any(Standing::Parked) {
            Outcome::Waiting
        } else if self.0.iter().any(lost) {
            Outcome::Missing
        } else if any(Standing::Dead) {
            Outcome::DeadLettered
        } else if any(Standing::Read) {
            Outcome::Missing
        } else {
            Outcome::NotRead
        }
    }

    /// Whether the row is none of the messages'.
    #[must_use]
    pub fn is_altered(&self) -> bool {
        self.outcome() == Outcome::Stored && self.0.iter().all(|entry| entry.content & !MARKS != 0)
    }

    /// Whether the messages do not all say the same.
    #[must_use]
    pub fn is_contradictory(&self) -> bool {
        self.0.windows(2).any(|pair| pair[0].content & !MARKS != pair[1].content & !MARKS)
    }

    /// The kinds of injection, one a message.
    pub fn kinds(&self) -> impl Iterator<Item = u8> {
        self.0.iter().map(|entry| (entry.content >> KIND_SHIFT & KIND_MASK) as u8)
    }
}

#[cfg(test)]
mod tests;
