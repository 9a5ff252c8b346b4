//! The live shop's producer: draws orders from the cached pools, products and sign-ups from the run's seed, and sends them
//! at the shop's cadence, at a rate, or as fast as the brokers take them.

mod feed;
pub mod forecast;
pub mod inject;
mod metrics;
mod orders;
pub mod pace;
mod request;
mod totals;

use std::time::{Duration, Instant};

use chrono::Utc;
use color_eyre::eyre::Result;

pub use orders::known_members;
pub use request::{Pace, Request, Streams};
use totals::Lane;
pub use totals::{ByKind, Outcome, Sent, Totals};

use crate::cache::Cache;
use crate::domain::Timestamp;
use crate::generator::World;
use crate::generator::live;
use crate::interrupt::Interrupt;
use crate::output::number;
use crate::stream::client::{Kafka, PATIENCE};
use crate::stream::message::{Message, ProductCreated, UserCreated};
use crate::stream::sender::Sender;
use crate::telemetry::{Part, Telemetry};
use feed::Feed;
use metrics::{Parts, ProduceMetrics};
use orders::Orders;
use pace::{Cadence, Due};

/// Longest sleep between two looks at clock, news and signals.
const NAP: Duration = Duration::from_millis(20);
/// How long the brokers are waited for at the end.
const FLUSH_PATIENCE: Duration = Duration::from_secs(20);
/// How long the brokers may be silent before this is told, and how often it is looked at.
const SILENCE: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A message that waits so long for its confirmation may wait for ever, and how often that is said.
const STUCK: Duration = Duration::from_secs(15);
const COMPLAIN_EVERY: Duration = Duration::from_secs(30);
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_secs(10);
/// Unthrottled orders sent between two looks at news and clocks.
const BURST: usize = 64;

/// Produces until asked to stop, or until the limit or the time is reached; then flushes.
///
/// # Errors
/// When a topic is missing, no broker answers at the start, or the client gives up for good. Messages that were not
/// delivered are told in the outcome.
pub fn run(
    request: &Request,
    world: &World,
    kafka: &Kafka,
    cache: Option<Cache>,
    telemetry: &Telemetry,
    interrupt: &Interrupt,
) -> Result<Outcome> {
    run_counted(request, world, kafka, cache, telemetry, &Totals::default(), interrupt)
}

/// The same, counting into `totals`, which somebody else may watch.
///
/// # Errors
/// As [`run`].
pub fn run_counted(
    request: &Request,
    world: &World,
    kafka: &Kafka,
    cache: Option<Cache>,
    telemetry: &Telemetry,
    totals: &Totals,
    interrupt: &Interrupt,
) -> Result<Outcome> {
    let metrics = ProduceMetrics::register(&mut telemetry.registry(), totals);
    let parts = Parts::declare(telemetry.health(), request.streams);
    let (counted, delivery) = (totals.clone(), metrics.delivery.clone());
    let told = move |lane, took: Duration| {
        counted.delivered(lane);
        delivery.observe(took.as_secs_f64());
    };
    let sender = Sender::of_messages(kafka, Some(Box::new(told)))?;
    for topic in request.streams.topics() {
        sender.check_topic(&kafka.name(topic), PATIENCE)?;
    }
    parts.kafka.ready();
    let orders = Orders::new(world, live::Run::new(request.seed, &request.run), request, metrics, parts.redis);
    let mut run = Run::new(request, world, kafka, &sender, totals, orders, parts.kafka, interrupt);
    let mut feed = cache.filter(|_| request.streams.orders).map(Feed::start);
    let ended = run.produce(feed.as_mut());
    // Orders first: whatever else may fail, they are flushed, and told.
    let count = sender.flush(FLUSH_PATIENCE);
    // Why nothing came of them matters more than what the client made of it.
    let ended = sender.refusal().map_or(ended, |refusal| Err(refusal.into()));
    let took = run.first.map_or(Duration::ZERO, |first| first.elapsed());
    let mut forgotten_visits = 0;
    let mut listened = Ok(());
    if let Some(mut feed) = feed {
        run.orders.give_back(&mut feed);
        forgotten_visits = feed.forgotten();
        listened = feed.end();
    }
    let failure = ended.and(listened).err();
    Ok(Outcome { run: request.run.clone(), count, sent: totals.sent(), forgotten_visits, took, failure })
}

