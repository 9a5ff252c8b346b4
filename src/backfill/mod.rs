//! The simulated year, from its parameters to its rows in their place.

pub mod dataset;
pub mod files;
pub mod kafka;
pub mod lanes;
pub mod postgres;
pub mod request;
pub mod summary;

pub use request::{Request, Shard};
pub use summary::Summary;

use crate::generator::year::Batch;

/// Is told what has been made; for progress bars.
pub trait Watch: Sync {
    /// The shop's own tables are next, before the orders.
    fn shop_begins(&self) {}

    /// A batch of the year is on its way to where it goes.
    fn batch(&self, batch: &Batch);

    /// So many messages have been waiting for a while for brokers that do not answer.
    fn waiting(&self, _messages: u64) {}

    /// The orders are done; the shop's own tables follow.
    fn orders_done(&self) {}
}

/// Watches nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn batch(&self, _batch: &Batch) {}
}
