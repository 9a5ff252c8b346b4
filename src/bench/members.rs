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

use super::report::Latency;
use super::scratch::Scratch;
use crate::cache::refresh::refresh;
use crate::db::pools;
use crate::generator::World;
use crate::generator::live::{LiveShop, Run};
use crate::generator::rng::{Purpose, Stream};
use crate::interrupt::Interrupt;

/// Look-ups that are timed; the pools' queries take a thousand times as long, so fewer do.
const LOOK_UPS: usize = 2_000;
const POOL_QUERIES: usize = 50;
/// Draws in memory are too quick for the clock one by one.
const DRAWS_AT_ONCE: u32 = 1_000;

/// What was measured.
#[derive(Clone, Debug)]
pub(super) struct Members {
    /// Queries of one refresh, as they were counted.
    pub queries_of_refresh: u64,
    /// Queries of one order that asks both pools itself.
    pub queries_of_order: u64,
    pub refresh: Latency,
    pub in_memory: Latency,
    pub redis: Latency,
    pub by_key: Latency,
    pub by_pool: Latency,
}

pub(super) fn measure(scratch: &Scratch, world: &World, interrupt: &Interrupt) -> Result<Members> {
    let mut conn = scratch.connect()?;
    let counted = count_queries(&mut conn);
    let mut redis = scratch.cache.connect()?;
    let now = Utc::now().into();
    let sizes = &world.demand.pool;
    // Once unmeasured: plans are made, and files are read.
    refresh(&mut conn, &scratch.cache, &mut redis, now, sizes, None)?;

    let before = counted.load(Ordering::Relaxed);
    let refreshed =
        timed(20, interrupt, |_| refresh(&mut conn, &scratch.cache, &mut redis, now, sizes, None).map(drop))?;
    // Without the two that begin and end a transaction.
    let queries_of_refresh = (counted.load(Ordering::Relaxed) - before) / 20;

    let members = pools::members(&mut conn, now, sizes)?;
    let before = counted.load(Ordering::Relaxed);
    let by_pool = timed(POOL_QUERIES, interrupt, |_| pools::members(&mut conn, now, sizes).map(drop))?;
    let queries_of_order = (counted.load(Ordering::Relaxed) - before) / POOL_QUERIES as u64;

    let ids: Vec<Uuid> = members.customers.iter().map(|member| member.member.id).collect();
    let one = |at: usize| ids.get(at % ids.len().max(1)).copied().unwrap_or_default();
    let by_key = timed(LOOK_UPS, interrupt, |at| {
        diesel::sql_query("SELECT * FROM users WHERE id = $1").bind::<SqlUuid, _>(one(at)).execute(&mut conn)?;
        Ok(())
    })?;
    let key = scratch.cache.key("pool:users");
    let redis = timed(LOOK_UPS, interrupt, |at| {
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
    let mut in_memory = timed(LOOK_UPS, interrupt, |_| {
        for _ in 0..DRAWS_AT_ONCE {
            std::hint::black_box(live.buyers().draw(&world.class_factors, 0, 20, &mut stream));
        }
        Ok(())
    })?;
    in_memory.p50 /= DRAWS_AT_ONCE;
    in_memory.p99 /= DRAWS_AT_ONCE;
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

fn timed(times: usize, interrupt: &Interrupt, mut call: impl FnMut(usize) -> Result<()>) -> Result<Latency> {
    let mut all: Vec<Duration> = Vec::with_capacity(times);
    for at in 0..times {
        interrupt.check()?;
        let began = Instant::now();
        call(at)?;
        all.push(began.elapsed());
    }
    Ok(Latency::of(all))
}
