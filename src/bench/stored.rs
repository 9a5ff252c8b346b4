//! Consumers at work, until what was expected is stored.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, bail, eyre};
use diesel::{PgConnection, QueryableByName, RunQueryDsl};

use super::path::BATCH;
use super::scratch::Scratch;
use crate::consume::{self, Topic};
use crate::follow::Follow;
use crate::interrupt::Interrupt;
use crate::stream::topics;
use crate::telemetry::Telemetry;

/// How often partitions were taken over, and how many there are.
const CLAIMS: &str = "SELECT coalesce(sum(epoch), 0)::bigint AS n FROM consumer_offsets";
const PARTITIONS: i64 = topics::PARTITIONS as i64;
/// How far they are stored.
const STORED: &str = "SELECT coalesce(sum(next_offset), 0)::bigint AS n FROM consumer_offsets";
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How long the consumers may take without storing anything.
const LONGEST: Duration = Duration::from_secs(120);

/// Consumes the orders of a range, beside `work`; returns how long that took, once each partition had its member.
pub(super) fn consume(
    scratch: &Scratch,
    members: u16,
    orders: Range<i64>,
    (interrupt, follow): (&Interrupt, &dyn Follow),
    work: impl FnOnce(&Interrupt) -> Result<()> + Send,
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
    let mut conn = scratch.connect()?;
    let claims = number(&mut conn, CLAIMS)?;
    let (kafka, url) = (&scratch.kafka, scratch.url.expose());
    let (stop, failed) = (Interrupt::never(), AtomicBool::new(false));
    thread::scope(|scope| {
        let consumers = scope.spawn(|| consume::run(&request, kafka, url, &Telemetry::silent()?, &stop));
        // Until a figure of the database reaches what is wanted; its growth is told.
        let mut until = |query: &str, begin: i64, wanted: i64, tell: &dyn Fn(u64)| -> Result<()> {
            let (mut was, mut heard) = (begin, Instant::now());
            loop {
                let now = number(&mut conn, query)?;
                if now > was {
                    tell((now - was).unsigned_abs());
                    (was, heard) = (now, Instant::now());
                }
                if now >= wanted {
                    return Ok(());
                }
                interrupt.check()?;
                if heard.elapsed() > LONGEST || consumers.is_finished() || failed.load(Ordering::Relaxed) {
                    bail!("the consumers stored {} of {} orders", now - begin, wanted - begin);
                }
                thread::sleep(LOOK_EVERY);
            }
        };
        let measured = || {
            until(CLAIMS, claims, claims + PARTITIONS, &|_| {})?;
            let began = Instant::now();
            let working = scope.spawn(|| {
                let worked = work(&stop);
                failed.store(worked.is_err(), Ordering::Relaxed);
                worked
            });
            let stored = until(STORED, orders.start, orders.end, &|orders| follow.done(orders));
            let took = began.elapsed();
            if stored.is_err() {
                stop.trigger();
            }
            let worked = working.join().unwrap_or_else(|_| Err(eyre!("the producer panicked")));
            // What broke the other is told: a stop that was asked for here is not.
            if failed.load(Ordering::Relaxed) && !stop.is_set() { worked.and(stored) } else { stored.and(worked) }?;
            Ok(took)
        };
        let measured = measured();
        stop.trigger();
        let ended = consumers.join().unwrap_or_else(|_| Err(eyre!("the consumers panicked")));
        ended.and(measured)
    })
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

/// The number that a query calls `n`.
pub(super) fn number(conn: &mut PgConnection, query: &str) -> Result<i64> {
    Ok(diesel::sql_query(query).get_result::<Number>(conn)?.n)
}