/// A run in progress.
struct Run<'a> {
    request: &'a Request,
    world: &'a World,
    sender: &'a Sender,
    totals: &'a Totals,
    interrupt: &'a Interrupt,
    topics: Topics,
    this: live::Run,
    began: Instant,
    cadence: Cadence,
    orders: Orders<'a>,
    order_due: Due,
    product_due: Due,
    user_due: Due,
    products: u32,
    users: u32,
    json: Vec<u8>,
    told: Instant,
    /// When the first message was due and could be made.
    first: Option<Instant>,
    kafka_part: Part,
    /// How many messages were confirmed, and when the last of them was.
    confirmed: (u64, Instant),
    looked: Instant,
    complained: Option<Instant>,
}

/// Full names of the topics.
struct Topics {
    users: String,
    products: String,
    orders: String,
}

impl<'a> Run<'a> {
    #[expect(clippy::too_many_arguments, reason = "called once, with what `run` was given and made of it")]
    fn new(
        request: &'a Request,
        world: &'a World,
        kafka: &Kafka,
        sender: &'a Sender,
        totals: &'a Totals,
        orders: Orders<'a>,
        kafka_part: Part,
        interrupt: &'a Interrupt,
    ) -> Self {
        let began = Instant::now();
        let this = orders.run();
        let due = |asked: bool| if asked { Due::from(began) } else { Due::never() };
        Self {
            request,
            world,
            sender,
            totals,
            interrupt,
            topics: Topics {
                users: kafka.name("users"),
                products: kafka.name("products"),
                orders: kafka.name("orders"),
            },
            this,
            began,
            cadence: Cadence::new(this.seed(), request.speed),
            orders,
            order_due: due(request.streams.orders),
            product_due: due(request.streams.products),
            user_due: due(request.streams.users),
            products: 0,
            users: 0,
            json: Vec::with_capacity(4_096),
            told: began,
            first: None,
            kafka_part,
            confirmed: (0, began),
            looked: began,
            complained: None,
        }
    }

