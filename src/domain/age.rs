//! Age groups, the unit in which the shop describes how old its customers are.

use chrono::{Datelike, NaiveDate};

use super::labels::label_enum;

label_enum! {
    /// A customer's age group on a given day.
    AgeGroup {
        /// 14 to 19 years.
        Teens = "teens",
        /// 20 to 29 years.
        Twenties = "20s",
        /// 30 to 39 years.
        Thirties = "30s",
        /// 40 to 49 years.
        Forties = "40s",
        /// 50 years and more.
        FiftyUp = "50+",
    }
}

impl AgeGroup {
    /// The group somebody of `years` completed years belongs to.
    #[must_use]
    pub const fn of_years(years: i32) -> Self {
        match years {
            ..20 => Self::Teens,
            20..30 => Self::Twenties,
            30..40 => Self::Thirties,
            40..50 => Self::Forties,
            _ => Self::FiftyUp,
        }
    }

    /// The group on `day` of somebody born on `birth`.
    #[must_use]
    pub fn on(day: NaiveDate, birth: NaiveDate) -> Self {
        Self::of_years(age_on(day, birth))
    }
}

/// Completed years on `day` of somebody born on `birth` (a birthday on 29 February counts on 1 March).
#[must_use]
pub fn age_on(day: NaiveDate, birth: NaiveDate) -> i32 {
    let had_birthday = (day.month(), day.day()) >= (birth.month(), birth.day());
    day.year() - birth.year() - i32::from(!had_birthday)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).unwrap()
    }

    #[test]
    fn a_birthday_changes_the_age_on_its_own_day() {
        assert_eq!(age_on(day(2025, 6, 14), day(2005, 6, 15)), 19);
        assert_eq!(age_on(day(2025, 6, 15), day(2005, 6, 15)), 20);
        assert_eq!(AgeGroup::on(day(2025, 6, 14), day(2005, 6, 15)), AgeGroup::Teens);
        assert_eq!(AgeGroup::on(day(2025, 6, 15), day(2005, 6, 15)), AgeGroup::Twenties);
    }

    #[test]
    fn a_leap_day_child_turns_on_the_first_of_march() {
        assert_eq!(age_on(day(2025, 2, 28), day(2004, 2, 29)), 20);
        assert_eq!(age_on(day(2025, 3, 1), day(2004, 2, 29)), 21);
    }
}
