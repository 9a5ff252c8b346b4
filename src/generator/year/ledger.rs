//! What each customer bought in the last six months, and the grade that follows; the rule of `grades update` in memory.

use uuid::Uuid;

use crate::domain::date::DAY_SECS;
use crate::domain::grade::{DEMOTE_EVERY_SECS, WINDOW_MONTHS};
use crate::domain::rows::{Counted, GradeChange};
use crate::domain::{Grade, Timestamp};
use crate::generator::customers::Customer;

/// Days between two grade updates of the simulated year.
pub const GRADES_EVERY_DAYS: usize = 7;
/// Entries that a bucket may hold before those of one customer are added up.
const COMPACT_FROM: usize = 1 << 15;

/// A customer's last six months; aligned so as to lie in one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Account {
    amount: i64,
    orders: u32,
    /// Unix seconds; 0 for never.
    last_demotion: u32,
    /// Unix seconds; 0 for never.
    last_change: u32,
    dirty: bool,
    /// Beside the sums, because an order reads the one and moves the other.
    grade: Grade,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    customer: u32,
    orders: u32,
    amount: i64,
}

impl Account {
    const NEW: Self =
        Self { amount: 0, orders: 0, last_demotion: 0, last_change: 0, dirty: false, grade: Grade::Bronze };
}

/// Completed orders by the update at which they fall out of the window. Updates look back from midnights, so that
/// a day's orders fall out together, and a bucket needs one entry a customer however many orders there are.
#[derive(Clone, Debug)]
pub struct GradeLedger {
    accounts: Vec<Account>,
    dirty: Vec<u32>,
    buckets: Vec<Vec<Entry>>,
    /// The bucket that takes entries now; those before it are closed, and hold no more memory than they need.
    open: usize,
    compact_at: usize,
    /// For each day of the year the update that no longer counts it; `None` when the year ends before.
    expires: Vec<Option<usize>>,
    updates_done: usize,
}

impl GradeLedger {
    /// An empty ledger: everybody is BRONZE. `midnights` are the starts of the year's days.
    #[must_use]
    pub fn new(customers: usize, midnights: &[Timestamp]) -> Self {
        let starts: Vec<Timestamp> = midnights
            .iter()
            .step_by(GRADES_EVERY_DAYS)
            .skip(1)
            .map(|midnight| midnight.minus_months(WINDOW_MONTHS))
            .collect();
        let expires = midnights.iter().map(|day| starts.iter().position(|start| start > day)).collect();
        Self {
            accounts: vec![Account::NEW; customers],
            dirty: Vec::new(),
            buckets: vec![Vec::new(); starts.len()],
            open: 0,
            compact_at: COMPACT_FROM,
            expires,
            updates_done: 0,
        }
    }

    /// The customer's grade now.
    #[inline]
    #[must_use]
    pub fn grade(&self, customer: u32) -> Grade {
        self.accounts[customer as usize].grade
    }

    /// When the grade changed last, Unix seconds; 0 for never.
    #[must_use]
    pub fn last_change(&self, customer: u32) -> u32 {
        self.accounts[customer as usize].last_change
    }

    /// Counts a completed order of day `day` (0 is 1 January).
    pub fn add(&mut self, customer: u32, amount: i64, day: usize) {
        let account = &mut self.accounts[customer as usize];
        account.amount += amount;
        account.orders += 1;
        if !account.dirty {
            account.dirty = true;
            self.dirty.push(customer);
        }
        if let Some(update) = self.expires[day] {
            if update != self.open {
                self.close_bucket();
                self.open = update;
            }
            let bucket = &mut self.buckets[update];
            bucket.push(Entry { customer, orders: 1, amount });
            if bucket.len() >= self.compact_at {
                compact(bucket);
                self.compact_at = (2 * bucket.len()).max(COMPACT_FROM);
            }
        }
    }

    fn close_bucket(&mut self) {
        let bucket = &mut self.buckets[self.open];
        if bucket.len() >= COMPACT_FROM {
            compact(bucket);
        }
        bucket.shrink_to_fit();
        self.compact_at = COMPACT_FROM;
    }

    /// Runs the update of the given midnight, and appends what changed, in the order of ids.
    pub fn update(&mut self, now: Timestamp, customers: &[Customer], run_id: Option<Uuid>, out: &mut Vec<GradeChange>) {
        for entry in std::mem::take(&mut self.buckets[self.updates_done]) {
            let account = &mut self.accounts[entry.customer as usize];
            account.amount -= entry.amount;
            account.orders -= entry.orders;
            if !account.dirty {
                account.dirty = true;
                self.dirty.push(entry.customer);
            }
        }
        self.updates_done += 1;
        self.dirty.sort_unstable();
        let accounts = &mut self.accounts;
        self.dirty.retain(|&customer| {
            let account = &mut accounts[customer as usize];
            let grade = account.grade;
            let earned = Grade::earned(account.amount, account.orders.into());
            let last = (account.last_demotion > 0).then(|| Timestamp::from_secs(account.last_demotion.into()));
            let next = grade.next(earned, last, now, DEMOTE_EVERY_SECS);
            if next != grade {
                account.last_change = now.secs() as u32;
                if next < grade {
                    account.last_demotion = account.last_change;
                }
                out.push(GradeChange {
                    user_id: customers[customer as usize].id,
                    changed_at: now,
                    from_grade: grade,
                    to_grade: next,
                    amount_6m: account.amount,
                    orders_6m: account.orders.into(),
                    counted: Counted::Orders,
                    run_id,
                });
                account.grade = next;
            }
            // Whoever still owes a step down is looked at again next time.
            account.dirty = earned < next;
            account.dirty
        });
    }
}

/// Adds up the entries of each customer.
fn compact(bucket: &mut Vec<Entry>) {
    bucket.sort_unstable_by_key(|entry| entry.customer);
    bucket.dedup_by(|next, kept| {
        let same = next.customer == kept.customer;
        if same {
            kept.orders += next.orders;
            kept.amount += next.amount;
        }
        same
    });
}

/// Whether an update runs at the start of day `day` (0 is 1 January).
#[must_use]
pub const fn update_due(day: usize) -> bool {
    day > 0 && day.is_multiple_of(GRADES_EVERY_DAYS)
}

// A demotion waits as long as updates are apart, so that each update may demote.
const _: () = assert!(DEMOTE_EVERY_SECS == GRADES_EVERY_DAYS as i64 * DAY_SECS);
