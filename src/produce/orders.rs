//! The next order with all that belongs to it: what is injected, and the visit that was agreed.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use chrono::Utc;
use rdkafka::message::{Header, OwnedHeaders};
use uuid::Uuid;

use super::feed::{Feed, News};
use super::inject::{Injector, WRONG_TYPE};
use super::metrics::ProduceMetrics;
use super::request::Request;
use super::totals::Lane;
use crate::cache::members::{CachedCustomer, CachedProduct, PoolMeta};
use crate::cache::read::PoolSnapshot;
use crate::cache::visits::Visit;
use crate::domain::Timestamp;
use crate::domain::rows::Names;
use crate::error::Failure;
use crate::generator::World;
use crate::generator::live::{LiveOrder, LiveShop, Run, Shopper, Stocked};
use crate::stream::message::{EventHeaders, INJECTED, Injected, Message, OrderCreated};
use crate::telemetry::Part;
use crate::telemetry::metrics::set;

/// A message ready to be sent.
pub(super) struct Ready {
    pub key: Uuid,
    pub payload: Option<Vec<u8>>,
    pub headers: OwnedHeaders,
    pub lane: Lane,
}

/// What one turn makes.
pub(super) struct Made {
    pub messages: Vec<Ready>,
    pub late: bool,
    pub visit: Option<(Timestamp, Visit)>,
}

/// Draws orders from what is known of the shop.
pub(super) struct Orders<'a> {
    world: &'a World,
    shop: LiveShop<'a>,
    injector: Injector,
    speed: f64,
    by_hand: Option<u8>,
    visitors: VecDeque<Visit>,
    metrics: ProduceMetrics,
    redis: Option<Part>,
    in_use: Option<PoolMeta>,
    looked: Instant,
    complained: Option<Instant>,
}

/// How often the age of the pool is looked at, and how often an old one is complained about.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);

impl<'a> Orders<'a> {
    pub fn new(world: &'a World, run: Run, request: &Request, metrics: ProduceMetrics, redis: Option<Part>) -> Self {
        Self {
            world,
            shop: LiveShop::new(world, run, request.habits),
            injector: Injector::new(request.inject, run.seed()),
            speed: request.speed,
            by_hand: None,
            visitors: VecDeque::new(),
            metrics,
            redis,
            in_use: None,
            looked: Instant::now(),
            complained: None,
        }
    }

    /// The run whose orders these are.
    pub const fn run(&self) -> Run {
        self.shop.run()
    }

    /// Number of the pools in use; 0 before the first.
    pub const fn generation(&self) -> u64 {
        self.shop.generation()
    }

    /// Whether there is a pool to draw from.
    pub const fn can_begin(&self) -> bool {
        self.shop.generation() != 0
    }

    /// How far demand differs from the average now.
    pub fn demand(&mut self, now: Timestamp) -> f64 {
        self.shop.demand(now, self.by_hand)
    }

    /// Takes in whatever Redis had to say.
    ///
    /// # Errors
    /// When Redis refuses this user what every producer needs.
    pub fn hear(&mut self, feed: &Feed) -> Result<(), Failure> {
        while let Some(news) = feed.next() {
            match news {
                News::Pools(pools) => self.refill(&pools),
                News::Scenario(id) => self.switch(id.as_deref()),
                News::Visits(visits) => self.visitors.extend(visits),
                News::Answers => self.redis_answers(),
                News::Away(why) => self.redis_is_away(&why),
                News::Refused(failure) => return Err(failure),
            }
        }
        if self.shop.has_room_for_visit() {
            feed.holds(self.visitors.len());
        }
        if self.looked.elapsed() >= LOOK_EVERY {
            self.looked = Instant::now();
            self.look_at_age();
        }
        Ok(())
    }

    fn redis_answers(&mut self) {
        let Some(redis) = &self.redis else { return };
        if self.can_begin() {
            redis.ready();
        } else {
            redis.not_ready("there is no pool to draw from yet: shopstream cache refresh");
            if self.complained.get_or_insert_with(Instant::now).elapsed() > COMPLAIN_EVERY {
                self.complained = Some(Instant::now());
                tracing::warn!(
                    "there is still no pool in Redis to draw from; start: shopstream cache refresh --every 50s"
                );
            }
        }
    }

