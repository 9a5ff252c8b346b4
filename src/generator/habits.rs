//! Who comes back, and when: a habit is a function of the customer's id; visits wait until they are due.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use uuid::Uuid;

use super::dist;
use super::rng::{Purpose, Stream};
use super::tables::HabitFigures;
use crate::domain::date::DAY_SECS;

/// How loyal a customer is, and how often they come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Habit {
    /// Probability of coming back after an order.
    pub loyalty: f64,
    /// Typical days until then.
    pub rhythm_days: f64,
}

impl Habit {
    /// The habit of the customer with this id.
    #[must_use]
    pub fn of(id: Uuid, figures: &HabitFigures) -> Self {
        let stream = &mut Stream::of_id(id, Purpose::Habit);
        let (l, r) = (&figures.loyalty, &figures.rhythm);
        let loyalty = dist::beta(stream, l.alpha, l.beta).min(l.most);
        let log = r.spread * dist::normal(stream) - r.loyalty_pull * (loyalty - r.loyalty_centre);
        Self { loyalty, rhythm_days: (r.days * libm::exp(log)).clamp(r.least, r.most) }
    }

    /// Seconds until the next visit after an order; `None` if there will be none.
    #[inline]
    pub fn next_visit(&self, figures: &HabitFigures, stream: &mut Stream) -> Option<u32> {
        let stays_away = !stream.chance(self.loyalty);
        // Drawn in any case, so that what follows in the stream does not depend on the answer.
        let u = stream.unit();
        if stays_away {
            return None;
        }
        let spread = libm::exp(figures.visit_spread * dist::normal_of_unit(u));
        Some((self.rhythm_days * spread * DAY_SECS as f64) as u32)
    }
}

/// Visits that wait; times are seconds since the Unix epoch. Each order may have agreed one, so that a customer who also
/// buys in between has several.
///
/// Days come in sequence: [`Self::open_day`] brings a day's visits into play, [`Self::take_due`] serves the oldest.
#[derive(Clone, Debug)]
pub struct Visits {
    first_day: u32,
    /// Visits that fall due on each day, in no order.
    by_day: Vec<Vec<(u32, u32)>>,
    /// Visits of the open day and those left over, soonest first.
    waiting: Vec<(u32, u32)>,
    served: usize,
    /// Visits of the open day that were agreed on the same day.
    same_day: BinaryHeap<Reverse<(u32, u32)>>,
}

impl Visits {
    /// No visits, for `days` days of `DAY_SECS` from `first_day` (its first second).
    #[must_use]
    pub fn new(first_day: u32, days: usize) -> Self {
        Self { first_day, by_day: vec![Vec::new(); days], waiting: Vec::new(), served: 0, same_day: BinaryHeap::new() }
    }

    /// Brings the visits of day `day` into play.
    pub fn open_day(&mut self, day: usize) {
        self.waiting.drain(..self.served);
        self.served = 0;
        // Visits agreed yesterday for yesterday and not served: at most a few.
        while let Some(Reverse(visit)) = self.same_day.pop() {
            self.waiting.push(visit);
        }
        // Taken whole, so that the memory of a year's past days does not add up.
        self.waiting.extend(std::mem::take(&mut self.by_day[day]));
        self.waiting.sort_unstable();
    }

    /// Notes that the customer will come at `at`; `today` is the open day.
    pub fn plan(&mut self, customer: u32, at: u32, today: usize) {
        let day = ((at - self.first_day) / DAY_SECS as u32) as usize;
        if day == today {
            self.same_day.push(Reverse((at, customer)));
        } else if let Some(list) = self.by_day.get_mut(day) {
            list.push((at, customer));
        }
    }

    /// Takes the oldest visit due at `now`, if there is one.
    pub fn take_due(&mut self, now: u32) -> Option<u32> {
        let planned = self.waiting.get(self.served).copied();
        let agreed = self.same_day.peek().map(|&Reverse(visit)| visit);
        let (at, customer) = match (planned, agreed) {
            (Some(a), Some(b)) => a.min(b),
            (a, b) => a.or(b)?,
        };
        if at > now {
            return None;
        }
        if Some((at, customer)) == planned {
            self.served += 1;
        } else {
            self.same_day.pop();
        }
        Some(customer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_due_visit_is_served_first_and_each_once() {
        let mut visits = Visits::new(1_000_000, 3);
        visits.plan(0, 1_000_500, 9);
        visits.plan(1, 1_000_100, 9);
        visits.plan(2, 1_000_000 + 86_400, 9);
        visits.open_day(0);
        visits.plan(3, 1_000_300, 0);
        assert_eq!(visits.take_due(1_000_050), None);
        assert_eq!(visits.take_due(1_001_000), Some(1));
        assert_eq!(visits.take_due(1_001_000), Some(3));
        visits.open_day(1);
        assert_eq!(visits.take_due(1_090_000), Some(0), "left over from the day before");
        assert_eq!(visits.take_due(1_090_000), Some(2));
        assert_eq!(visits.take_due(1_099_999), None);
    }

    #[test]
    fn each_order_may_agree_a_visit_of_its_own() {
        let mut visits = Visits::new(0, 2);
        visits.plan(0, 100, 9);
        visits.plan(0, 200, 9);
        visits.open_day(0);
        assert_eq!(visits.take_due(150), Some(0));
        assert_eq!(visits.take_due(150), None);
        assert_eq!(visits.take_due(1_000), Some(0));
        assert_eq!(visits.take_due(1_000), None);
    }
}
