//! The pools in Redis: whole, or not at all.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::Utc;
use redis::Commands;
use shopstream::cache::members::CachedCustomer;
use shopstream::cache::visits::{self, Visit};
use shopstream::cache::{read, refresh};
use shopstream::db::pools;
use shopstream::domain::Timestamp;
use shopstream::generator::tables::{DemandTables, PoolSizes};
use uuid::Uuid;

use crate::shop::{number, seed};
use crate::support::*;

fn sizes() -> PoolSizes {
    DemandTables::built_in().unwrap().pool
}

fn now() -> Timestamp {
    Utc::now().into()
}

#[test]
fn the_cache_holds_what_the_database_says_with_all_that_producers_need() {
    let (db, scratch) = (ScratchDb::migrated(), ScratchRedis::new());
    let conn = &mut db.connect();
    seed(conn, 1, 2_000, 2_000);
    diesel::RunQueryDsl::execute(
        diesel::sql_query(
            "UPDATE users SET last_ordered_at = now() - random_seed * interval '1 year' WHERE random_seed < 0.4",
        ),
        conn,
    )
    .unwrap();
    let (cache, redis) = (scratch.cache(), &mut scratch.connect());
    let at = now();
    let meta = refresh::refresh(conn, &cache, redis, at, &sizes(), Some(Duration::from_secs(50))).unwrap();
    assert_eq!((meta.generation, meta.users(), meta.products()), (1, 1_000, 1_000));
    assert_eq!((meta.users_bought, meta.users_new), (600, 400));
    assert_eq!((meta.users_replaced, meta.products_replaced, meta.interval_ms), (1_000, 1_000, 50_000));

    let pools = read::pools(&cache, redis).unwrap().unwrap();
    assert_eq!(pools.meta, meta);
    let expected = pools::members(conn, at, &sizes()).unwrap();
    let by_id = |mut customers: Vec<CachedCustomer>| {
        customers.sort_by_key(|customer| customer.id);
        customers
    };
    assert_eq!(
        by_id(pools.customers.clone()),
        by_id(expected.customers.iter().map(|member| member.member.clone()).collect())
    );
    let ids: HashSet<Uuid> = pools.products.iter().map(|product| product.id).collect();
    assert_eq!(ids, expected.products.iter().map(|member| member.member.id).collect());

    // The same pool again: another generation, nobody new; and no half-written pool is left behind.
    let again = refresh::refresh(conn, &cache, redis, at, &sizes(), None).unwrap();
    assert_eq!((again.generation, again.users_replaced, again.products_replaced), (2, 0, 0));
    // Both pools, what is known of them, and that no scenario is switched on.
    assert_eq!(scratch.keys().len(), 4, "{:?}", scratch.keys());
    let lasting: i64 = redis.ttl(cache.key("pool:users")).unwrap();
    assert_eq!(lasting, -1, "the pool in place never expires");
}

