//! Customer grades: the thresholds, and how a grade moves. SQL follows the same rule (`db/sql/grades_candidates.sql`, with these thresholds as parameters).

use super::labels::label_enum;
use super::{Timestamp, date::DAY_SECS};

label_enum! {
    /// A customer's standing, from the last six months' completed orders.
    Grade {
        /// Everybody else.
        Bronze = "BRONZE",
        /// From 500,000 KRW and 5 orders.
        Silver = "SILVER",
        /// From 2,000,000 KRW and 15 orders.
        Gold = "GOLD",
        /// From 5,000,000 KRW and 30 orders.
        Vip = "VIP",
    }
}

/// Months of business time that count towards a grade.
pub const WINDOW_MONTHS: u32 = 6;
/// Default distance between two demotions of one customer.
pub const DEMOTE_EVERY_SECS: i64 = 7 * DAY_SECS;

impl Grade {
    /// Least amount (KRW, line amounts of completed orders) and least number of orders for this grade.
    #[must_use]
    pub const fn thresholds(self) -> (i64, i64) {
        match self {
            Self::Bronze => (0, 0),
            Self::Silver => (500_000, 5),
            Self::Gold => (2_000_000, 15),
            Self::Vip => (5_000_000, 30),
        }
    }

    /// The grade earned by `amount` KRW over `orders` orders; both conditions must hold.
    #[must_use]
    pub const fn earned(amount: i64, orders: i64) -> Self {
        let mut best = Self::Bronze;
        let mut i = 1;
        while i < Self::ALL.len() {
            let (least_amount, least_orders) = Self::ALL[i].thresholds();
            if amount >= least_amount && orders >= least_orders {
                best = Self::ALL[i];
            }
            i += 1;
        }
        best
    }

    /// One step down; BRONZE stays.
    #[must_use]
    pub const fn one_below(self) -> Self {
        match self {
            Self::Bronze | Self::Silver => Self::Bronze,
            Self::Gold => Self::Silver,
            Self::Vip => Self::Gold,
        }
    }

    /// The grade after an update at `now` of somebody who earned `earned`.
    ///
    /// Promotion is immediate, over several steps if need be. Demotion goes one step, and not within
    /// `demote_every_secs` of the customer's last (exactly that long ago is enough).
    #[must_use]
    pub fn next(self, earned: Self, last_demotion: Option<Timestamp>, now: Timestamp, demote_every_secs: i64) -> Self {
        if earned >= self {
            return earned;
        }
        let rested = last_demotion.is_none_or(|last| last.plus_secs(demote_every_secs) <= now);
        if rested { self.one_below() } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_conditions_must_hold_and_the_limits_belong_to_the_higher_grade() {
        assert_eq!(Grade::earned(5_000_000, 30), Grade::Vip);
        assert_eq!(Grade::earned(4_999_999, 30), Grade::Gold);
        assert_eq!(Grade::earned(5_000_000, 29), Grade::Gold);
        assert_eq!(Grade::earned(2_000_000, 14), Grade::Silver);
        assert_eq!(Grade::earned(500_000, 5), Grade::Silver);
        assert_eq!(Grade::earned(90_000_000, 4), Grade::Bronze);
        assert_eq!(Grade::earned(0, 0), Grade::Bronze);
    }

    #[test]
    fn promotion_jumps_and_demotion_walks() {
        let now = Timestamp::from_secs(1_000_000_000);
        assert_eq!(Grade::Bronze.next(Grade::Vip, None, now, DEMOTE_EVERY_SECS), Grade::Vip);
        assert_eq!(Grade::Vip.next(Grade::Bronze, None, now, DEMOTE_EVERY_SECS), Grade::Gold);
        let week_ago = now.plus_secs(-DEMOTE_EVERY_SECS);
        assert_eq!(Grade::Gold.next(Grade::Bronze, Some(week_ago), now, DEMOTE_EVERY_SECS), Grade::Silver);
        let less = week_ago.plus_secs(1);
        assert_eq!(Grade::Gold.next(Grade::Bronze, Some(less), now, DEMOTE_EVERY_SECS), Grade::Gold);
        assert_eq!(Grade::Bronze.next(Grade::Bronze, None, now, DEMOTE_EVERY_SECS), Grade::Bronze);
    }
}
