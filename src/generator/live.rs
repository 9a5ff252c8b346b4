//! The shop as it is now: orders drawn from the cached pools, customers who sign up, products that arrive. Still pure:
//! the moment is an argument.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use uuid::Uuid;

use super::World;
use super::cart::CartLine;
use super::checkout::BuyerThen;
use super::habits::Habit;
use super::pool::{Buyer, BuyerPool, Ware, WarePool};
use super::products::on_sale_secs;
use super::rng::{Purpose, Stream, mix};
use crate::domain::id::uuid_v7;
use crate::domain::rows::{Order, OrderItem, Product, User};
use crate::domain::{AgeGroup, CustomerStatus, Gender, Grade, Timestamp};

/// A customer who may buy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shopper {
    /// Id of the customer.
    pub id: Uuid,
    /// Gender.
    pub gender: Gender,
    /// Day of birth.
    pub birth: NaiveDate,
    /// Position of the region.
    pub region: u8,
    /// Active or dormant.
    pub status: CustomerStatus,
    /// Whether marketing mail is welcome.
    pub marketing: bool,
    /// Grade when the pool was made.
    pub grade: Grade,
    /// Sign-up.
    pub created: Timestamp,
}

/// A product that may be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stocked {
    /// Id of the product.
    pub id: Uuid,
    /// Position of the category.
    pub category: u8,
    /// Price, KRW.
    pub price: i64,
    /// Liked more than others.
    pub is_best: bool,
    /// First moment on sale.
    pub created: Timestamp,
    /// First moment no longer on sale; none for one called back.
    pub until: Option<Timestamp>,
}

/// An order with what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOrder {
    /// The order.
    pub order: Order,
    /// Its lines.
    pub items: Vec<OrderItem>,
    /// Who bought.
    pub buyer: Shopper,
    /// Seconds until the customer comes back; none if never.
    pub comes_back_after: Option<u32>,
    /// The moment from which everything in it existed: an order cannot be older.
    pub possible_since: Timestamp,
}

/// A run of a producer. Its ids follow from its seed, its name and their number alone, so that the same run again makes the
/// same ids, and another run others; what they stand for follows from the pools and the clock too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    seed: u64,
    /// Milliseconds since 1970 that the first id carries.
    began_ms: i64,
}

/// Ids that carry the same millisecond: as many as a producer at full rate makes in one.
const IDS_A_MILLISECOND: u64 = 64;
/// Names without a time get one out of twenty years from here (2000-01-01), by their hash.
const UNTIMED_FROM_MS: i64 = 946_684_800_000;
const UNTIMED_SPAN_MS: u64 = 20 * 365 * 86_400_000;

impl Run {
    /// The run of this name. One that [`Self::name_at`] made tells when it began, which its ids carry then.
    #[must_use]
    pub fn new(seed: u64, name: &str) -> Self {
        let hash = xxhash_rust::xxh3::xxh3_64(name.as_bytes());
        let time = name.split_once('-').and_then(|(time, _)| i64::from_str_radix(time, 16).ok());
        let untimed = UNTIMED_FROM_MS + (hash % UNTIMED_SPAN_MS) as i64;
        let plausible = |time: &i64| (UNTIMED_FROM_MS..=253_402_300_799_000).contains(time);
        Self { seed: mix(mix(seed) ^ hash), began_ms: time.filter(plausible).unwrap_or(untimed) }
    }

    /// A name for a run that begins at `now`; `chance` tells it from others of the same moment.
    #[must_use]
    pub fn name_at(now: Timestamp, chance: u32) -> String {
        format!("{:x}-{chance:08x}", now.micros() / 1_000)
    }

    /// The seed of everything drawn in it.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    fn id(&self, purpose: Purpose, number: u64) -> Uuid {
        let stream = &mut Stream::new(self.seed, purpose, number);
        let millis = self.began_ms + (number / IDS_A_MILLISECOND) as i64;
        uuid_v7(Timestamp::from_micros(millis * 1_000), stream.bits(), stream.bits())
    }
}