    /// The age of the pool in use grows whether Redis answers or not.
    fn look_at_age(&mut self) {
        let Some(meta) = &self.in_use else { return };
        let now = Utc::now().into();
        let age = meta.age_ms(now) / 1_000;
        set(&self.metrics.pool_age, age as f64);
        if meta.is_old(now) && self.complained.is_none_or(|at| at.elapsed() > COMPLAIN_EVERY) {
            self.complained = Some(Instant::now());
            tracing::warn!(
                age_s = age,
                generation = meta.generation,
                "the pool in use is old; is `shopstream cache refresh --every 50s` running?"
            );
        }
    }

    /// With a pool in hand the producer goes on; without one it cannot begin.
    fn redis_is_away(&self, why: &str) {
        if let Some(redis) = self.redis.as_ref().filter(|_| !self.can_begin()) {
            redis.not_ready(why);
        }
    }

    /// Visits that were taken and not served go back.
    pub fn give_back(&mut self, feed: &mut Feed) {
        for visit in self.visitors.drain(..) {
            feed.plan(Utc::now().into(), visit);
        }
    }

    fn refill(&mut self, pools: &PoolSnapshot) {
        let (shoppers, stock) = known_members(&pools.customers, &pools.products, &self.world.names);
        let strange = pools.customers.len() + pools.products.len() - shoppers.len() - stock.len();
        if strange > 0 {
            tracing::warn!(
                members = strange,
                "the pool has members of regions or categories that this catalogue lacks; they are left out. \
                 Give the shop's own --catalog FILE"
            );
        }
        if shoppers.is_empty() || stock.is_empty() {
            tracing::warn!("nobody in the new pool can be used; the old one stays");
            return;
        }
        tracing::info!(
            generation = pools.meta.generation,
            customers = shoppers.len(),
            products = stock.len(),
            "took over the pool"
        );
        self.in_use = Some(pools.meta.clone());
        set(&self.metrics.generation, pools.meta.generation as f64);
        self.shop.refill(pools.meta.generation, shoppers, stock, Utc::now().into());
    }

    fn switch(&mut self, id: Option<&str>) {
        self.by_hand = id.and_then(|id| self.world.scenarios.position(id));
        match (id, self.by_hand) {
            (Some(id), Some(_)) => tracing::info!(scenario = id, "switched on by hand"),
            (Some(id), None) => {
                tracing::warn!(scenario = id, "switched on by hand, but this producer's scenarios do not have it");
            }
            (None, _) => tracing::info!("no scenario is switched on by hand; the calendar is in force"),
        }
    }

    /// The next order; `None` while there is nothing to draw from.
    pub fn next(&mut self, now: Timestamp) -> Option<Made> {
        let visitor = if self.shop.has_room_for_visit() { self.next_visitor() } else { None };
        let mut live = self.shop.order(now, self.by_hand, visitor)?;
        let late = self.injector.chance(Injected::Late) && self.make_late(&mut live, now);
        let visit = self.visit_of(&live, now);
        let order = OrderCreated::of_rows(&live.order, &live.items, &self.world.names);
        let json = serde_json::to_vec(&order).ok()?;
        let mut messages = Vec::with_capacity(1);
        let headers = |kind: Option<Injected>| with_kind(EventHeaders::of(&order).to_kafka(), kind);
        if self.injector.chance(Injected::Duplicate) {
            messages.push(Ready {
                key: order.user_id,
                payload: Some(json.clone()),
                headers: headers(Some(Injected::Duplicate)),
                lane: Lane::Duplicate,
            });
        }
        let good = Ready {
            key: order.user_id,
            payload: Some(json),
            headers: headers(late.then_some(Injected::Late)),
            lane: Lane::Order,
        };
        // The original goes first.
        messages.insert(0, good);
        if self.injector.chance(Injected::Poison) {
            messages.extend(self.poison(now));
        }
        if self.injector.chance(Injected::Orphan) {
            messages.extend(self.orphan(now));
        }
        Some(Made { messages, late, visit })
    }

