//! PostgreSQL → Redis: the pools made anew, and put in place at once.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr};
use diesel::PgConnection;
use redis::{Commands, Connection, Script, pipe};
use serde::Serialize;
use uuid::Uuid;

use super::members::{CustomerPart, Member, PoolMeta, Pools, ProductPart};
use super::{Cache, keys};
use crate::db::pools;
use crate::domain::Timestamp;
use crate::error::Failure;
use crate::generator::tables::PoolSizes;

/// Members written by one command: readers are served in between.
const CHUNK: usize = 200;
/// A half-written pool of a refresher that died goes after so many seconds.
const ABANDONED_AFTER_SECS: i64 = 120;

/// Puts both staged pools in place and counts the generation: all of it, or nothing when one of them is not there any more.
/// In place a pool never expires. Where no scenario is switched on, an empty one is put: producers look each second, and Redis would
/// count every look at a key that is not there as a miss.
const SWAP: &str = r"
    if redis.call('EXISTS', KEYS[1], KEYS[3]) < 2 then
        return redis.error_reply('ABANDONED the staged pools expired before they were complete')
    end
    for at = 1, 3, 2 do
        redis.call('RENAME', KEYS[at], KEYS[at + 1])
        redis.call('PERSIST', KEYS[at + 1])
    end
    -- Whatever else lies at the key is none of ours.
    if redis.call('TYPE', KEYS[5]).ok ~= 'hash' then redis.call('DEL', KEYS[5]) end
    local generation = tonumber(redis.call('HGET', KEYS[5], 'generation') or 0)
    if not generation or generation < 0 or generation > 2 ^ 52 then redis.call('HDEL', KEYS[5], 'generation') end
    redis.call('HSET', KEYS[5], unpack(ARGV))
    redis.call('SET', KEYS[6], '', 'NX')
    return redis.call('HINCRBY', KEYS[5], 'generation', 1)";

/// Reads the pools from PostgreSQL and puts them into the cache; returns what is known of them now.
///
/// Whatever fails, the pool that was there stays. Two refreshers at once each put a whole pool in place, one after the
/// other.
///
/// # Errors
/// A [`Failure`] when the database has no customers or products, or Redis refuses; also when a query fails.
pub fn refresh(
    conn: &mut PgConnection,
    cache: &Cache,
    redis: &mut Connection,
    now: Timestamp,
    sizes: &PoolSizes,
    interval: Option<Duration>,
) -> Result<PoolMeta> {
    let began = Instant::now();
    let pools = pools::members(conn, now, sizes).wrap_err("the pools cannot be read")?;
    for (what, empty) in [("customers", pools.customers.is_empty()), ("products", pools.products.is_empty())] {
        if empty {
            return Err(Failure::new(format!("the database has no {what} yet; the cache was left as it is"))
                .help("put some in: shopstream seed")
                .into());
        }
    }
    publish(cache, redis, &pools, now, interval, began).map_err(|error| cache.explain(&error).into())
}

fn publish(
    cache: &Cache,
    redis: &mut Connection,
    pools: &Pools,
    now: Timestamp,
    interval: Option<Duration>,
    began: Instant,
) -> redis::RedisResult<PoolMeta> {
    let (users, products, meta) = (cache.key(keys::USERS), cache.key(keys::PRODUCTS), cache.key(keys::META));
    let turn = Uuid::new_v4().simple().to_string();
    let staged = |key: &str| format!("{key}:staged:{turn}");
    let customers = |part| pools.customers.iter().filter(|member| member.part == part).count() as u64;
    let wares = |part| pools.products.iter().filter(|member| member.part == part).count() as u64;

    stage(redis, &staged(&users), &pools.customers, |customer| customer.id)?;
    stage(redis, &staged(&products), &pools.products, |product| product.id)?;
    let users_replaced = replaced(redis, &users, &pools.customers, |customer| customer.id)?;
    let products_replaced = replaced(redis, &products, &pools.products, |product| product.id)?;

    let mut known = PoolMeta {
        generation: 0,
        refreshed_at_ms: now.micros() / 1_000,
        interval_ms: interval.map_or(0, |interval| u64::try_from(interval.as_millis()).unwrap_or(u64::MAX)),
        took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        users_bought: customers(CustomerPart::Bought),
        users_new: customers(CustomerPart::New),
        products_sold: wares(ProductPart::Sold),
        products_newest: wares(ProductPart::Newest),
        products_called_back: wares(ProductPart::CalledBack),
        users_replaced,
        products_replaced,
    };
    let script = Script::new(SWAP);
    let mut swap = script.prepare_invoke();
    for key in [&users, &products] {
        swap.key(staged(key)).key(key);
    }
    swap.key(&meta).key(cache.key(keys::SCENARIO));
    for (field, value) in fields(&known) {
        swap.arg(field).arg(value);
    }
    let generation: u64 = swap.invoke(redis)?;
    known.generation = generation;
    Ok(known)
}

/// The fields of the metadata but the generation, which Redis counts itself.
fn fields(meta: &PoolMeta) -> [(&'static str, String); 10] {
    [
        ("refreshed_at_ms", meta.refreshed_at_ms.to_string()),
        ("interval_ms", meta.interval_ms.to_string()),
        ("took_ms", meta.took_ms.to_string()),
        ("users_bought", meta.users_bought.to_string()),
        ("users_new", meta.users_new.to_string()),
        ("products_sold", meta.products_sold.to_string()),
        ("products_newest", meta.products_newest.to_string()),
        ("products_called_back", meta.products_called_back.to_string()),
        ("users_replaced", meta.users_replaced.to_string()),
        ("products_replaced", meta.products_replaced.to_string()),
    ]
}

fn stage<T: Serialize, P>(
    redis: &mut Connection,
    key: &str,
    members: &[Member<T, P>],
    id: impl Fn(&T) -> Uuid,
) -> redis::RedisResult<()> {
    for chunk in members.chunks(CHUNK) {
        let entry = |member: &Member<T, P>| {
            let json = serde_json::to_string(&member.member)
                .map_err(|error| (redis::ErrorKind::Client, "a member has no JSON", error.to_string()))?;
            Ok((id(&member.member).to_string(), json))
        };
        let entries = chunk.iter().map(entry).collect::<redis::RedisResult<Vec<_>>>()?;
        pipe().hset_multiple(key, &entries).ignore().expire(key, ABANDONED_AFTER_SECS).ignore().query::<()>(redis)?;
    }
    Ok(())
}

/// Members that the pool in place does not have.
fn replaced<T, P>(
    redis: &mut Connection,
    key: &str,
    members: &[Member<T, P>],
    id: impl Fn(&T) -> Uuid,
) -> redis::RedisResult<u64> {
    // What is not a pool has no members; it is about to be replaced.
    let before: HashSet<String> = match redis.hkeys(key) {
        Err(error) if error.code() == Some("WRONGTYPE") => HashSet::new(),
        other => other?,
    };
    Ok(members.iter().filter(|member| !before.contains(&id(&member.member).to_string())).count() as u64)
}
