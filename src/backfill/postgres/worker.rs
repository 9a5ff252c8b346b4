//! One connection's work: it folds the year, and writes the months it has claimed.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use color_eyre::eyre::Result;
use diesel::prelude::*;
use uuid::Uuid;

use crate::backfill::{Summary, Watch};
use crate::db::copy::{CopyBuffer, copy_in};
use crate::db::runs;
use crate::domain::rows::{GradeChange, Names, Order, OrderItem};
use crate::generator::World;
use crate::generator::year::{Batch, Population, Year, YearParams};
use crate::interrupt::Interrupt;

/// Bytes of items gathered before they are sent; orders and items of one part go one after the other.
const PART: usize = 8 << 20;

/// Months still to be written, and who found that something went wrong.
pub(super) struct Shared {
    open: Mutex<BTreeSet<u32>>,
    stop: AtomicBool,
}

impl Shared {
    /// The months that are not done yet.
    pub(super) fn new(done: &BTreeSet<u32>) -> Self {
        Self {
            open: Mutex::new((1..=12).filter(|month| !done.contains(month)).collect()),
            stop: AtomicBool::new(false),
        }
    }

    /// The month, if nobody has it yet.
    fn claim(&self, month: u32) -> bool {
        self.open.lock().is_ok_and(|mut open| open.remove(&month))
    }

    fn any_open(&self) -> bool {
        self.open.lock().is_ok_and(|open| !open.is_empty())
    }
}

/// Another connection met an error, which is told there.
#[derive(Debug)]
pub(super) struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("another connection failed")
    }
}

impl std::error::Error for Stopped {}

/// One connection's work.
pub(super) struct Worker<'a> {
    pub(super) world: &'a World,
    pub(super) params: YearParams,
    pub(super) run_id: Uuid,
    pub(super) attempt: Uuid,
    pub(super) watch: &'a dyn Watch,
    pub(super) interrupt: &'a Interrupt,
    pub(super) shared: &'a Shared,
    /// Goes on to the end of the year, and knows how it ended.
    pub(super) leads: bool,
}

impl<'a> Worker<'a> {
    /// Tells the others when something goes wrong.
    pub(super) fn guarded<T>(self, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        let done = work(&self);
        if done.is_err() {
            self.shared.stop.store(true, Ordering::Relaxed);
        }
        done
    }

    fn check(&self) -> Result<()> {
        self.interrupt.check()?;
        if self.shared.stop.load(Ordering::Relaxed) { Err(Stopped.into()) } else { Ok(()) }
    }

    /// Folds the year, and writes the months that nobody else has claimed.
    pub(super) fn fold<'y>(&self, conn: &mut PgConnection, population: &'y Population) -> Result<Fold<'y>>
    where
        'a: 'y,
    {
        let mut fold = Fold::new(Year::new(self.world, population, self.params));
        for month in 1..=12 {
            if self.shared.claim(month) {
                conn.transaction(|conn| -> Result<()> {
                    runs::hold_month(conn, self.run_id, self.attempt)?;
                    let mut part = Part::new(&self.world.names);
                    fold.month(month, |batch| {
                        self.check()?;
                        part.push(conn, batch)?;
                        self.watch.batch(batch);
                        Ok(())
                    })?;
                    let (orders, items) = part.finish(conn)?;
                    runs::month_done(conn, self.run_id, month, orders, items)
                })?;
            } else if self.leads || self.shared.any_open() {
                fold.month(month, |_| self.check())?;
            } else {
                break;
            }
        }
        Ok(fold)
    }
}

/// A year as it is folded, its figures and grade changes so far.
pub(super) struct Fold<'a> {
    pub(super) year: Year<'a>,
    pub(super) summary: Summary,
    pub(super) changes: Vec<GradeChange>,
    /// The next rows, of a month to come.
    batch: Batch,
    more: bool,
}

impl<'a> Fold<'a> {
    fn new(mut year: Year<'a>) -> Self {
        let mut batch = Batch::default();
        let more = year.next(&mut batch);
        Self { year, summary: Summary::default(), changes: Vec::new(), batch, more }
    }

    /// Hands the rows of a month to `each`; months come in sequence.
    fn month(&mut self, month: u32, mut each: impl FnMut(&Batch) -> Result<()>) -> Result<()> {
        while self.more && self.batch.month == month {
            self.summary.add(&self.batch);
            self.changes.extend_from_slice(&self.batch.grade_changes);
            each(&self.batch)?;
            self.more = self.year.next(&mut self.batch);
        }
        Ok(())
    }
}

/// Rows on their way: gathered, then sent, orders before their items.
struct Part<'a> {
    names: &'a Names,
    orders: CopyBuffer<Order>,
    items: CopyBuffer<OrderItem>,
    sent: (u64, u64),
}

impl<'a> Part<'a> {
    fn new(names: &'a Names) -> Self {
        Self { names, orders: CopyBuffer::default(), items: CopyBuffer::default(), sent: (0, 0) }
    }

    fn push(&mut self, conn: &mut PgConnection, batch: &Batch) -> Result<()> {
        for order in &batch.orders {
            self.orders.push(order, self.names);
        }
        for item in &batch.items {
            self.items.push(item, self.names);
        }
        if self.items.bytes().len() >= PART { self.send(conn) } else { Ok(()) }
    }

    fn send(&mut self, conn: &mut PgConnection) -> Result<()> {
        copy_in::<Order, _>(conn, [&self.orders])?;
        copy_in::<OrderItem, _>(conn, [&self.items])?;
        self.sent.0 += self.orders.rows();
        self.sent.1 += self.items.rows();
        self.orders.clear();
        self.items.clear();
        Ok(())
    }

    fn finish(mut self, conn: &mut PgConnection) -> Result<(u64, u64)> {
        self.send(conn)?;
        Ok(self.sent)
    }
}