    fn produce(&mut self, mut feed: Option<&mut Feed>) -> Result<()> {
        while !self.is_over() {
            let sent = self.turn(feed.as_deref_mut());
            match sent {
                // A wait for room in the buffer was cut short: that message was not sent, nor counted.
                Err(report) if report.is::<crate::interrupt::Interrupted>() => return Ok(()),
                other => other?,
            }
            self.tell()?;
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        let Request { limit, duration, .. } = self.request;
        self.interrupt.is_set()
            || limit.is_some_and(|limit| self.totals.of_limit(self.request.streams) >= limit)
            || duration.is_some_and(|duration| self.began.elapsed() >= duration)
    }

    /// Whatever is due; sleeps when nothing is.
    fn turn(&mut self, mut feed: Option<&mut Feed>) -> Result<()> {
        if let Some(feed) = feed.as_deref_mut() {
            self.orders.hear(feed)?;
        }
        let now = Instant::now();
        let idle = [self.order_due.wait(now), self.product_due.wait(now), self.user_due.wait(now)];
        let is_due = |wait: Option<Duration>| wait.is_some_and(|wait| wait.is_zero());
        let [order, product, user] = idle.map(is_due);
        if product {
            self.send_product()?;
            let interval = self.interval(|run| run.cadence.product(), self.request.streams.only_products());
            self.product_due.advance(now, interval);
        }
        if user {
            let interval = self.send_users()?;
            self.user_due.advance(now, interval);
        }
        if order {
            if self.orders.can_begin() {
                let burst = if self.request.pace == Pace::Unthrottled { BURST } else { 1 };
                for _ in 0..burst {
                    if self.is_over() {
                        break;
                    }
                    self.send_order(feed.as_deref_mut())?;
                }
                let demand = self.orders.demand(Utc::now().into());
                let interval = self.interval(|run| run.cadence.order(demand), true);
                self.order_due.advance(now, interval);
            } else {
                self.sender.serve(NAP);
            }
        }
        if product || user || (order && self.orders.can_begin()) {
            self.first.get_or_insert(now);
        }
        if !(order || product || user) {
            let nap = idle.into_iter().flatten().min().unwrap_or(NAP).min(NAP);
            self.sender.serve(nap);
        }
        Ok(())
    }

    /// The pause of the stream that `--rate` and `--unthrottled` speak of, or the shop's own.
    fn interval(&mut self, of_shop: impl Fn(&mut Self) -> Duration, asked_for: bool) -> Duration {
        match self.request.pace {
            Pace::Rate(rate) if asked_for => Duration::from_secs_f64(1.0 / rate),
            Pace::Unthrottled if asked_for => Duration::ZERO,
            _ => of_shop(self),
        }
    }

    fn send_order(&mut self, feed: Option<&mut Feed>) -> Result<()> {
        let now: Timestamp = Utc::now().into();
        let Some(made) = self.orders.next(now) else { return Ok(()) };
        for message in &made.messages {
            let topic = &self.topics.orders;
            self.sender.send_keyed(
                topic,
                message.key,
                message.payload.as_deref(),
                message.headers.clone(),
                message.lane as u8,
                self.interrupt,
            )?;
            self.totals.handed(message.lane);
        }
        if made.late {
            self.totals.handed_late();
        }
        if let (Some(feed), Some((due, visit))) = (feed, made.visit) {
            feed.plan(due, visit);
        }
        Ok(())
    }

    fn send_product(&mut self) -> Result<()> {
        let row = self.world.arrival(&self.this, self.products, Utc::now().into());
        self.products = self.products.wrapping_add(1);
        let message = ProductCreated::of_row(row, &self.world.names);
        self.send(&message, Lane::Product)?;
        Ok(())
    }

    /// Sends a product or a customer.
    fn send<M: Message>(&mut self, message: &M, lane: Lane) -> Result<()> {
        let topic = if lane == Lane::User { &self.topics.users } else { &self.topics.products };
        self.sender.send_message(topic, message, lane as u8, &mut self.json, self.interrupt)?;
        self.totals.handed(lane);
        Ok(())
    }

    /// A batch of sign-ups; returns how long until the next.
    fn send_users(&mut self) -> Result<Duration> {
        let step = self.request.curve.at(self.began.elapsed().as_secs_f64() * self.request.speed);
        let alone = self.request.streams.only_users();
        let (batch, interval) = match self.request.pace {
            Pace::Rate(rate) if alone => (1, Duration::from_secs_f64(1.0 / rate)),
            Pace::Unthrottled if alone => (1, Duration::ZERO),
            _ => (step.batch, self.cadence.hastened(step.interval)),
        };
        for _ in 0..batch {
            if self.is_over() {
                break;
            }
            let row = self.world.sign_up(&self.this, self.users, Utc::now().into());
            self.users = self.users.wrapping_add(1);
            let message = UserCreated::of_row(row, &self.world.names);
            self.send(&message, Lane::User)?;
        }
        Ok(interval)
    }

    /// Whether the brokers answer is seen by their confirmations alone.
    fn look_at_deliveries(&mut self) {
        let count = self.sender.count();
        let longest = self.sender.longest_wait().unwrap_or_default();
        if longest > STUCK {
            // Others may be confirmed meanwhile: of a partition whose topic was made again nothing is (librdkafka's issue 4898).
            let waiting = count.outstanding();
            let what = format!(
                "{} for its confirmation, one for {} s",
                number::verb(waiting, "message", ("waits", "wait")),
                longest.as_secs()
            );
            if self.complained.is_none_or(|at| at.elapsed() > COMPLAIN_EVERY) {
                self.complained = Some(Instant::now());
                tracing::warn!(
                    "{what}; if the brokers are well, a topic was deleted and made again: start this producer anew, what waits will \
                     never arrive"
                );
            }
            self.kafka_part.not_ready(what);
        } else if count.delivered != self.confirmed.0 || count.outstanding() == 0 {
            self.confirmed = (count.delivered, Instant::now());
            self.kafka_part.ready();
        } else if self.confirmed.1.elapsed() > SILENCE {
            let waiting = count.outstanding();
            self.kafka_part.not_ready(format_args!("no message was confirmed for {SILENCE:?}; {waiting} wait"));
        }
    }

    fn tell(&mut self) -> Result<()> {
        if self.looked.elapsed() >= LOOK_EVERY {
            self.looked = Instant::now();
            self.look_at_deliveries();
            // Whoever may not write loses every further message.
            if let Some(refusal) = self.sender.refusal() {
                return Err(refusal.into());
            }
        }
        if self.told.elapsed() >= TELL_EVERY {
            self.told = Instant::now();
            let count = self.sender.count();
            tracing::info!(
                sent = count.handed,
                delivered = count.delivered,
                outstanding = count.outstanding(),
                generation = self.orders.generation(),
                "producing"
            );
        }
        Ok(())
    }
}
