//! The simulated year: a fold over its days. Each order is a function of the seed, its number and the day's state.

mod age;
mod end;
mod ledger;
pub mod plan;
mod population;
pub mod selection;

use chrono::Datelike;
use uuid::Uuid;

use super::World;
use super::cart::CartLine;
use super::checkout::BuyerThen;
use super::habits::{Habit, Visits};
use super::pool::{Buyer, BuyerPool, Ware, WarePool};
use super::rng::{Purpose, Stream};
use crate::domain::date::epoch_days;
use crate::domain::rows::{GradeChange, Order, OrderItem};
use crate::domain::{OrderStatus, Timestamp};
use age::AgeOfYear;
pub use end::{CustomerEnd, ProductEnd};
use ledger::{GradeLedger, update_due};
use plan::DayPlan;
pub use population::Population;
use selection::{CustomerRanks, ProductRanks};

/// What a year is made from, besides the world and its population.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YearParams {
    /// The year on the business calendar.
    pub year: i32,
    /// Number of orders, were the year over.
    pub orders: u64,
    /// Seed of everything drawn.
    pub seed: u64,
    /// Whether customers come back by habit.
    pub habits: bool,
    /// Orders from this moment on are left out.
    pub until: Option<Timestamp>,
    /// Written with each row.
    pub run_id: Option<Uuid>,
}

/// Rows in order of time: up to one pool's worth of a day's orders.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The month, 1–12.
    pub month: u32,
    /// Orders.
    pub orders: Vec<Order>,
    /// Their lines, in the order of the orders.
    pub items: Vec<OrderItem>,
    /// Grade changes of the day's first moment, before its orders.
    pub grade_changes: Vec<GradeChange>,
}

/// The year as it goes on.
pub struct Year<'a> {
    world: &'a World,
    population: &'a Population,
    params: YearParams,
    plan: Vec<DayPlan>,
    customers: CustomerRanks<'a>,
    products: ProductRanks<'a>,
    ledger: GradeLedger,
    visits: Visits,
    shoppers: Vec<Shopper>,
    appeals: Vec<f32>,
    buyers: BuyerPool,
    wares: WarePool,
    scratch: Vec<u32>,
    cart: Vec<CartLine>,
    day: usize,
    /// Moments of the open day's orders, Unix seconds, in order.
    moments: Vec<u32>,
    placed: usize,
    visits_served: usize,
    /// Number of the next order, unlike that of any other year.
    number: u64,
    refreshes: u64,
}

/// What the year finds out of a customer besides ranks, visits and grades; aligned so as to lie in one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Shopper {
    /// Drawn at the first order.
    habit: Option<Habit>,
    age: AgeOfYear,
}

impl<'a> Year<'a> {
    /// A year before its first order.
    #[must_use]
    pub fn new(world: &'a World, population: &'a Population, params: YearParams) -> Self {
        let plan = world.year_plan(params.year, params.orders);
        let midnights: Vec<Timestamp> = plan.iter().map(|day| Timestamp::business_midnight(day.day)).collect();
        let first = midnights.first().map_or(0, |first| first.secs() as u32);
        Self {
            world,
            population,
            params,
            customers: CustomerRanks::new(&population.customers),
            products: ProductRanks::new(&population.products),
            ledger: GradeLedger::new(population.customers.len(), &midnights),
            visits: Visits::new(first, plan.len()),
            appeals: vec![0.0; population.products.len()],
            shoppers: population
                .customers
                .iter()
                .map(|customer| Shopper { habit: None, age: AgeOfYear::of(customer, params.year) })
                .collect(),
            buyers: BuyerPool::default(),
            wares: WarePool::default(),
            scratch: Vec::new(),
            cart: Vec::with_capacity(super::cart::MOST_LINES),
            day: 0,
            moments: Vec::new(),
            placed: 0,
            visits_served: 0,
            number: (params.year as u64) << 40,
            refreshes: 0,
            plan,
        }
    }

