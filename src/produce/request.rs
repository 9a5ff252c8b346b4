//! What a producer is asked for.

use std::time::Duration;

use super::inject::Rates;
use crate::generator::sign_ups::SignUpCurve;

/// Which messages are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    /// Orders.
    pub orders: bool,
    /// Products.
    pub products: bool,
    /// Customers.
    pub users: bool,
}

impl Streams {
    /// The topics that must be there, without prefix.
    pub fn topics(self) -> impl Iterator<Item = &'static str> {
        let asked = [(self.users, "users"), (self.products, "products"), (self.orders, "orders")];
        asked.into_iter().filter_map(|(asked, topic)| asked.then_some(topic))
    }

    /// Whether products are all that is made.
    #[must_use]
    pub const fn only_products(self) -> bool {
        self.products && !self.orders && !self.users
    }

    /// Whether customers are all that is made.
    #[must_use]
    pub const fn only_users(self) -> bool {
        self.users && !self.orders && !self.products
    }
}

/// How fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As a shop: by the hour and the scenario.
    Live,
    /// So many a second, whatever the hour.
    Rate(f64),
    /// As fast as the brokers take them.
    Unthrottled,
}

/// What a producer is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Which messages.
    pub streams: Streams,
    /// How fast: orders, or the messages of the one stream.
    pub pace: Pace,
    /// Orders after which it ends, or messages of the one stream.
    pub limit: Option<u64>,
    /// Time after which it ends.
    pub duration: Option<Duration>,
    /// By how much the shop's intervals and visits are hastened.
    pub speed: f64,
    /// Everything drawn follows from it, and from the run's name.
    pub seed: u64,
    /// Name of the run: another name, other ids.
    pub run: String,
    /// What is made wrong on purpose.
    pub inject: Rates,
    /// How sign-ups slow down.
    pub curve: SignUpCurve,
    /// Whether customers come back by habit.
    pub habits: bool,
}
