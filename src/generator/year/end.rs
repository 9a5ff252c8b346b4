//! How the shop's own rows stand at the end of a year.

use crate::domain::rows::{Product, User};
use crate::domain::{Grade, Timestamp};

/// How a customer stands at the end of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomerEnd {
    /// Grade.
    pub grade: Grade,
    /// Last order of any status.
    pub last_ordered: Option<Timestamp>,
    /// Last change of the grade.
    pub last_graded: Option<Timestamp>,
}

impl CustomerEnd {
    /// Brings a row up to date: times only move forward.
    pub fn apply(&self, user: &mut User) {
        user.grade = self.grade;
        user.last_ordered_at = self.last_ordered.max(user.last_ordered_at);
        user.last_login_at = user.last_login_at.max(self.last_ordered.unwrap_or(user.last_login_at));
        user.updated_at =
            [self.last_ordered, self.last_graded].into_iter().flatten().fold(user.updated_at, Timestamp::max);
    }
}

/// How a product stands at the end of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProductEnd {
    /// Order items of the year.
    pub order_count: u32,
    /// Last sale.
    pub last_sold: Option<Timestamp>,
}

impl ProductEnd {
    /// Brings a row up to date.
    pub fn apply(&self, product: &mut Product) {
        product.order_count += i64::from(self.order_count);
        product.updated_at = product.updated_at.max(self.last_sold.unwrap_or(product.updated_at));
    }
}
