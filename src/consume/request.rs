//! What a consumer is asked for.

use std::time::Duration;

use crate::domain::labels::label_enum;

label_enum! {
    /// A topic that is consumed.
    #[derive(clap::ValueEnum)]
    Topic {
        /// Sign-ups.
        Users = "users",
        /// New products.
        Products = "products",
        /// Orders.
        Orders = "orders",
    }
}

impl Topic {
    /// The consumer group of the topic, without prefix.
    #[must_use]
    pub const fn group(self) -> &'static str {
        match self {
            Self::Users => "users_group",
            Self::Products => "products_group",
            Self::Orders => "orders_group",
        }
    }
}

/// What a consumer is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What is consumed.
    pub topic: Topic,
    /// Group members in this process.
    pub members: u16,
    /// A batch is written when it has so many messages,
    pub batch_size: usize,
    /// or so many bytes,
    pub batch_bytes: usize,
    /// or when its first message has waited so long.
    pub batch_wait: Duration,
    /// Whether each partition is read from its beginning once more; what is stored stays as it is.
    pub from_beginning: bool,
    /// How long an order waits for its customer and products.
    pub orphan_timeout: Duration,
    /// Orders that wait at most; beyond that the partition does.
    pub orphan_limit: u32,
}
