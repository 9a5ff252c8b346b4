//! What an audit found, for people and as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::ledger::Outcome;
use crate::domain::Timestamp;
use crate::output::number;
use crate::stream::message::Injected;

/// Most ids that are named of each kind.
pub const FIRST: usize = 5;

impl Injected {
    /// From 1 on; 0 is for messages as they should be.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.code() + 1
    }

    /// The kind of this number.
    #[must_use]
    pub fn numbered(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }
}

/// How many, and the first of them by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Named {
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub first: Vec<String>,
}

impl Named {
    /// Counts one more, and names it if it is among the first.
    pub fn push(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        self.name(name);
    }

    /// Names one that was counted already; false once enough have names.
    pub fn name(&mut self, name: impl FnOnce() -> String) -> bool {
        if self.first.len() < FIRST {
            self.first.push(name());
        }
        self.first.len() < FIRST
    }
}

/// What became of things, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fates {
    /// In the table.
    pub stored: u64,
    /// Have a dead letter.
    pub dead_lettered: u64,
    /// Wait for their customer or product.
    pub waiting: u64,
    /// The consumers have not come so far.
    pub not_read: u64,
    /// Read, and nowhere.
    pub missing: u64,
}

impl Fates {
    /// Counts one.
    pub fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Stored => &mut self.stored,
            Outcome::DeadLettered => &mut self.dead_lettered,
            Outcome::Waiting => &mut self.waiting,
            Outcome::NotRead => &mut self.not_read,
            Outcome::Missing => &mut self.missing,
        } += 1;
    }

    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.stored + self.dead_lettered + self.waiting + self.not_read + self.missing
    }
}

/// What was found about one topic and its table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TopicReport {
    /// The topic's full name.
    pub topic: String,
    /// The table it was compared with.
    pub table: String,
    /// Messages read.
    pub messages: u64,
    /// Different ids among those that can be stored.
    pub produced: u64,
    /// Further messages of the same ids.
    pub duplicates: u64,
    /// Messages that can never be stored.
    pub unreadable: u64,
    /// What became of ids and of unreadable messages.
    #[serde(flatten)]
    pub fates: Fates,
    /// Read, and nowhere: neither stored, waiting nor a dead letter.
    pub missing_ids: Named,
    /// Rows too many.
    pub doubled: Named,
    /// Stored otherwise than produced.
    pub altered: Named,
    /// Rows that no message made, although the topic would still keep it.
    pub unknown: Named,
    /// Rows older than what was read of the topic.
    pub older: u64,
    /// Rows that came another way: backfilled orders, seeded customers and products.
    pub elsewhere: u64,
    /// Ids whose messages contradict each other; any of them may be stored.
    pub contradictory: u64,
    /// Messages that the topic deleted before the consumers had come to them.
    pub expired: u64,
    /// Whether everything that was ever sent was read: what is unknown then disagrees.
    pub whole: bool,
    /// What was made wrong on purpose, and what became of it; messages by kind.
    pub injected: BTreeMap<&'static str, Fates>,
}

/// What was found about one invariant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InvariantReport {
    /// What must hold.
    pub rule: &'static str,
    /// What breaks it: the id and what is wrong.
    pub broken: Named,
}

/// Everything that an audit found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// When the snapshot of the database was taken.
    pub taken_at: Timestamp,
    /// Topics and tables.
    pub topics: Vec<TopicReport>,
    /// Messages that the consumers were waited for to read, and have not read; 0 where nothing was waited for.
    pub not_read_in_time: u64,
    /// Invariants; none were looked at in somebody else's table.
    pub invariants: Vec<InvariantReport>,
    /// What was left out, and why.
    pub notes: Vec<String>,
    /// What disagrees; empty when all agree.
    pub disagreements: Vec<String>,
}

impl Report {
    /// Whether everything that was produced and is to be stored already is stored, once, unaltered.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.disagreements.is_empty()
    }

    /// Messages that the consumers have not come to.
    #[must_use]
    pub fn not_read(&self) -> u64 {
        self.topics.iter().map(|topic| topic.fates.not_read).sum()
    }
}

impl TopicReport {
    /// What disagrees, in words.
    pub fn disagreements(&self) -> impl Iterator<Item = String> {
        let unknown = if self.whole { self.unknown.count } else { 0 };
        [
            (self.fates.missing, "missing"),
            (self.doubled.count, "doubled"),
            (self.altered.count, "altered"),
            (unknown, "stored that nobody produced"),
            (self.expired, "deleted by the topic before they were read"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        // The topic by its name, whatever its prefix: `1 orders missing` is one of the topic `orders`.
        .map(|(count, what)| format!("{} {} {what}", number::count(count), self.topic))
    }
}
