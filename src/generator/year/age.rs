//! A customer's age group on any day of a year, without asking the calendar for each order.

use chrono::{Datelike, NaiveDate};

use crate::domain::AgeGroup;
use crate::domain::date::date_of_epoch_days;
use crate::generator::customers::Customer;

/// A customer's age group on 1 January, and the day of the year (0 is 1 January) from which it is the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct AgeOfYear {
    at_start: AgeGroup,
    changes: u16,
}

impl AgeOfYear {
    /// The groups of a customer in `year`.
    pub(super) fn of(customer: &Customer, year: i32) -> Self {
        let group = |month, day| NaiveDate::from_ymd_opt(year, month, day).map(|day| customer.age_group(day));
        let at_start = group(1, 1).unwrap_or(AgeGroup::FiftyUp);
        let changes = if group(12, 31) == Some(at_start) {
            u16::MAX
        } else {
            let birth = date_of_epoch_days(customer.birth);
            let birthday = NaiveDate::from_ymd_opt(year, birth.month(), birth.day())
                .or_else(|| NaiveDate::from_ymd_opt(year, 3, 1));
            birthday.map_or(u16::MAX, |day| day.ordinal0() as u16)
        };
        Self { at_start, changes }
    }

    /// The group on day `day` (0 is 1 January).
    pub(super) fn on(self, day: usize) -> AgeGroup {
        let next = usize::from(self.at_start.code()) + usize::from(day >= usize::from(self.changes));
        AgeGroup::ALL[next.min(AgeGroup::ALL.len() - 1)]
    }
}
