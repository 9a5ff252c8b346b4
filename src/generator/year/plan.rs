//! How many orders each month and each day of a year gets.

use chrono::{Datelike, NaiveDate};

use crate::generator::World;
use crate::generator::calendar::days_of_year;

/// One day of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayPlan {
    /// The day on the business calendar.
    pub day: NaiveDate,
    /// Position of the calendar's scenario.
    pub scenario: u8,
    /// Number of orders.
    pub orders: u64,
}

/// Splits `total` in proportion to `weights`: whole numbers that add up exactly (largest remainder; ties go to the
/// earlier one).
#[must_use]
pub fn largest_remainder(weights: &[f64], total: u64) -> Vec<u64> {
    let sum: f64 = weights.iter().sum();
    let exact = |weight: &f64| weight / sum * total as f64;
    let mut shares: Vec<u64> = weights.iter().map(|weight| exact(weight) as u64).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    let remainder = |at: usize| exact(&weights[at]) - shares[at] as f64;
    order.sort_by(|&a, &b| remainder(b).total_cmp(&remainder(a)).then(a.cmp(&b)));
    let missing = total.saturating_sub(shares.iter().sum());
    for &at in order.iter().cycle().take(missing as usize) {
        shares[at] += 1;
    }
    shares
}

impl World {
    /// Orders of each month of any year with `orders` orders.
    #[must_use]
    pub fn month_plan(&self, orders: u64) -> Vec<u64> {
        largest_remainder(&self.demand.growth.months(), orders)
    }

    /// The days of `year`: within a month, a day's share follows weekday × scenario demand.
    #[must_use]
    pub fn year_plan(&self, year: i32, orders: u64) -> Vec<DayPlan> {
        let days = days_of_year(year);
        let scenarios = self.scenarios.calendar(year);
        let months = self.month_plan(orders);
        let mut plan = Vec::with_capacity(days.len());
        for (month, &total) in (1..).zip(&months) {
            let of_month: Vec<(NaiveDate, u8)> =
                days.iter().copied().zip(scenarios.iter().copied()).filter(|(day, _)| day.month() == month).collect();
            let weight = |&(day, scenario): &(NaiveDate, u8)| {
                self.demand.weekdays[day.weekday().num_days_from_monday() as usize]
                    * self.scenarios.all[usize::from(scenario)].demand
            };
            let shares = largest_remainder(&of_month.iter().map(weight).collect::<Vec<_>>(), total);
            plan.extend(of_month.iter().zip(shares).map(|(&(day, scenario), orders)| DayPlan {
                day,
                scenario,
                orders,
            }));
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_exactly() {
        assert_eq!(largest_remainder(&[1.0, 1.0, 1.0], 10), [4, 3, 3]);
        assert_eq!(largest_remainder(&[0.0, 5.0], 3), [0, 3]);
        assert_eq!(largest_remainder(&[2.0, 1.0], 0), [0, 0]);
    }

    #[test]
    fn months_grow_from_3000_to_6000_orders() {
        let world = World::new(None, None).unwrap();
        let months = [3000, 3058, 3181, 3353, 3566, 3818, 4105, 4425, 4775, 5155, 5564, 6000];
        assert_eq!(world.month_plan(50_000), months);
    }

    #[test]
    fn every_year_has_exactly_its_orders() {
        let world = World::new(None, None).unwrap();
        for (year, orders) in [(1975, 1), (2000, 11), (2024, 50_000), (2025, 50_000), (2100, 1_234_567)] {
            let plan = world.year_plan(year, orders);
            assert_eq!(plan.iter().map(|day| day.orders).sum::<u64>(), orders, "{year}");
            assert_eq!(plan.len(), if year % 4 == 0 && year != 2100 { 366 } else { 365 });
        }
    }
}
