//! What each topic's messages become. A handler knows rows, and nothing of Kafka.

mod orders;
mod simple;

use color_eyre::eyre::Result;
use diesel::PgConnection;
use uuid::Uuid;

pub use orders::Orders;
pub use simple::{Products, Users};

use crate::stream::message::Message;

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its rows are there now.
    Stored,
    /// Its rows were there before.
    Known,
    /// These customers and products are not there yet: nothing was written.
    Orphan(Vec<Uuid>),
}

/// What becomes of the counters that follow from the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counters {
    /// They are brought up to date.
    Update,
    /// They stay as they are: the rows are only tried.
    Leave,
}

/// Writes one kind of message.
pub trait Handler: Default + Send {
    /// The kind.
    type Message: Message + Send;

    /// Whether its messages may have to wait for others, and are parked then.
    const PARKS: bool;

    /// Writes those that are not there yet, in the transaction that `conn` is in; returns the fate of each.
    ///
    /// # Errors
    /// When the database refuses a row or does not answer. The transaction must be rolled back then, and
    /// [`forget`](Self::forget) be called.
    fn store(&mut self, conn: &mut PgConnection, batch: &[&Self::Message], counters: Counters) -> Result<Vec<Fate>>;

    /// Forgets what was remembered of the database: it may not be true any more.
    fn forget(&mut self);
}