    /// Puts the next rows into `batch` (what it held is gone); false when the year is over.
    pub fn next(&mut self, batch: &mut Batch) -> bool {
        batch.orders.clear();
        batch.items.clear();
        batch.grade_changes.clear();
        if self.placed == self.moments.len() && !self.open_day(batch) {
            return false;
        }
        // A day that is cut short keeps the pools of the whole day, so that its rows are those of the whole year.
        let planned = self.plan.get(self.day).map_or(0, |plan| plan.orders as usize);
        let pools = planned.div_ceil(self.world.demand.pool.orders_a_refresh);
        // The pool of this part of the day; the first was made at midnight.
        let part = (self.placed * pools).checked_div(planned).unwrap_or(0);
        if part > 0 {
            self.refresh_pools(self.moments[self.placed]);
        }
        let end = if pools == 0 { 0 } else { ((part + 1) * planned).div_ceil(pools).min(self.moments.len()) };
        while self.placed < end {
            let now = self.moments[self.placed];
            self.place_order(now, batch);
            self.placed += 1;
        }
        if self.placed == self.moments.len() {
            self.day += 1;
            self.moments.clear();
            self.placed = 0;
        }
        true
    }

    /// How a customer (a position in the population) stands now.
    #[must_use]
    pub fn customer_end(&self, customer: usize) -> CustomerEnd {
        let last = self.customers.last_ordered(customer as u32);
        CustomerEnd {
            grade: self.ledger.grade(customer as u32),
            last_ordered: moment(last),
            last_graded: moment(self.ledger.last_change(customer as u32)),
        }
    }

    /// How a product (a position in the population) stands now.
    #[must_use]
    pub fn product_end(&self, product: usize) -> ProductEnd {
        let product = product as u32;
        ProductEnd { order_count: self.products.count(product), last_sold: moment(self.products.last_sold(product)) }
    }

    /// Positions of the customers in the pool, and of the products.
    #[must_use]
    pub fn pools(&self) -> (Vec<u32>, Vec<u32>) {
        (self.buyers.members().iter().map(|buyer| buyer.key).collect(), self.products.pool().to_vec())
    }

    /// Begins the next day: first grades, then pools. False when there is none.
    fn open_day(&mut self, batch: &mut Batch) -> bool {
        let Some(&plan) = self.plan.get(self.day) else { return false };
        let midnight = Timestamp::business_midnight(plan.day);
        if self.params.until.is_some_and(|until| midnight >= until) {
            return false;
        }
        batch.month = plan.day.month();
        if update_due(self.day) {
            self.ledger.update(midnight, &self.population.customers, self.params.run_id, &mut batch.grade_changes);
        }
        self.refresh_pools(midnight.secs() as u32);
        self.visits.open_day(self.day);
        self.visits_served = 0;
        self.moments.clear();
        let stream = &mut Stream::new(self.params.seed, Purpose::Day, epoch_days(plan.day) as u64);
        let moment = |_| {
            let hour = self.world.hours.draw(stream) as u64;
            (midnight.secs() as u64 + hour * 3600 + stream.below(3600)) as u32
        };
        self.moments.extend((0..plan.orders).map(moment));
        self.moments.sort_unstable();
        if let Some(until) = self.params.until {
            self.moments.retain(|&now| i64::from(now) < until.secs());
        }
        true
    }

