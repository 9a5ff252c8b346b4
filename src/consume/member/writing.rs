//! Writing what was gathered, and waiting when that cannot be.

use super::*;

impl<H: Handler> Member<'_, H> {
    /// Writes what is gathered: all at once, or, should the database refuse a row, in ever smaller parts until the offender
    /// stands alone.
    pub(super) fn write(&mut self) {
        let mut part = self.careful;
        let mut looked_again = false;
        let began = Instant::now();
        while !self.batch.is_empty() {
            // The group waits for a sign of life; the rest is written at the next turn.
            if began.elapsed() > LONGEST_WRITE || self.interrupt.is_set() && began.elapsed() > LAST_WRITE {
                self.careful = part.max(1);
                return;
            }
            part = part.clamp(1, self.batch.items().len());
            match self.write_part(part) {
                Ok(()) => {
                    self.batch.remove_first(part);
                    // Where one is refused others may be near: not the whole rest at once, or each offender would cost it.
                    part *= 2;
                }
                Err(NotStored::Fenced(lost)) => self.give_up(lost),
                // Somebody else may have stored the same meanwhile: once more, with fresh eyes.
                Err(NotStored::Refused(_)) if !looked_again => looked_again = true,
                Err(NotStored::Refused(_)) if part > 1 => {
                    part /= 2;
                    looked_again = part > 1;
                }
                Err(NotStored::Refused(report)) => {
                    let text = format!("{report:#}");
                    self.batch.condemn_first(DecodeError { class: ErrorClass::Constraint, text });
                    looked_again = false;
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
                    self.careful = (part / 2).max(LEAST_PART);
                    self.hold(&report);
                    return;
                }
            }
        }
        self.careful = usize::MAX;
        // Not after each part: those behind it would be written to the dead letters once more.
        self.dead.passed();
    }

    pub(super) fn write_part(&mut self, part: usize) -> Result<(), NotStored> {
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
        self.parts.writes.ready();
        for moved in &written.moves {
            self.partitions.stored(moved.partition, moved.until);
        }
        self.tell_kafka(written.moves.iter().map(|moved| (moved.partition, moved.until)));
        Ok(())
    }

    pub(super) fn tend(&mut self) {
        self.tended = Instant::now();
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
        if !self.backoff.failed() || self.complained.is_none_or(|at| at.elapsed() > COMPLAIN_EVERY) {
            self.complained = Some(Instant::now());
            let first = self.batch.items().first().map(|item| (item.raw.partition(), item.raw.offset()));
            let (partition, offset) = first.unzip();
            tracing::warn!(topic = self.topic, partition, offset, "paused, to be tried again: {report:#}");
        }
        self.metrics.waits.inc();
        self.parts.writes.not_ready(format_args!("{report:#}"));
        self.held_until = Some(Instant::now() + self.backoff.pause());
        self.flow(false);
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
            self.parts.writes.ready();
            self.flow(true);
        }
    }
}
