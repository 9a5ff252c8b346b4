//! Reading members of the pools, with the cache and without: how long it takes, and how many queries.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use color_eyre::eyre::{Result, eyre};
use diesel::connection::{Connection, InstrumentationEvent};
use diesel::sql_types::Uuid as SqlUuid;
use diesel::{PgConnection, RunQueryDsl};
use redis::Commands;
use uuid::Uuid;

use super::report::{Latency, Mean};
use super::scratch::Scratch;
use crate::cache::refresh::refresh;
use crate::db::pools;
use crate::follow::{Amount, Follow};
use crate::generator::World;
use crate::generator::live::{LiveShop, Run};
use crate::generator::rng::{Purpose, Stream};
use crate::interrupt::Interrupt;

/// Look-ups that are timed; the pools' queries take a thousand times as long, so fewer do.
const LOOK_UPS: usize = 2_000;
const POOL_QUERIES: usize = 50;
const REFRESHES: usize = 20;
/// Draws in memory: too quick for the clock one by one, so that their mean is all that can be said.
const DRAWS: u64 = 2_000_000;
const DRAWS_AT_ONCE: u64 = 10_000;

/// What was measured.
#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    /// Queries of one refresh, as they were counted.
    pub queries_of_refresh: u64,
    /// Queries of one order that asks both pools itself.
    pub queries_of_order: u64,
    pub refresh: Latency,
    pub in_memory: Mean,
    pub redis: Latency,
    pub by_key: Latency,
    pub by_pool: Latency,
}

pub(super) fn measure(scratch: &Scratch, world: &World, interrupt: &Interrupt, follow: &dyn Follow) -> Result<Members> {
    let calls = (REFRESHES + POOL_QUERIES + 2 * LOOK_UPS) as u64;
    follow.begins("reading pool members", Amount::Exactly(calls), "calls");
    let watch = Watch { interrupt, follow };
    let mut conn = scratch.connect()?;
    let counted = count_queries(&mut conn);
    let mut redis = scratch.cache.connect()?;
    let now = Utc::now().into();
    let sizes = &world.demand.pool;
    // Once unmeasured: plans are made, and files are read.
    refresh(&mut conn, &scratch.cache, &mut redis, now, sizes, None)?;

    let before = counted.load(Ordering::Relaxed);
    let refreshed =
        timed(REFRESHES, &watch, |_| refresh(&mut conn, &scratch.cache, &mut redis, now, sizes, None).map(drop))?;
    // Without the two that begin and end a transaction.
    let queries_of_refresh = (counted.load(Ordering::Relaxed) - before) / REFRESHES as u64;

    let members = pools::members(&mut conn, now, sizes)?;
    let before = counted.load(Ordering::Relaxed);
    let by_pool = timed(POOL_QUERIES, &watch, |_| pools::members(&mut conn, now, sizes).map(drop))?;
    let queries_of_order = (counted.load(Ordering::Relaxed) - before) / POOL_QUERIES as u64;

    let ids: Vec<Uuid> = members.customers.iter().map(|member| member.member.id).collect();
    let one = |at: usize| ids.get(at % ids.len().max(1)).copied().unwrap_or_default();
    let by_key = timed(LOOK_UPS, &watch, |at| {
        diesel::sql_query("SELECT * FROM users WHERE id = $1").bind::<SqlUuid, _>(one(at)).execute(&mut conn)?;
        Ok(())
    })?;
    let key = scratch.cache.key("pool:users");
    let redis = timed(LOOK_UPS, &watch, |at| {
        let member: Option<String> = redis.hget(&key, one(at).to_string())?;
        member.map(drop).ok_or_else(|| eyre!("a member is not in the cache"))
    })?;

    let mut live = LiveShop::new(world, Run::new(1, "bench"), false);
    let (shoppers, stock) = crate::produce::known_members(
        members.customers.iter().map(|member| &member.member),
        members.products.iter().map(|member| &member.member),
        &world.names,
    );
    live.refill(1, shoppers, stock, now);
    let mut stream = Stream::new(1, Purpose::Order, 1);
    follow.begins("drawing in memory", Amount::Exactly(DRAWS), "draws");
    let mut spent = Duration::ZERO;
    for _ in 0..DRAWS / DRAWS_AT_ONCE {
        interrupt.check()?;
        let began = Instant::now();
        for _ in 0..DRAWS_AT_ONCE {
            std::hint::black_box(live.buyers().draw(&world.class_factors, 0, 20, &mut stream));
        }
        spent += began.elapsed();
        follow.done(DRAWS_AT_ONCE);
    }
    let in_memory = Mean::of(spent, DRAWS);
    Ok(Members { queries_of_refresh, queries_of_order, refresh: refreshed, in_memory, redis, by_key, by_pool })
}

/// Counts the queries of a connection from now on; BEGIN and COMMIT are none.
fn count_queries(conn: &mut PgConnection) -> Arc<AtomicU64> {
    let counted = Arc::new(AtomicU64::new(0));
    let ours = Arc::clone(&counted);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            let words = text.trim_start();
            if !["BEGIN", "COMMIT", "ROLLBACK", "SET"].iter().any(|word| words.starts_with(word)) {
                ours.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    counted
}

struct Watch<'a> {
    interrupt: &'a Interrupt,
    follow: &'a dyn Follow,
}

fn timed(times: usize, watch: &Watch<'_>, mut call: impl FnMut(usize) -> Result<()>) -> Result<Latency> {
    let mut all: Vec<Duration> = Vec::with_capacity(times);
    for at in 0..times {
        watch.interrupt.check()?;
        let began = Instant::now();
        call(at)?;
        all.push(began.elapsed());
        watch.follow.done(1);
    }
    Ok(Latency::of(all))
}
