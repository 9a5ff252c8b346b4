//! The year into PostgreSQL: binary COPY, a month a transaction, several months at once over several connections.
//!
//! Each connection folds the year itself and writes the months it has claimed: folding costs a few per cent of what
//! writing costs, and nothing has to be kept for another.

mod admission;
mod worker;

use std::thread::scope;

use color_eyre::eyre::{Context, Result, eyre};
use diesel::prelude::*;
use uuid::Uuid;

use super::{Summary, Watch};
use crate::db::copy::{CopyBuffer, copy_in};
use crate::db::{self, lock, runs};
use crate::domain::rows::GradeChange;
use crate::generator::World;
use crate::generator::year::Population;
use crate::interrupt::Interrupt;
pub use admission::{Admitted, Earlier, admit};
use worker::{Fold, Shared, Stopped, Worker};

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The year's figures.
    pub summary: Summary,
    /// The id written with each order and grade change.
    pub run_id: Uuid,
    /// Whether an earlier run had all of it done already.
    pub was_complete: bool,
}

impl Admitted<'_> {
    /// Whether an earlier run has done all of it.
    #[must_use]
    pub const fn was_complete(&self) -> bool {
        self.was_complete
    }

    /// Writes what is missing over `connections` connections.
    ///
    /// # Errors
    /// When a row cannot be written, or on an interruption: months that are complete stay for `--resume`.
    pub fn run(mut self, connections: usize, watch: &dyn Watch, interrupt: &Interrupt) -> Result<Outcome> {
        let shared = Shared::new(&self.months_done);
        let (world, population, params, url) = (self.world, &self.population, self.params, self.url);
        let (run_id, attempt) = (self.run_id, self.attempt);
        let worker = |leads| Worker { world, params, run_id, attempt, watch, interrupt, shared: &shared, leads };
        let conn = &mut self.conn;
        let was_complete = self.was_complete;
        scope(|threads| {
            let others: Vec<_> = (1..connections)
                .map(|_| {
                    let worker = worker(false);
                    threads.spawn(move || {
                        worker.guarded(|worker| worker.fold(&mut db::connect(url)?, population).map(drop))
                    })
                })
                .collect();
            let led = worker(true).guarded(|worker| worker.fold(conn, population));
            let mut failures = Vec::new();
            for thread in others {
                let followed = thread.join().map_err(|_| eyre!("a connection's thread broke down"))?;
                failures.extend(followed.err());
            }
            let mut fold = match led {
                Ok(fold) if failures.is_empty() => fold,
                led => {
                    failures.extend(led.err());
                    // Whoever stopped only because another did has nothing to tell.
                    failures.sort_by_key(|failure| failure.is::<Stopped>());
                    return Err(failures.swap_remove(0));
                }
            };
            if !was_complete {
                finish(conn, world, population, (run_id, attempt), &fold)?;
            }
            fold.summary.add_grades(&fold.year, population);
            Ok(Outcome { summary: fold.summary, run_id, was_complete })
        })
    }
}

/// The last transaction: grade changes, counters, last orders, grades.
fn finish(
    conn: &mut PgConnection,
    world: &World,
    population: &Population,
    (run_id, attempt): (Uuid, Uuid),
    fold: &Fold<'_>,
) -> Result<()> {
    conn.transaction(|conn| {
        runs::hold_month(conn, run_id, attempt)?;
        lock::lock(conn, lock::GRADES).wrap_err("cannot take the grades' lock")?;
        let mut buffer = CopyBuffer::<GradeChange>::default();
        for change in &fold.changes {
            buffer.push(change, &world.names);
        }
        copy_in::<GradeChange, _>(conn, [&buffer])?;
        runs::finish(conn, run_id, population, &fold.year)
    })
}