/// Draws what happens in the shop, one order after the other. The same seed, pools and moments make the same orders.
#[derive(Debug)]
pub struct LiveShop<'a> {
    world: &'a World,
    run: Run,
    habits: bool,
    number: u64,
    generation: u64,
    shoppers: Vec<Shopper>,
    by_id: HashMap<Uuid, u32>,
    stock: Vec<Stocked>,
    buyers: BuyerPool,
    wares: WarePool,
    cart: Vec<CartLine>,
    calendar: Option<(NaiveDate, u8)>,
    served: Served,
}

/// Orders of the open day, and those of them that were visits.
#[derive(Clone, Copy, Debug, Default)]
struct Served {
    orders: u64,
    visits: u64,
}

impl<'a> LiveShop<'a> {
    /// A shop without pools yet.
    #[must_use]
    pub fn new(world: &'a World, run: Run, habits: bool) -> Self {
        Self {
            world,
            run,
            habits,
            number: 0,
            generation: 0,
            shoppers: Vec::new(),
            by_id: HashMap::new(),
            stock: Vec::new(),
            buyers: BuyerPool::default(),
            wares: WarePool::default(),
            cart: Vec::with_capacity(super::cart::MOST_LINES),
            calendar: None,
            served: Served::default(),
        }
    }

    /// Takes new pools; `now` tells how old everybody is.
    pub fn refill(&mut self, generation: u64, shoppers: Vec<Shopper>, stock: Vec<Stocked>, now: Timestamp) {
        let (world, seed, today) = (self.world, self.run.seed, now.business_day());
        self.generation = generation;
        let buyers = shoppers.iter().enumerate().map(|(key, shopper)| {
            let age_group = AgeGroup::on(today, shopper.birth);
            Buyer {
                key: key as u32,
                gender: shopper.gender,
                age_group,
                points: world.points(age_group, shopper.gender, shopper.status, shopper.marketing, shopper.grade),
                mood: world.mood(seed, generation, shopper.id, shopper.marketing),
            }
        });
        self.buyers.refill(world, buyers);
        let wares = stock.iter().enumerate().map(|(key, product)| Ware {
            key: key as u32,
            category: product.category,
            price: product.price,
            appeal: world.appeal(product.id, product.is_best),
            until: product.until.and_then(|until| u32::try_from(until.secs()).ok()).unwrap_or(u32::MAX),
        });
        self.wares.refill(world.catalog.categories.len(), wares);
        self.by_id = (0..).zip(&shoppers).map(|(key, shopper)| (shopper.id, key)).collect();
        self.shoppers = shoppers;
        self.stock = stock;
    }

    /// The run whose orders are drawn.
    #[must_use]
    pub const fn run(&self) -> Run {
        self.run
    }

    /// Number of the pools in use; 0 before the first.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// The customers' pool, to see what is drawn from.
    #[must_use]
    pub const fn buyers(&self) -> &BuyerPool {
        &self.buyers
    }

    /// The calendar's scenario on the business day of `now`.
    pub fn calendar_scenario(&mut self, now: Timestamp) -> u8 {
        let today = now.business_day();
        match self.calendar {
            Some((day, scenario)) if day == today => scenario,
            _ => {
                let of_year = self.world.scenarios.calendar(today.year());
                let scenario = of_year.get(today.ordinal0() as usize).copied().unwrap_or(super::scenarios::BASELINE);
                self.calendar = Some((today, scenario));
                self.served = Served::default();
                scenario
            }
        }
    }

    /// By how much demand differs from the day's average: the hour's factor × the scenario's.
    pub fn demand(&mut self, now: Timestamp, by_hand: Option<u8>) -> f64 {
        let scenario = by_hand.unwrap_or_else(|| self.calendar_scenario(now));
        self.world.demand.hours[now.business_hour()] * self.world.scenarios.all[usize::from(scenario)].demand
    }

    /// Whether a visit that is due may be the next order: visits serve a part of a day's orders only.
    #[must_use]
    pub fn has_room_for_visit(&self) -> bool {
        let share = self.world.demand.habits.share_of_orders;
        self.habits && self.served.visits < (share * (self.served.orders + 1) as f64 + 1e-9) as u64
    }

