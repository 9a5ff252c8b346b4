//! One topic against its table: the messages, the rows, and then the names of what disagrees.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use color_eyre::eyre::Result;

use super::Watch;
use super::content::Digester;
use super::intake::{Intake, Places, read_message};
use super::ledger::{Ledger, Outcome};
use super::reading::{Reader, TopicSpan};
use super::report::{FIRST, Fates, Named, TopicReport};
use super::rows::{Kept, Strangers};
use crate::domain::Timestamp;
use crate::follow::Amount;
use crate::stream::message::{Injected, Message};

/// A topic that is audited.
#[derive(Debug)]
pub struct Subject<'a> {
    /// What is read of it.
    pub span: TopicSpan,
    /// Where its messages stand.
    pub places: Places,
    /// Only what was sent from then on is read.
    pub since: Option<Timestamp>,
    /// Reads it.
    pub reader: &'a Reader,
    /// About how many rows are to be compared with it.
    pub rows: Amount,
    /// Breaks it off, and is told how far it is.
    pub watch: Watch<'a>,
}

/// Rows that the ledger has met, and how many came another way than through the topic.
#[derive(Debug, Default)]
pub struct Rows {
    /// Rows too many, unknown, older.
    pub strangers: Strangers,
    /// Backfilled orders, seeded customers and products.
    pub elsewhere: u64,
}

impl Subject<'_> {
    /// Audits it. `digest` tells a message's content, and `rows` streams the table past the ledger.
    ///
    /// # Errors
    /// When the brokers fall silent, a query fails, or on an interruption.
    pub fn audit<M: Message>(
        &self,
        table: String,
        digest: impl Fn(&M, &mut Digester) -> u64,
        rows: impl FnOnce(&mut Ledger, Kept) -> Result<Rows>,
    ) -> Result<TopicReport> {
        let messages = Amount::Exactly(self.span.messages());
        self.watch.follow.begins(&format!("reading {}", self.span.topic), messages, "messages");
        let mut intake = Intake::read(self.reader, &self.span, &self.places, digest, self.watch)?;
        let kept = self.kept(&intake);
        self.watch.follow.begins(&format!("comparing the rows of {table}"), self.rows, "rows");
        let Rows { strangers, elsewhere } = rows(&mut intake.ledger, kept)?;
        let mut report = TopicReport {
            topic: self.span.topic.clone(),
            table,
            messages: intake.messages,
            unreadable: intake.unreadable,
            fates: intake.fates,
            doubled: strangers.doubled,
            unknown: strangers.unknown,
            older: strangers.older,
            elsewhere,
            // Nobody knows when those that are gone were sent; with --since, nobody asks.
            expired: match &self.places.positions {
                Some(positions) if self.since.is_none() => positions.expired(&self.span),
                _ => 0,
            },
            whole: kept == Kept::Whole,
            missing_ids: std::mem::take(&mut intake.missing),
            ..TopicReport::default()
        };
        report.injected = tally(&mut report, &intake);
        self.name::<M>(&intake.ledger, &mut report)?;
        Ok(report)
    }

    /// From when on a stored row must have a message.
    fn kept(&self, intake: &Intake) -> Kept {
        let mut from = self.since;
        for part in &self.span.partitions {
            let first = intake.first.get(&part.partition);
            // Retention may have deleted something between the note and the reading.
            let start = first.map_or(part.start, |(offset, _)| part.start.max(*offset));
            match first {
                _ if start == 0 => {}
                // Asked for: what `since` says, whether anything came after it or not.
                _ if self.since.is_some() && start > part.low => {}
                Some((_, sent)) => from = from.max(Some(*sent)),
                // All of it is gone, and with it the word of when.
                None => return Kept::Unknown,
            }
        }
        if self.places.positions.as_ref().is_some_and(|positions| positions.are_ahead(&self.span)) {
            return Kept::Unknown;
        }
        from.map_or(Kept::Whole, Kept::Since)
    }

    /// A second reading, only as far as it takes to name the first of what is missing or altered.
    fn name<M: Message>(&self, ledger: &Ledger, report: &mut TopicReport) -> Result<()> {
        let full = |named: &Named| named.first.len() as u64 >= named.count.min(FIRST as u64);
        if full(&report.missing_ids) && full(&report.altered) {
            return Ok(());
        }
        let messages = Amount::Exactly(self.span.messages());
        self.watch.follow.begins("reading again, to name what disagrees", messages, "messages");
        self.reader.read(&self.span, self.watch, |message| {
            if let Some(read) = read_message::<M>(message) {
                let group = ledger.find(read.id());
                let id = read.id().to_string();
                let named = match group.outcome() {
                    Outcome::Missing => Some(&mut report.missing_ids),
                    Outcome::Stored if group.is_altered() => Some(&mut report.altered),
                    _ => None,
                };
                if let Some(named) = named.filter(|named| !named.first.contains(&id)) {
                    named.name(|| id);
                }
            }
            if full(&report.missing_ids) && full(&report.altered) {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })
    }
}

/// Counts the ids by what became of them, into `report`; returns the injected messages by kind.
fn tally(report: &mut TopicReport, intake: &Intake) -> BTreeMap<&'static str, Fates> {
    let mut injected: BTreeMap<&'static str, Fates> =
        intake.injected.iter().map(|(kind, fates)| (kind.as_str(), *fates)).collect();
    for group in intake.ledger.groups() {
        let outcome = group.outcome();
        report.produced += 1;
        report.duplicates += group.messages() as u64 - 1;
        report.fates.count(outcome);
        report.altered.count += u64::from(group.is_altered());
        report.contradictory += u64::from(group.is_contradictory());
        if outcome == Outcome::Missing {
            report.missing_ids.count += 1;
        }
        for kind in group.kinds().filter_map(Injected::numbered) {
            injected.entry(kind.as_str()).or_default().count(outcome);
        }
    }
    injected
}
