//! Orders on their way into the tables: through Kafka, and written directly.

use std::thread;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr, bail, eyre};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Message as _, Offset, TopicPartitionList};

use super::report::Latency;
use super::scratch::Scratch;
use crate::consume::handlers::{Counters, Handler, Orders};
use crate::consume::{self, Topic};
use crate::generator::World;
use crate::generator::sign_ups::SignUpCurve;
use crate::interrupt::Interrupt;
use crate::produce::inject::Rates;
use crate::produce::{self, Pace, Streams};
use crate::stream::client::PATIENCE;
use crate::stream::message::{OrderCreated, decode};
use crate::stream::rights::Operation;
use crate::telemetry::Telemetry;

/// Orders written one by one at most: each waits for the disk.
const SINGLE_ORDERS: usize = 2_000;
/// Orders written at once, as consumers do.
const BATCH: usize = 5_000;
/// How often partitions were taken over, and how many there are.
const CLAIMS: &str = "SELECT coalesce(sum(epoch), 0)::bigint AS n FROM consumer_offsets";
const PARTITIONS: i64 = 3;
/// How long the consumers may take in all.
const LONGEST: Duration = Duration::from_secs(600);

/// Orders a second, each way.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub orders: u32,
    pub members: u16,
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
) -> Result<Path> {
    let produced = produce(scratch, world, orders, "first", interrupt)?;
    let took = consume_until(scratch, members, orders.into(), interrupt, || Ok(()))?;
    let consumed = f64::from(orders) / took.as_secs_f64();
    let mut conn = scratch.connect()?;
    let items = number(&mut conn, "SELECT count(*) AS n FROM order_items")? as f64 / f64::from(orders);

    // Both at once, which is how a shop runs.
    let took = consume_until(scratch, members, 2 * i64::from(orders), interrupt, || {
        produce(scratch, world, orders, "second", interrupt).map(drop)
    })?;
    let through = f64::from(orders) / took.as_secs_f64();

    let known = read_orders(scratch, orders as usize)?;
    empty(&mut conn)?;
    let few: Vec<&OrderCreated> = known.iter().take(SINGLE_ORDERS).collect();
    let (mut handler, mut times) = (Orders::default(), Vec::with_capacity(few.len()));
    let began = Instant::now();
    for order in &few {
        interrupt.check()?;
        let at = Instant::now();
        write(&mut conn, &mut handler, &[*order])?;
        times.push(at.elapsed());
    }
    let direct_single = few.len() as f64 / began.elapsed().as_secs_f64();

    empty(&mut conn)?;
    let all: Vec<&OrderCreated> = known.iter().collect();
    let (mut handler, began) = (Orders::default(), Instant::now());
    for batch in all.chunks(BATCH) {
        interrupt.check()?;
        write(&mut conn, &mut handler, batch)?;
    }
    let direct_batches = all.len() as f64 / began.elapsed().as_secs_f64();
    let single = Latency::of(times);
    Ok(Path { orders, members, produced, consumed, items, through, direct_single, single, direct_batches })
}

/// Orders a second.
fn produce(scratch: &Scratch, world: &World, orders: u32, run: &str, interrupt: &Interrupt) -> Result<f64> {
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
    let outcome = produce::run(&request, world, &scratch.kafka, Some(scratch.cache.clone()), &telemetry, interrupt)?;
    if let Some(failure) = outcome.failure {
        return Err(failure);
    }
    interrupt.check()?;
    if outcome.count.delivered < u64::from(orders) {
        bail!("only {} of {orders} orders were delivered", outcome.count.delivered);
    }
    Ok(f64::from(orders) / outcome.took.as_secs_f64())
}

/// Consumes beside `work` until so many messages are stored; returns how long that took, once each partition had its member.
fn consume_until(
    scratch: &Scratch,
    members: u16,
    messages: i64,
    interrupt: &Interrupt,
    work: impl Fn() -> Result<()>,
) -> Result<Duration> {
    let request = consume::Request {
        topic: Topic::Orders,
        members,
        batch_size: BATCH,
        batch_bytes: 16_000_000,
        batch_wait: Duration::from_millis(200),
        from_beginning: false,
        orphan_timeout: Duration::from_secs(300),
        orphan_limit: 100_000,
    };
    let stop = Interrupt::never();
    let claims = number(&mut scratch.connect()?, CLAIMS)?;
    thread::scope(|scope| {
        let consumers =
            scope.spawn(|| consume::run(&request, &scratch.kafka, scratch.url.expose(), &Telemetry::silent()?, &stop));
        let stored = || {
            let mut conn = scratch.connect()?;
            let mut wait = |query: &str, wanted: i64| -> Result<()> {
                let began = Instant::now();
                while number(&mut conn, query)? < wanted {
                    interrupt.check()?;
                    if began.elapsed() > LONGEST || consumers.is_finished() {
                        bail!("the consumers did not store {messages} orders");
                    }
                    thread::sleep(Duration::from_millis(5));
                }
                Ok(())
            };
            wait(CLAIMS, claims + PARTITIONS)?;
            let began = Instant::now();
            work()?;
            wait("SELECT coalesce(sum(next_offset), 0)::bigint AS n FROM consumer_offsets", messages)?;
            Ok(began.elapsed())
        };
        let stored = stored();
        stop.trigger();
        let ended = consumers.join().unwrap_or_else(|_| Err(eyre!("the consumers panicked")));
        ended.and(stored)
    })
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

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

fn number(conn: &mut PgConnection, query: &str) -> Result<i64> {
    Ok(diesel::sql_query(query).get_result::<Number>(conn)?.n)
}

/// The first orders of the topic.
fn read_orders(scratch: &Scratch, most: usize) -> Result<Vec<OrderCreated>> {
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
        let message = consumer.poll(PATIENCE).ok_or_else(|| eyre!("the topic ends too soon"))??;
        orders.push(decode(message.payload(), None)?);
    }
    Ok(orders)
}