    /// The next order at `now`, by `visitor` or by somebody drawn from the pool; none while a pool is empty.
    pub fn order(&mut self, now: Timestamp, by_hand: Option<u8>, visitor: Option<Shopper>) -> Option<LiveOrder> {
        let world = self.world;
        let calendar = self.calendar_scenario(now);
        let hour = now.business_hour();
        let stream = &mut Stream::new(self.run.seed, Purpose::Order, self.number);
        let id = self.run.id(Purpose::LiveOrder, self.number);
        self.number += 1;
        let scenario = by_hand.unwrap_or_else(|| world.scenarios.choose(calendar, hour, stream));
        let (buyer, life_event) = match visitor {
            // What the pool knows of somebody is newer than what was noted with the visit.
            Some(visitor) => {
                let known = self.by_id.get(&visitor.id).and_then(|&key| self.shoppers.get(key as usize));
                (known.copied().unwrap_or(visitor), 0)
            }
            None => {
                let drawn = self.buyers.draw(&world.class_factors, scenario, hour, stream)?;
                (*self.shoppers.get(drawn.key as usize)?, drawn.mood.life_event)
            }
        };
        let second = u32::try_from(now.secs()).unwrap_or(u32::MAX - 1);
        world.draw_cart(&self.wares, scenario, life_event, second, stream, &mut self.cart);
        if self.cart.is_empty() {
            return None;
        }
        let then = BuyerThen {
            id: buyer.id,
            region: buyer.region,
            gender: buyer.gender,
            age_group: AgeGroup::on(now.business_day(), buyer.birth),
            grade: buyer.grade,
        };
        let order = Order { id, ..world.checkout(then, &self.cart, scenario, now, None, stream) };
        let mut possible_since = buyer.created;
        let mut items = Vec::with_capacity(self.cart.len());
        for (line_no, line) in (1..).zip(&self.cart) {
            let product = self.stock.get(line.ware.key as usize)?;
            possible_since = possible_since.max(product.created);
            items.push(line.item(order.id, line_no, product.id));
        }
        let figures = &world.demand.habits;
        let comes_back_after =
            if self.habits { Habit::of(buyer.id, figures).next_visit(figures, stream) } else { None };
        self.served.orders += 1;
        self.served.visits += u64::from(visitor.is_some());
        Some(LiveOrder { order, items, buyer, comes_back_after, possible_since })
    }
}

impl World {
    /// The `index`-th customer of a run who signs up at `now`.
    #[must_use]
    pub fn sign_up(&self, run: &Run, index: u32, now: Timestamp) -> User {
        let mut customer = self.customer_sampler.customer(run.seed, index, now.business_day());
        customer.id = run.id(Purpose::SignUp, index.into());
        let row = self.user_row(run.seed, &customer);
        User { created_at: now, last_login_at: now, updated_at: now, ..row }
    }

    /// The `index`-th product of a run that comes into the shop at `now`.
    #[must_use]
    pub fn arrival(&self, run: &Run, index: u32, now: Timestamp) -> Product {
        let today = now.business_day();
        let mut product = self.product(run.seed, index, today);
        product.id = run.id(Purpose::NewProduct, index.into());
        let row = self.row_of_product(run.seed, &product, today);
        let withdrawn_at = now.plus_secs(on_sale_secs(product.id).max(1));
        Product { created_at: now, withdrawn_at, updated_at: now, ..row }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_a_run_follow_from_its_seed_and_name_alone() {
        let ids =
            |seed, name: &str| (0..200).map(|n| Run::new(seed, name).id(Purpose::LiveOrder, n)).collect::<Vec<_>>();
        assert_eq!(ids(1, "monday"), ids(1, "monday"));
        for other in [ids(1, "tuesday"), ids(2, "monday")] {
            assert!(ids(1, "monday").iter().all(|id| !other.contains(id)));
        }
        let millis = |id: &Uuid| id.as_u64_pair().0 >> 16;
        assert!(ids(1, "monday").iter().map(millis).is_sorted(), "inserts stay near one place of the index");
    }

    #[test]
    fn a_name_that_was_made_tells_when_the_run_began() {
        let began = Timestamp::from_micros(1_795_624_000_123_000);
        let name = Run::name_at(began, 7);
        let id = Run::new(1, &name).id(Purpose::LiveOrder, 130);
        let (secs, nanos) = id.get_timestamp().unwrap().to_unix();
        assert_eq!((secs, nanos / 1_000_000), (1_795_624_000, 125));
    }
}
