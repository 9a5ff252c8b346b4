//! Writing what was gathered, and waiting when that cannot be.

use std::time::{Duration, Instant};

use chrono::Utc;
use color_eyre::eyre::eyre;
use rdkafka::Message as _;

use super::{COMPLAIN_EVERY, HANGS, LAST_WRITE, LONGEST_WRITE, Member};
use crate::consume::dead::Corpse;
use crate::consume::failure::NotStored;
use crate::consume::handlers::Handler;
use crate::consume::sift::{self, Sifted};
use crate::consume::{orphans, store};
use crate::stream::message::{DecodeError, ErrorClass};

/// How often a batch may be sifted without finding what is refused.
const MOST_IN_VAIN: u32 = 2;

impl<H: Handler> Member<'_, H> {
    /// Writes what is gathered: all at once, or, should the database refuse rows, without those.
    pub(super) fn write(&mut self) {
        let mut part = self.careful;
        let mut in_vain = 0;
        let began = Instant::now();
        while !self.batch.is_empty() {
            // The group waits for a sign of life; the rest is written at the next turn.
            let longest = if self.interrupt.is_set() { LAST_WRITE } else { LONGEST_WRITE };
            let Some(left) = longest.checked_sub(began.elapsed()) else {
                self.careful = part.max(1);
                return;
            };
            part = part.clamp(1, self.batch.items().len());
            match self.write_part(part) {
                Ok(()) => {
                    self.batch.remove_first(part);
                    part = part.saturating_mul(2);
                }
                Err(NotStored::Fenced(lost)) => self.give_up(lost),
                Err(NotStored::Refused(report)) if in_vain < MOST_IN_VAIN => match self.sift(part, left) {
                    Ok(sifted) => {
                        // None: somebody else was about to store the same, or it is the counters that are refused.
                        in_vain += u32::from(sifted.refused.is_empty());
                        part = sifted.looked_at;
                        for (place, text) in sifted.refused {
                            self.batch.condemn(place, DecodeError { class: ErrorClass::Constraint, text });
                        }
                    }
                    Err(NotStored::Away(report)) => {
                        self.careful = (part / 2).max(1);
                        self.hold(&report);
                        return;
                    }
                    Err(failure) => {
                        self.hold(&report.wrap_err(format!("{failure:?}")));
                        return;
                    }
                },
                // What sifting does not find, ever smaller parts do.
                Err(NotStored::Refused(_)) if part > 1 => part /= 2,
                Err(NotStored::Refused(report)) => {
                    self.batch.condemn(0, DecodeError { class: ErrorClass::Constraint, text: format!("{report:#}") });
                }
                // What comes before the orphan, and as many orphans as there is room for.
                Err(NotStored::NoRoom) if part > 1 => part /= 2,
                Err(NotStored::NoRoom) => {
                    let limit = self.request.orphan_limit;
                    self.wait(&eyre!("{limit} orders wait for customers or products already (--orphan-limit)"));
                    return;
                }
                Err(NotStored::Away(report)) => {
                    // Perhaps it was only too much at once: with half of it the next attempt takes half the time.
                    self.careful = (part / 2).max(1);
                    self.hold(&report);
                    return;
                }
            }
        }
        self.careful = usize::MAX;
        // Not after each part: those behind it would be written to the dead letters once more.
        self.dead.passed();
    }

    /// Looks for the messages that the database refuses among the first so many.
    fn sift(&mut self, part: usize, time: Duration) -> Result<Sifted, NotStored> {
        let conn = self.link.get().map_err(NotStored::Away)?;
        sift::sift(conn, &mut self.handler, &self.batch.items()[..part], time)
    }

    fn write_part(&mut self, part: usize) -> Result<(), NotStored> {
        self.writes.begin(HANGS, "a transaction does not end: PostgreSQL or Kafka hangs");
        let written = self.write_part_now(part);
        self.writes.end();
        written
    }

    fn write_part_now(&mut self, part: usize) -> Result<(), NotStored> {
        let items = &self.batch.items()[..part];
        let began = Instant::now();
        let corpses: Vec<Corpse<'_>> =
            items.iter().filter_map(|item| item.decoded.as_ref().err().map(|why| Corpse::of(&item.raw, why))).collect();
        let buried = self.dead.write(&corpses).map_err(NotStored::Away)?;
        for class in ErrorClass::ALL.iter().map(|class| class.as_str()) {
            let letters = buried.iter().filter(|buried| *buried == class).count() as u64;
            self.metrics.dead_letters.get_or_create(&[("reason", class)]).inc_by(letters);
        }
        let conn = self.link.get().map_err(NotStored::Away)?;
        let limit = self.request.orphan_limit;
        let written = store::write(conn, &self.reader, &mut self.handler, items, &self.partitions, limit)?;
        let now_ms = Utc::now().timestamp_millis();
        for sent in &written.sent_at_ms {
            self.metrics.latency.observe((now_ms - sent).max(0) as f64 / 1_000.0);
        }
        self.metrics.batch.observe(began.elapsed().as_secs_f64());
        self.metrics.count("stored", written.stored);
        self.metrics.count("known", written.known);
        self.metrics.count("parked", written.parked);
        self.metrics.count("dead", corpses.len() as u64);
        self.stored += written.stored;
        self.writes.ready();
        for moved in &written.moves {
            self.partitions.stored(moved.partition, moved.until);
        }
        self.tell_kafka(written.moves.iter().map(|moved| (moved.partition, moved.until)));
        Ok(())
    }

    pub(super) fn tend(&mut self) {
        let timeout = self.request.orphan_timeout;
        let tended = match self.link.get() {
            Ok(conn) => orphans::tend(conn, &self.reader, &mut self.handler, &mut self.dead, timeout),
            Err(report) => Err(NotStored::Away(report)),
        };
        match tended {
            Ok(tended) => {
                self.metrics.parked.set(tended.waiting);
                self.metrics.count("stored", tended.adopted);
                self.metrics.count("dead", tended.expired + tended.refused);
                for (class, letters) in [(ErrorClass::Orphan, tended.expired), (ErrorClass::Constraint, tended.refused)]
                {
                    self.metrics.dead_letters.get_or_create(&[("reason", class.as_str())]).inc_by(letters);
                }
                self.stored += tended.adopted;
            }
            Err(NotStored::Away(report)) => self.hold(&report),
            Err(failure) => tracing::warn!("parked orders cannot be tried again: {failure:?}"),
        }
        // From its end on: it may take longer than the time between two of it, and messages are to be read in between.
        self.tended = Instant::now();
    }

    /// Puts everything aside for a while: partitions pause, polling goes on, and so the group is not disturbed.
    pub(super) fn hold(&mut self, report: &color_eyre::Report) {
        // Nobody knows in what state the connection is, nor what happens in the database meanwhile.
        self.link.drop();
        self.handler.forget();
        self.wait(report);
    }

    /// The same, with a database that is well.
    fn wait(&mut self, report: &color_eyre::Report) {
        let why = self.link.why(report);
        if !self.backoff.failed() || self.complained.is_none_or(|at| at.elapsed() > COMPLAIN_EVERY) {
            self.complained = Some(Instant::now());
            let first = self.batch.items().first().map(|item| (item.raw.partition(), item.raw.offset()));
            let (partition, offset) = first.unzip();
            tracing::warn!(topic = self.topic, partition, offset, "paused, to be tried again: {why}");
        }
        self.metrics.waits.inc();
        self.writes.not_ready(why);
        self.held_until = Some(Instant::now() + self.backoff.pause());
        self.pause();
    }

    pub(super) fn try_again(&mut self) {
        self.held_until = None;
        if let Err(report) = self.look_again() {
            self.hold(&report);
            return;
        }
        if H::PARKS {
            self.tend();
        }
        if self.held_until.is_none() {
            self.write();
        }
        self.begin_anew();
        if self.held_until.is_none() {
            tracing::info!(topic = self.topic, "going on");
            self.backoff.reset();
            self.writes.ready();
            // That lets them flow, once everything is written that was gathered before.
            self.look_behind = Some(Instant::now());
        }
    }
}