#[test]
fn readers_see_one_pool_or_the_other_while_two_refreshers_write() {
    let shops = [ScratchDb::migrated(), ScratchDb::migrated()];
    for (number, db) in (1..).zip(&shops) {
        seed(&mut db.connect(), number, 1_200, 1_200);
    }
    let scratch = ScratchRedis::new();
    let of_shop: Vec<HashSet<Uuid>> = shops
        .iter()
        .map(|db| {
            let pools = pools::members(&mut db.connect(), now(), &sizes()).unwrap();
            let customers = pools.customers.iter().map(|member| member.member.id);
            customers.chain(pools.products.iter().map(|member| member.member.id)).collect()
        })
        .collect();
    let cache = scratch.cache();
    let first = refresh::refresh(&mut shops[0].connect(), &cache, &mut scratch.connect(), now(), &sizes(), None);
    assert_eq!(first.unwrap().generation, 1);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let refreshers: Vec<_> = shops
            .iter()
            .map(|db| {
                let cache = cache.clone();
                scope.spawn(move || {
                    let (mut conn, mut redis) = (db.connect(), cache.connect().unwrap());
                    for _ in 0..25 {
                        refresh::refresh(&mut conn, &cache, &mut redis, now(), &sizes(), None).unwrap();
                    }
                })
            })
            .collect();
        let reader = scope.spawn(|| {
            let mut redis = cache.connect().unwrap();
            let (mut reads, mut seen) = (0, HashSet::new());
            while !done.load(Ordering::Relaxed) {
                let pools = read::pools(&cache, &mut redis).unwrap().expect("never nothing");
                let ids: HashSet<Uuid> = pools
                    .customers
                    .iter()
                    .map(|customer| customer.id)
                    .chain(pools.products.iter().map(|product| product.id))
                    .collect();
                assert_eq!(ids.len(), 2_000);
                seen.insert(of_shop.iter().position(|shop| *shop == ids).expect("never a mixture"));
                reads += 1;
            }
            assert!(reads > 10 && seen.len() == 2, "{reads} reads saw {seen:?}");
        });
        for refresher in refreshers {
            refresher.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
    assert_eq!(read::meta(&cache, &mut scratch.connect()).unwrap().generation, 51);
    assert_eq!(scratch.keys().len(), 4);
}

#[test]
fn a_refresh_that_fails_leaves_the_old_pool_in_place() {
    let (full, empty, scratch) = (ScratchDb::migrated(), ScratchDb::migrated(), ScratchRedis::new());
    seed(&mut full.connect(), 1, 100, 100);
    let (cache, redis) = (scratch.cache(), &mut scratch.connect());
    let few = refresh::refresh(&mut full.connect(), &cache, redis, now(), &sizes(), None).unwrap();
    assert_eq!((few.users(), few.products()), (100, 100), "everybody, if there are fewer");
    let before = read::pools(&cache, redis).unwrap();
    let refused = refresh::refresh(&mut empty.connect(), &cache, redis, now(), &sizes(), None).unwrap_err();
    assert!(refused.to_string().contains("no customers yet"), "{refused}");
    assert_eq!(read::pools(&cache, redis).unwrap(), before);
}

#[test]
fn each_visit_that_is_due_goes_to_one_producer() {
    let scratch = ScratchRedis::new();
    let cache = scratch.cache();
    let visit = |number: u128| Visit { agreed_at: Uuid::from_u128(number), customer: customer(number) };
    let planned: Vec<(Timestamp, Visit)> =
        (0..1_000_u128).map(|n| (Timestamp::from_secs(1_000 + i64::try_from(n).unwrap()), visit(n))).collect();
    visits::plan(&cache, &mut scratch.connect(), &planned).unwrap();
    assert_eq!(visits::take(&cache, &mut scratch.connect(), Timestamp::from_secs(999), 10).unwrap(), []);
    let half_time = Timestamp::from_secs(1_499);
    let taken: Vec<Vec<Visit>> = std::thread::scope(|scope| {
        let take = || {
            let mut redis = cache.connect().unwrap();
            let mut all = Vec::new();
            loop {
                let some = visits::take(&cache, &mut redis, half_time, 7).unwrap();
                if some.is_empty() {
                    return all;
                }
                all.extend(some);
            }
        };
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(take)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let ids: Vec<Uuid> = taken.iter().flatten().map(|visit| visit.agreed_at).collect();
    let distinct: HashSet<Uuid> = ids.iter().copied().collect();
    assert_eq!((ids.len(), distinct.len()), (500, 500));
    assert_eq!(visits::waiting(&cache, &mut scratch.connect()).unwrap(), 500);
}

fn customer(number: u128) -> CachedCustomer {
    CachedCustomer {
        id: Uuid::from_u128(number),
        gender: shopstream::domain::Gender::Female,
        birth_date: chrono::NaiveDate::from_ymd_opt(1990, 1, 1).unwrap(),
        region: "서울".into(),
        status: shopstream::domain::CustomerStatus::Active,
        marketing_agree: true,
        grade: shopstream::domain::Grade::Gold,
        created_at: Timestamp::from_secs(5),
    }
}

#[test]
fn a_refresher_that_stays_outlives_a_database_that_is_not_there_yet() {
    let (db, scratch) = (ScratchDb::migrated(), ScratchRedis::new());
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_shopstream"));
    command.args(["cache", "refresh", "--every", "1s"]).env_clear();
    command.env("DATABASE_URL", db.url()).env("REDIS_URL", redis_url()).env("SHOPSTREAM_REDIS_PREFIX", &scratch.prefix);
    let mut refresher = Running::start(&mut command);
    until(Duration::from_secs(30), "it says what is missing", || {
        let said = refresher.said();
        if said.contains("no customers yet") { Ok(()) } else { Err(said) }
    });
    let conn = &mut db.connect();
    seed(conn, 1, 50, 50);
    assert_eq!(number(conn, "SELECT count(*) AS n FROM users"), 50);
    let (cache, redis) = (scratch.cache(), &mut scratch.connect());
    until(Duration::from_secs(30), "three generations", || {
        let generation = read::meta(&cache, redis).unwrap().generation;
        if generation >= 3 { Ok(()) } else { Err(generation.to_string()) }
    });
    assert!(refresher.stop(Duration::from_secs(5)).success());
}
