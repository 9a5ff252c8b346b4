//! Counting what was sent and what the brokers confirmed, by kind.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

use super::request::Streams;
use crate::stream::sender::DeliveryCount;

/// Under what a message is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Lane {
    /// A good order.
    Order = 0,
    /// A product.
    Product = 1,
    /// A customer.
    User = 2,
    /// An order sent again.
    Duplicate = 3,
    /// An order that can never be stored.
    Poison = 4,
    /// An order of nobody, or with a product that never comes.
    Orphan = 5,
}

/// Number of lanes.
const LANES: usize = 6;

/// Counters shared by the producer, its delivery reports and the metrics.
#[derive(Clone, Debug, Default)]
pub struct Totals(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    handed: [AtomicU64; LANES],
    delivered: [AtomicU64; LANES],
    late: AtomicU64,
}

/// Messages by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ByKind {
    /// Good orders, late ones among them.
    pub orders: u64,
    /// Products.
    pub products: u64,
    /// Customers.
    pub users: u64,
    /// Orders sent again.
    pub duplicates: u64,
    /// Orders that can never be stored.
    pub poison: u64,
    /// Orders of nobody, or with a product that never comes.
    pub orphans: u64,
}

impl Totals {
    /// A message was taken by the client.
    pub fn handed(&self, lane: Lane) {
        self.0.handed[lane as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// One of the good orders was placed hours before.
    pub fn handed_late(&self) {
        self.0.late.fetch_add(1, Ordering::Relaxed);
    }

    /// The brokers confirmed a message.
    pub fn delivered(&self, lane: u8) {
        if let Some(counter) = self.0.delivered.get(usize::from(lane)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What counts towards the limit: orders, or the messages of the one stream.
    #[must_use]
    pub fn of_limit(&self, streams: Streams) -> u64 {
        let lane = if streams.only_products() {
            Lane::Product
        } else if streams.only_users() {
            Lane::User
        } else {
            Lane::Order
        };
        self.0.handed[lane as usize].load(Ordering::Relaxed)
    }

    /// What was taken by the client so far, and late orders among them.
    #[must_use]
    pub fn sent(&self) -> Sent {
        let by_kind = |counters: &[AtomicU64; LANES]| {
            let [orders, products, users, duplicates, poison, orphans] =
                counters.each_ref().map(|counter| counter.load(Ordering::Relaxed));
            ByKind { orders, products, users, duplicates, poison, orphans }
        };
        Sent {
            sent: by_kind(&self.0.handed),
            delivered: by_kind(&self.0.delivered),
            late: self.0.late.load(Ordering::Relaxed),
        }
    }
}

/// What was sent and confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// Taken by the client.
    pub sent: ByKind,
    /// Confirmed by the brokers.
    pub delivered: ByKind,
    /// Orders among them that were placed hours before.
    pub late: u64,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// Its name.
    pub run: String,
    /// Deliveries in all.
    pub count: DeliveryCount,
    /// By kind.
    pub sent: Sent,
    /// Visits that could not be noted in Redis.
    pub forgotten_visits: u64,
    /// From the first message to the last confirmation.
    pub took: Duration,
    /// Why it ended, when it was not asked to.
    pub failure: Option<color_eyre::Report>,
}

impl Outcome {
    /// Messages a second, confirmed ones.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.count.delivered as f64 / self.took.as_secs_f64().max(1e-3)
    }
}
