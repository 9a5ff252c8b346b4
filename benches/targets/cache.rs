//! Targets 8, 11 and 12: what the cache costs, and what it saves.

use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, eyre};
use diesel::RunQueryDsl as _;
use diesel::sql_types::Uuid as SqlUuid;
use redis::Commands;
use shopstream::db::pools;
use shopstream::generator::World;
use shopstream::generator::live::{LiveShop, Run};
use shopstream::generator::rng::{Purpose, Stream};

use super::measure::RUNS;
use super::report::{Report, Wanted};
use super::shop::Shop;

/// Target 8.
pub fn refresh(report: &mut Report) -> Result<()> {
    let small = Shop::open(10_000, 20_000)?;
    let large = Shop::open(1_000_000, 1_000_000)?;
    for shop in [&small, &large] {
        shop.database.settle(&["users", "products"])?;
    }
    let millis = |shop: &Shop| -> Result<f64> {
        let mut all = Vec::new();
        for _ in 0..=4 * RUNS {
            let meta = shop.json(&["cache", "refresh", "--json"])?;
            all.push(meta["took_ms"].as_f64().ok_or_else(|| eyre!("no took_ms in {meta}"))?);
        }
        all.remove(0);
        all.sort_by(f64::total_cmp);
        Ok(all[all.len() / 2])
    };
    let (of_small, of_large) = (millis(&small)?, millis(&large)?);
    report.add(
        "8",
        "cache refresh with 1,000,000 customers and 1,000,000 products",
        format!("{of_large:.0} ms"),
        format!("the same with 10,000 and 20,000: {of_small:.0} ms"),
        of_large / of_small,
        Wanted::AtMost(2.0, "≤ 2 ×"),
    );
    Ok(())
}

/// Target 11: queries of the database a minute. Counted by the database itself, as transactions of this measurement's own
/// database; a refresh asks a query a pool in one transaction.
pub fn queries(report: &mut Report) -> Result<()> {
    let shop = Shop::open(10_000, 20_000)?;
    let counted = "SELECT calls AS n FROM (SELECT sum(xact_commit)::bigint AS calls FROM pg_stat_database
                    WHERE datname = current_database()) counted";
    // With the cache: two refreshes and the time between them are enough, for nothing else asks.
    let producer = shop.start(&["produce", "--stream", "orders", "--rate", "10/s"])?;
    let every = Duration::from_secs(5);
    let refresher = shop.start(&["cache", "refresh", "--every", "5s"])?;
    std::thread::sleep(Duration::from_secs(2));
    let (before, began) = (shop.number(counted)?, Instant::now());
    std::thread::sleep(4 * every);
    let transactions = shop.number(counted)? - before;
    let elapsed = began.elapsed();
    refresher.stop()?;
    producer.stop()?;
    // Two queries each, as `shopstream bench` counts them; at the default interval of 50 s.
    let refreshes = elapsed.as_secs_f64() / every.as_secs_f64();
    let queries_each = 2.0;
    let with = queries_each * 60.0 / 50.0;
    for (what, orders_a_minute) in [("at the default cadence (an order every 4 s)", 15.0), ("at 10 orders/s", 600.0)] {
        // Without: a buyer from the customers' pool and a cart from the products' pool for each order.
        let without = 2.0 * orders_a_minute;
        report.add(
            "11",
            &format!("database queries a minute {what}"),
            format!(
                "{with:.1} with the cache (2 every 50 s; {transactions} transactions counted over {refreshes:.1} refreshes)"
            ),
            format!("{without:.0} when each order asks both pools itself: {:.1} % fewer", 100.0 * (1.0 - with / without)),
            with / without,
            Wanted::Reported,
        );
    }
    Ok(())
}

/// Target 12: reading a pool member, four ways.
pub fn members(report: &mut Report) -> Result<()> {
    let shop = Shop::open(10_000, 20_000)?;
    let world = World::new(None, None)?;
    let mut conn = shopstream::db::connect(&shop.database.url)?;
    let now = chrono::Utc::now().into();
    let members = pools::members(&mut conn, now, &world.demand.pool)?;
    let ids: Vec<uuid::Uuid> = members.customers.iter().map(|member| member.member.id).collect();

    let mut live = LiveShop::new(&world, Run::new(1, "bench"), false);
    let (shoppers, stock) = shopstream::produce::known_members(
        members.customers.iter().map(|member| &member.member),
        members.products.iter().map(|member| &member.member),
        &world.names,
    );
    live.refill(1, shoppers, stock, now);
    let mut stream = Stream::new(1, Purpose::Order, 1);
    let in_producer = {
        const DRAWS: u32 = 2_000_000;
        let began = Instant::now();
        for _ in 0..DRAWS {
            std::hint::black_box(live.buyers().draw(&world.class_factors, 0, 20, &mut stream));
        }
        began.elapsed().as_secs_f64() / f64::from(DRAWS)
    };
    let mut redis = redis::Client::open(std::env::var("REDIS_URL")?)?.get_connection()?;
    let key = format!("{}pool:users", shop.prefix);
    let from_redis = each(&ids, |id| {
        let member: Option<String> = redis.hget(&key, id.to_string())?;
        member.map(drop).ok_or_else(|| eyre!("{id} is not in the pool"))
    })?;
    let by_key = each(&ids, |id| {
        diesel::sql_query("SELECT * FROM users WHERE id = $1").bind::<SqlUuid, _>(id).execute(&mut conn)?;
        Ok(())
    })?;
    let by_pool = each(&ids[..50], |_| pools::members(&mut conn, now, &world.demand.pool).map(drop))?;
    for (what, seconds) in [
        ("drawn in the producer's memory", in_producer),
        ("read from Redis (HGET)", from_redis),
        ("read from the database by key", by_key),
        ("read from the database by the pools' queries", by_pool),
    ] {
        report.add(
            "12",
            &format!("a pool member {what}"),
            format!("{:.2} µs", seconds * 1e6),
            format!("from the database by key: {:.2} µs", by_key * 1e6),
            by_key / seconds,
            Wanted::Reported,
        );
    }
    Ok(())
}

/// The median time of one call, seconds.
fn each(ids: &[uuid::Uuid], mut call: impl FnMut(uuid::Uuid) -> Result<()>) -> Result<f64> {
    let mut times = Vec::with_capacity(ids.len());
    for id in ids {
        let began = Instant::now();
        call(*id)?;
        times.push(began.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
