//! What the cache knows of each member of a pool: all that a producer needs, so that it never asks PostgreSQL.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::labels::label_enum;
use crate::domain::{CustomerStatus, Gender, Grade, Timestamp};

/// A customer in the pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachedCustomer {
    /// Id of the `users` row.
    pub id: Uuid,
    /// Gender.
    pub gender: Gender,
    /// Day of birth.
    pub birth_date: NaiveDate,
    /// Region, by its Korean name.
    pub region: String,
    /// Active or dormant.
    pub status: CustomerStatus,
    /// Whether marketing mail is welcome.
    pub marketing_agree: bool,
    /// Grade at the refresh.
    pub grade: Grade,
    /// Sign-up: nobody orders before it.
    pub created_at: Timestamp,
}

/// A product in the pool. Money is whole KRW.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachedProduct {
    /// Id of the `products` row.
    pub id: Uuid,
    /// Category, by its name in the catalogue.
    pub category: String,
    /// Price, KRW.
    pub price: i64,
    /// Liked more than others.
    pub is_best: bool,
    /// First moment on sale.
    pub created_at: Timestamp,
    /// First moment no longer on sale; none for one that was called back for want of others.
    pub until: Option<Timestamp>,
}

label_enum! {
    /// Why a customer is in the pool.
    CustomerPart {
        /// Has bought, long ago.
        Bought = "bought",
        /// Never bought, and is new.
        New = "new",
    }
}

label_enum! {
    /// Why a product is in the pool.
    ProductPart {
        /// One of the most sold.
        Sold = "sold",
        /// One of the newest of the rest.
        Newest = "newest",
        /// Withdrawn, but too few are on sale.
        CalledBack = "called back",
    }
}

/// A member with the part of the pool it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<T, P> {
    /// The member.
    pub member: T,
    /// Why it is in the pool.
    pub part: P,
}

/// A customer with its part.
pub type CustomerMember = Member<CachedCustomer, CustomerPart>;
/// A product with its part.
pub type ProductMember = Member<CachedProduct, ProductPart>;

/// Both pools, as PostgreSQL has them at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pools {
    /// Customers.
    pub customers: Vec<CustomerMember>,
    /// Products.
    pub products: Vec<ProductMember>,
}

/// What is known of the pool that is in the cache.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolMeta {
    /// Number of the refresh; another number is another pool.
    pub generation: u64,
    /// When it was refreshed, Unix milliseconds.
    pub refreshed_at_ms: i64,
    /// Milliseconds between two refreshes; 0 when it was refreshed by hand.
    pub interval_ms: u64,
    /// Milliseconds that the refresh took.
    pub took_ms: u64,
    /// Customers by part: have bought, never bought.
    pub users_bought: u64,
    /// See `users_bought`.
    pub users_new: u64,
    /// Products by part: most sold, newest, called back.
    pub products_sold: u64,
    /// See `products_sold`.
    pub products_newest: u64,
    /// See `products_sold`.
    pub products_called_back: u64,
    /// Customers that the pool before did not have.
    pub users_replaced: u64,
    /// Products that the pool before did not have.
    pub products_replaced: u64,
}

/// Without a known interval a pool counts as old after this many milliseconds.
const OLD_AFTER_MS: i64 = 150_000;
/// A pool is old when so many refreshes should have come since.
const REFRESHES_MISSED: i64 = 3;

impl PoolMeta {
    /// Customers in the pool.
    #[must_use]
    pub const fn users(&self) -> u64 {
        self.users_bought + self.users_new
    }

    /// Products in the pool.
    #[must_use]
    pub const fn products(&self) -> u64 {
        self.products_sold + self.products_newest + self.products_called_back
    }

    /// Milliseconds since the refresh.
    #[must_use]
    pub const fn age_ms(&self, now: Timestamp) -> i64 {
        now.micros() / 1_000 - self.refreshed_at_ms
    }

    /// Whether the pool is so old that somebody should look after the refresher.
    #[must_use]
    pub fn is_old(&self, now: Timestamp) -> bool {
        let most = match i64::try_from(self.interval_ms) {
            Ok(interval) if interval > 0 => interval.saturating_mul(REFRESHES_MISSED),
            _ => OLD_AFTER_MS,
        };
        self.age_ms(now) > most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_old_after_three_refreshes_that_did_not_come() {
        let meta = PoolMeta { refreshed_at_ms: 1_000_000, interval_ms: 50_000, ..PoolMeta::default() };
        let at = |ms: i64| Timestamp::from_micros(ms * 1_000);
        assert!(!meta.is_old(at(1_150_000)));
        assert!(meta.is_old(at(1_150_001)));
        let by_hand = PoolMeta { interval_ms: 0, ..meta };
        assert!(!by_hand.is_old(at(1_150_000)));
        assert!(by_hand.is_old(at(1_150_001)));
    }
}