    /// Makes both pools anew, as the cache does live.
    fn refresh_pools(&mut self, now: u32) {
        let sizes = self.world.demand.pool;
        self.customers.sign_up(now);
        if self.day < sizes.first_days {
            self.customers.select_by_seed(&sizes, &mut self.scratch);
        } else {
            self.customers.end_of_first_days();
            self.customers.select(&sizes, &mut self.scratch);
        }
        let (world, seed, refresh, day) = (self.world, self.params.seed, self.refreshes, self.day);
        let (population, shoppers, ledger) = (self.population, &self.shoppers, &self.ledger);
        let buyers = self.scratch.iter().map(|&key| {
            let customer = &population.customers[key as usize];
            let age_group = shoppers[key as usize].age.on(day);
            let points =
                world.points(age_group, customer.gender, customer.status, customer.marketing, ledger.grade(key));
            let mood = world.mood(seed, refresh, customer.id, customer.marketing);
            Buyer { key, gender: customer.gender, age_group, points, mood }
        });
        self.buyers.refill(world, buyers);

        self.products.refresh(&sizes, now);
        let pool = self.products.pool();
        let on_sale = pool.len() - self.products.called_back();
        let appeals = &mut self.appeals;
        let wares = pool.iter().enumerate().map(|(at, &key)| {
            let product = &population.products[key as usize];
            let appeal = &mut appeals[key as usize];
            if *appeal == 0.0 {
                *appeal = world.appeal(product.id, product.is_best) as f32;
            }
            let until = if at < on_sale { product.withdrawn } else { u32::MAX };
            Ware { key, category: product.category, price: product.price, appeal: f64::from(*appeal), until }
        });
        self.wares.refill(world.catalog.categories.len(), wares);
        self.refreshes += 1;
    }

    /// One order at `now`: who, what, how much.
    fn place_order(&mut self, now: u32, batch: &mut Batch) {
        let plan = &self.plan[self.day];
        let world = self.world;
        let stream = &mut Stream::new(self.params.seed, Purpose::Order, self.number);
        self.number += 1;
        let created_at = Timestamp::from_secs(now.into());
        let hour = created_at.business_hour();
        let scenario = world.scenarios.choose(plan.scenario, hour, stream);
        let Some((key, life_event)) = self.choose_buyer(now, scenario, hour, stream) else { return };
        // Customers come up in no order. All that is known of this one is asked for before the cart is drawn, so that
        // the waits for memory overlap.
        let customer = self.population.customers[key as usize];
        let shopper = &mut self.shoppers[key as usize];
        let age_group = shopper.age.on(self.day);
        let grade = self.ledger.grade(key);
        self.customers.ordered(key, now);
        world.draw_cart(&self.wares, scenario, life_event, now, stream, &mut self.cart);
        let buyer = BuyerThen { id: customer.id, region: customer.region, gender: customer.gender, age_group, grade };
        let order = world.checkout(buyer, &self.cart, scenario, created_at, self.params.run_id, stream);
        batch.orders.push(order);
        for (line_no, line) in (1..).zip(&self.cart) {
            self.products.sold(line.ware.key, now);
            let product_id = self.population.products[line.ware.key as usize].id;
            batch.items.push(line.item(order.id, line_no, product_id));
        }
        if order.status == OrderStatus::Completed {
            self.ledger.add(key, order.subtotal - order.discount_amount, self.day);
        }
        if self.params.habits {
            let figures = &world.demand.habits;
            let habit = shopper.habit.get_or_insert_with(|| Habit::of(customer.id, figures));
            if let Some(after) = habit.next_visit(figures, stream) {
                self.visits.plan(key, now.saturating_add(after), self.day);
            }
        }
    }

    /// Whoever is due for a visit, while visits have not had their share of the day; else a draw from the pool.
    fn choose_buyer(&mut self, now: u32, scenario: u8, hour: usize, stream: &mut Stream) -> Option<(u32, u8)> {
        if self.params.habits {
            let share = self.world.demand.habits.share_of_orders;
            let allowed = (share * (self.placed + 1) as f64 + 1e-9) as usize;
            if self.visits_served < allowed
                && let Some(customer) = self.visits.take_due(now)
            {
                self.visits_served += 1;
                return Some((customer, 0));
            }
        }
        let buyer = self.buyers.draw(&self.world.class_factors, scenario, hour, stream)?;
        Some((buyer.key, buyer.mood.life_event))
    }
}

/// A moment as the state keeps it, 0 for never.
fn moment(secs: u32) -> Option<Timestamp> {
    (secs > 0).then(|| Timestamp::from_secs(secs.into()))
}