    fn next_visitor(&mut self) -> Option<Shopper> {
        while let Some(visit) = self.visitors.pop_front() {
            if let Some(shopper) = shopper(&visit.customer, &self.world.names) {
                return Some(shopper);
            }
        }
        None
    }

    /// Moves an order back by hours, if its customer and products were there then; says whether it did.
    fn make_late(&mut self, live: &mut LiveOrder, now: Timestamp) -> bool {
        let earlier = self.injector.earlier(now);
        let possible = earlier > live.possible_since;
        if possible {
            live.order.created_at = earlier;
        }
        possible
    }

    fn visit_of(&self, live: &LiveOrder, now: Timestamp) -> Option<(Timestamp, Visit)> {
        let secs = f64::from(live.comes_back_after?) / self.speed;
        let due = Timestamp::from_micros(now.micros() + (secs * 1e6) as i64);
        let buyer = &live.buyer;
        let customer = CachedCustomer {
            id: buyer.id,
            gender: buyer.gender,
            birth_date: buyer.birth,
            region: self.world.names.regions[usize::from(buyer.region)].clone(),
            status: buyer.status,
            marketing_agree: buyer.marketing,
            grade: buyer.grade,
            created_at: buyer.created,
        };
        Some((due, Visit { agreed_at: live.order.id, customer }))
    }

    /// An order of its own that is spoiled: no good order shares its id.
    fn poison(&mut self, now: Timestamp) -> Option<Ready> {
        let live = self.shop.order(now, self.by_hand, None)?;
        let order = OrderCreated::of_rows(&live.order, &live.items, &self.world.names);
        let json = serde_json::to_vec(&order).ok()?;
        let poison = self.injector.poison(&order, &json);
        let mut headers = EventHeaders::of(&order);
        if poison.wrong_type {
            headers.event_type = WRONG_TYPE;
        }
        let headers = with_kind(headers.to_kafka(), Some(Injected::Poison));
        Some(Ready { key: order.user_id, payload: poison.payload, headers, lane: Lane::Poison })
    }

    fn orphan(&mut self, now: Timestamp) -> Option<Ready> {
        let live = self.shop.order(now, self.by_hand, None)?;
        let mut order = OrderCreated::of_rows(&live.order, &live.items, &self.world.names);
        self.injector.orphan(&mut order);
        let json = serde_json::to_vec(&order).ok()?;
        let headers = with_kind(EventHeaders::of(&order).to_kafka(), Some(Injected::Orphan));
        Some(Ready { key: order.key(), payload: Some(json), headers, lane: Lane::Orphan })
    }
}

fn with_kind(headers: OwnedHeaders, kind: Option<Injected>) -> OwnedHeaders {
    match kind {
        Some(kind) => headers.insert(Header { key: INJECTED, value: Some(kind.as_str()) }),
        None => headers,
    }
}

/// The members of the cached pools as the generator knows them, without those of regions or categories that it lacks.
pub fn known_members<'a>(
    customers: impl IntoIterator<Item = &'a CachedCustomer>,
    products: impl IntoIterator<Item = &'a CachedProduct>,
    names: &Names,
) -> (Vec<Shopper>, Vec<Stocked>) {
    let shoppers = customers.into_iter().filter_map(|customer| shopper(customer, names)).collect();
    (shoppers, products.into_iter().filter_map(|product| stocked(product, names)).collect())
}

/// A cached customer as the generator knows them; `None` for a region that the tables lack.
fn shopper(customer: &CachedCustomer, names: &Names) -> Option<Shopper> {
    let region = names.regions.iter().position(|name| *name == customer.region)?;
    Some(Shopper {
        id: customer.id,
        gender: customer.gender,
        birth: customer.birth_date,
        region: u8::try_from(region).ok()?,
        status: customer.status,
        marketing: customer.marketing_agree,
        grade: customer.grade,
        created: customer.created_at,
    })
}

fn stocked(product: &CachedProduct, names: &Names) -> Option<Stocked> {
    let category = names.categories.iter().position(|name| *name == product.category)?;
    Some(Stocked {
        id: product.id,
        category: u8::try_from(category).ok()?,
        price: product.price,
        is_best: product.is_best,
        created: product.created_at,
        until: product.until,
    })
}
