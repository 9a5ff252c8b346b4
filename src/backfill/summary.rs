//! What a year amounts to: orders, items, revenue and the leading scenario of each month, and the grades at the end.

use std::collections::BTreeMap;

use crate::domain::{Grade, OrderStatus};
use crate::generator::scenarios::BASELINE;
use crate::generator::year::{Batch, Population, Year};

/// One month's figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Month {
    /// Number of orders.
    pub orders: u64,
    /// Number of order items.
    pub items: u64,
    /// Total amount of completed orders, KRW.
    pub revenue: i64,
    /// Orders by scenario (a position).
    pub scenarios: BTreeMap<u8, u64>,
}

impl Month {
    /// The scenario, besides the baseline, that most orders followed.
    #[must_use]
    pub fn top_scenario(&self) -> Option<(u8, u64)> {
        let named = self.scenarios.iter().filter(|(scenario, _)| **scenario != BASELINE);
        named.max_by_key(|(scenario, orders)| (**orders, u8::MAX - **scenario)).map(|(s, n)| (*s, *n))
    }
}

/// A year's figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// January to December.
    pub months: [Month; 12],
    /// Customers of each grade at the end.
    pub grades: [u64; 4],
    /// Number of grade changes.
    pub grade_changes: u64,
}

impl Summary {
    /// Counts a batch.
    pub fn add(&mut self, batch: &Batch) {
        self.grade_changes += batch.grade_changes.len() as u64;
        let Some(month) = self.months.get_mut((batch.month as usize).wrapping_sub(1)) else { return };
        month.orders += batch.orders.len() as u64;
        month.items += batch.items.len() as u64;
        for order in &batch.orders {
            if order.status == OrderStatus::Completed {
                month.revenue += order.total_amount;
            }
            *month.scenarios.entry(order.scenario).or_default() += 1;
        }
    }

    /// Counts the customers' grades at the end.
    pub fn add_grades(&mut self, year: &Year<'_>, population: &Population) {
        for customer in 0..population.customers.len() {
            self.grades[usize::from(year.customer_end(customer).grade.code())] += 1;
        }
    }

    /// Orders of the year.
    #[must_use]
    pub fn orders(&self) -> u64 {
        self.months.iter().map(|month| month.orders).sum()
    }

    /// Order items of the year.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.months.iter().map(|month| month.items).sum()
    }

    /// Each grade with its customers, the highest first.
    pub fn pyramid(&self) -> impl Iterator<Item = (Grade, u64)> + '_ {
        Grade::ALL.iter().rev().map(|&grade| (grade, self.grades[usize::from(grade.code())]))
    }
}
