//! Orders on their way into the tables: through Kafka, and written directly.

use std::thread;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr, bail, eyre};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Message as _, Offset, TopicPartitionList};

use super::report::Latency;
use super::scratch::Scratch;
use super::stored::{consume, number};
use crate::cache::Cache;
use crate::consume::handlers::{Counters, Handler, Orders};
use crate::follow::{Amount, Follow};
use crate::generator::World;
use crate::generator::sign_ups::SignUpCurve;
use crate::interrupt::Interrupt;
use crate::produce::inject::Rates;
use crate::produce::{self, Pace, Streams, Totals};
use crate::stream::client::{Kafka, PATIENCE};
use crate::stream::message::{OrderCreated, decode};
use crate::stream::rights::Operation;
use crate::telemetry::Telemetry;

/// Orders written one by one at most: each waits for the disk.
const SINGLE_ORDERS: usize = 2_000;
/// Orders written at once, as consumers do.
pub(super) const BATCH: usize = 5_000;
/// How often the bar is moved while the producer works.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Orders a second, each way.
#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    pub produced: f64,
    pub consumed: f64,
    pub items: f64,
    /// From a topic with nothing to the last stored row, both at work.
    pub through: f64,
    pub direct_single: f64,
    pub single: Latency,
    pub direct_batches: f64,
}

pub(super) fn measure(
    scratch: &Scratch,
    world: &World,
    orders: u32,
    members: u16,
    interrupt: &Interrupt,
    follow: &dyn Follow,
) -> Result<Path> {
    let amount = Amount::Exactly(orders.into());
    follow.begins("producing", amount, "orders");
    let produced = produce(scratch, world, orders, interrupt, follow)?;
    follow.begins("consuming", amount, "orders");
    let took = consume(scratch, members, 0..i64::from(orders), (interrupt, follow), |_| Ok(()))?;
    let consumed = f64::from(orders) / took.as_secs_f64();
    let mut conn = scratch.connect()?;
    let items = number(&mut conn, "SELECT count(*) AS n FROM order_items")? as f64 / f64::from(orders);

    // Both at once, which is how a shop runs.
    follow.begins("producing and consuming at once", amount, "orders");
    let (kafka, cache) = (&scratch.kafka, &scratch.cache);
    let took = consume(scratch, members, i64::from(orders)..2 * i64::from(orders), (interrupt, follow), |stop| {
        send(kafka, cache, world, orders, "second", &Totals::default(), stop).map(drop)
    })?;
    let through = f64::from(orders) / took.as_secs_f64();

    follow.begins("reading the orders back", amount, "orders");
    let known = read_orders(scratch, orders as usize, interrupt, follow)?;
    empty(&mut conn)?;
    let few: Vec<&OrderCreated> = known.iter().take(SINGLE_ORDERS).collect();
    follow.begins("writing directly, one by one", Amount::Exactly(few.len() as u64), "orders");
    let (mut handler, mut times) = (Orders::default(), Vec::with_capacity(few.len()));
    let began = Instant::now();
    for order in &few {
        interrupt.check()?;
        let at = Instant::now();
        write(&mut conn, &mut handler, &[*order])?;
        times.push(at.elapsed());
        follow.done(1);
    }
    let direct_single = few.len() as f64 / began.elapsed().as_secs_f64();

    empty(&mut conn)?;
    follow.begins("writing directly, in batches", amount, "orders");
    let all: Vec<&OrderCreated> = known.iter().collect();
    let (mut handler, began) = (Orders::default(), Instant::now());
    for batch in all.chunks(BATCH) {
        interrupt.check()?;
        write(&mut conn, &mut handler, batch)?;
        follow.done(batch.len() as u64);
    }
    let direct_batches = all.len() as f64 / began.elapsed().as_secs_f64();
    let single = Latency::of(times);
    Ok(Path { produced, consumed, items, through, direct_single, single, direct_batches })
}

/// Orders a second, with nobody consuming.
fn produce(scratch: &Scratch, world: &World, orders: u32, interrupt: &Interrupt, follow: &dyn Follow) -> Result<f64> {
    let (kafka, cache, totals) = (&scratch.kafka, &scratch.cache, &Totals::default());
    thread::scope(|scope| {
        let sent = scope.spawn(move || send(kafka, cache, world, orders, "first", totals, interrupt));
        let mut told = 0;
        while !sent.is_finished() {
            thread::sleep(LOOK_EVERY);
            let delivered = totals.sent().delivered.orders;
            follow.done(delivered - told);
            told = delivered;
        }
        sent.join().unwrap_or_else(|_| Err(eyre!("the producer panicked")))
    })
}

/// Sends so many orders; orders a second.
fn send(
    kafka: &Kafka,
    cache: &Cache,
    world: &World,
    orders: u32,
    run: &str,
    totals: &Totals,
    interrupt: &Interrupt,
) -> Result<f64> {
    let request = produce::Request {
        streams: Streams { orders: true, products: false, users: false },
        pace: Pace::Unthrottled,
        limit: Some(orders.into()),
        duration: None,
        speed: 1.0,
        seed: 1,
        run: run.to_owned(),
        inject: Rates::default(),
        curve: SignUpCurve { start: 1.0, floor: 1.0, midpoint: 1.0, width: 1.0 },
        habits: false,
    };
    let telemetry = Telemetry::silent()?;
    let outcome = produce::run_counted(&request, world, kafka, Some(cache.clone()), &telemetry, totals, interrupt)?;
    if let Some(failure) = outcome.failure {
        return Err(failure);
    }
    interrupt.check()?;
    if outcome.count.delivered < u64::from(orders) {
        bail!("only {} of {orders} orders were delivered", outcome.count.delivered);
    }
    Ok(f64::from(orders) / outcome.took.as_secs_f64())
}

fn write(conn: &mut PgConnection, handler: &mut Orders, orders: &[&OrderCreated]) -> Result<()> {
    conn.transaction(|conn| handler.store(conn, orders, Counters::Update).map(drop))
}

fn empty(conn: &mut PgConnection) -> Result<()> {
    conn.batch_execute(
        "TRUNCATE orders, order_items;
         UPDATE users SET last_ordered_at = NULL WHERE last_ordered_at IS NOT NULL;
         UPDATE products SET order_count = 0 WHERE order_count > 0",
    )
    .wrap_err("the tables cannot be emptied")
}

/// The first orders of the topic.
fn read_orders(
    scratch: &Scratch,
    most: usize,
    interrupt: &Interrupt,
    follow: &dyn Follow,
) -> Result<Vec<OrderCreated>> {
    let topic = scratch.kafka.name("orders");
    let group = scratch.kafka.name("bench");
    let consumer: BaseConsumer =
        scratch.kafka.config(&[("group.id", &group), ("enable.auto.commit", "false")]).create()?;
    let partitions = scratch.kafka.partitions_of(consumer.client(), &topic, Operation::Read, PATIENCE)?;
    let mut assignment = TopicPartitionList::new();
    for partition in 0..i32::try_from(partitions)? {
        assignment.add_partition_offset(&topic, partition, Offset::Beginning)?;
    }
    consumer.assign(&assignment)?;
    let mut orders = Vec::with_capacity(most);
    while orders.len() < most {
        interrupt.check()?;
        let message = consumer.poll(PATIENCE).ok_or_else(|| eyre!("the topic ends too soon"))??;
        orders.push(decode(message.payload(), None)?);
        follow.done(1);
    }
    Ok(orders)
}
