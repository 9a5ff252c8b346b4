//! Messages of a year on their way, at the brokers' pace or at that of a hastened clock.

use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, eyre};

use super::TURN;
use crate::backfill::{Request, Summary, Watch};
use crate::domain::Timestamp;
use crate::generator::World;
use crate::generator::year::{Batch, Population, Year};
use crate::interrupt::Interrupt;
use crate::stream::message::{Message, OrderCreated, ProductCreated, UserCreated};
use crate::stream::sender::Sender;

const USERS: u8 = 0;
const PRODUCTS: u8 = 1;
const ORDERS: u8 = 2;

/// The way of a message to its topic.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    pub(super) sender: &'a Sender,
    pub(super) topics: &'a [String; 3],
    pub(super) interrupt: &'a Interrupt,
}

impl Way<'_> {
    /// Sends a message; `bytes` is room for its text. The record's time is the moment of sending.
    fn send<M: Message>(&self, lane: u8, message: &M, bytes: &mut Vec<u8>) -> Result<()> {
        message.check().map_err(|what| eyre!("{} {} would be refused by consumers: {what}", M::TYPE, message.id()))?;
        self.sender.send_message(&self.topics[usize::from(lane)], message, lane, bytes, self.interrupt)
    }

    /// Waits until `due`, and hears meanwhile what became of messages sent.
    fn wait(&self, due: Instant) -> Result<()> {
        loop {
            self.interrupt.check()?;
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.sender.serve(left.min(TURN));
        }
    }

    /// Stops early where messages get lost.
    fn check(&self) -> Result<()> {
        self.interrupt.check()?;
        if let Some(refusal) = self.sender.refusal() {
            return Err(refusal.into());
        }
        if self.sender.count().failed > 0 { Err(eyre!("the brokers refuse messages")) } else { Ok(()) }
    }
}

/// A year on its way.
pub(super) struct Sending<'a> {
    pub(super) world: &'a World,
    pub(super) request: &'a Request,
    pub(super) population: &'a Population,
    pub(super) way: Way<'a>,
    pub(super) until: Option<Timestamp>,
    pub(super) speed: Option<f64>,
    pub(super) watch: &'a dyn Watch,
}

impl Sending<'_> {
    /// Sends all of it; the brokers' word on the last messages is still to come then.
    pub(super) fn all(&self) -> Result<Summary> {
        self.watch.shop_begins();
        self.shop()?;
        self.orders()
    }

    /// Customers as they signed up, products as they came; both lie in order of time. Whoever comes after the end of a
    /// year that is cut short is not there yet.
    fn shop(&self) -> Result<()> {
        let (seed, bytes) = (self.request.row_seed(), &mut Vec::new());
        let names = &self.world.names;
        let is_there = |created: u32| self.until.is_none_or(|until| i64::from(created) < until.secs());
        for customer in self.population.customers.iter().filter(|customer| is_there(customer.created)) {
            let mut user = self.world.user_row(seed, customer);
            // The visits of a year to come are not known yet either.
            user.last_login_at = self.until.map_or(user.last_login_at, |until| user.last_login_at.min(until));
            self.way.send(USERS, &UserCreated::of_row(user, names), bytes)?;
            self.way.interrupt.check()?;
        }
        self.way.check()?;
        for product in self.population.products.iter().filter(|product| is_there(product.created)) {
            let product = self.world.row_of_product(seed, product, self.request.as_of);
            self.way.send(PRODUCTS, &ProductCreated::of_row(product, names), bytes)?;
            self.way.interrupt.check()?;
        }
        self.way.check()
    }

    fn orders(&self) -> Result<Summary> {
        let params = self.request.year_params(self.request.run_id(self.population), self.until);
        let mut year = Year::new(self.world, self.population, params);
        let (mut summary, mut batch, mut bytes) = (Summary::default(), Batch::default(), Vec::new());
        let clock = self.speed.map(|speed| Clock::new(self.request.year, speed));
        while year.next(&mut batch) {
            self.way.check()?;
            let mut items = batch.items.as_slice();
            for order in &batch.orders {
                if let Some(clock) = &clock {
                    self.way.wait(clock.due(order.created_at))?;
                }
                let (cart, rest) = items.split_at(items.len().min(usize::try_from(order.item_count)?));
                items = rest;
                self.way.send(ORDERS, &OrderCreated::of_rows(order, cart, &self.world.names), &mut bytes)?;
            }
            summary.add(&batch);
            self.watch.batch(&batch);
        }
        summary.add_grades(&year, self.population);
        Ok(summary)
    }
}

/// When each moment of the year comes, where the year passes faster than ours.
struct Clock {
    began: Instant,
    midnight: Timestamp,
    speed: f64,
}

impl Clock {
    fn new(year: i32, speed: f64) -> Self {
        let first = chrono::NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
        Self { began: Instant::now(), midnight: Timestamp::business_midnight(first), speed }
    }

    fn due(&self, at: Timestamp) -> Instant {
        let secs = (at.micros() - self.midnight.micros()) as f64 / 1e6 / self.speed;
        // Only a moment before the year gives no duration, and it has passed.
        self.began + Duration::try_from_secs_f64(secs).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_speed_3600_an_hour_of_the_shop_takes_a_second() {
        let clock = Clock::new(2025, 3_600.0);
        let after = |hours: i64| clock.due(clock.midnight.plus_secs(hours * 3_600)) - clock.began;
        assert_eq!(after(0), Duration::ZERO);
        assert_eq!(after(24), Duration::from_secs(24));
        assert_eq!(after(365 * 24), Duration::from_secs(8_760));
    }
}
