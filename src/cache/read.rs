//! What producers and the monitor read from the cache.

use std::collections::HashMap;

use redis::{Connection, RedisResult, pipe};
use serde::de::DeserializeOwned;

use super::members::{CachedCustomer, CachedProduct, PoolMeta};
use super::{Cache, at_once, keys};

/// Both pools of one generation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolSnapshot {
    /// Customers, in the order of ids.
    pub customers: Vec<CachedCustomer>,
    /// Products, in the order of ids.
    pub products: Vec<CachedProduct>,
    /// What is known of them.
    pub meta: PoolMeta,
}

/// Reads both pools at once: the old ones or the new ones, never a mixture; `None` when there are none yet.
///
/// # Errors
/// When Redis does not answer, or holds something that this program did not write.
pub fn pools(cache: &Cache, redis: &mut Connection) -> RedisResult<Option<PoolSnapshot>> {
    type Hash = HashMap<String, String>;
    let mut all = pipe();
    all.hgetall(cache.key(keys::USERS)).hgetall(cache.key(keys::PRODUCTS)).hgetall(cache.key(keys::META));
    let (users, products, meta): (Hash, Hash, Hash) = at_once(redis, &all)?;
    if users.is_empty() || products.is_empty() {
        return Ok(None);
    }
    Ok(Some(PoolSnapshot { customers: members(&users)?, products: members(&products)?, meta: read_meta(&meta) }))
}

/// What is known of the pool in place; generation 0 when there is none.
///
/// # Errors
/// When Redis does not answer.
pub fn meta(cache: &Cache, redis: &mut Connection) -> RedisResult<PoolMeta> {
    let (fields,): (HashMap<String, String>,) = pipe().hgetall(cache.key(keys::META)).query(redis)?;
    Ok(read_meta(&fields))
}

/// How many customers and products the pools hold, as they are counted now.
///
/// # Errors
/// When Redis does not answer, or the keys are no pools.
pub fn sizes(cache: &Cache, redis: &mut Connection) -> RedisResult<(u64, u64)> {
    at_once(redis, pipe().hlen(cache.key(keys::USERS)).hlen(cache.key(keys::PRODUCTS)))
}

fn members<T: DeserializeOwned>(hash: &HashMap<String, String>) -> RedisResult<Vec<T>> {
    let mut entries: Vec<(&String, &String)> = hash.iter().collect();
    // A hash has no order; draws must not depend on chance.
    entries.sort_unstable();
    let (mut members, mut unreadable) = (Vec::with_capacity(entries.len()), None);
    for (id, json) in entries {
        match serde_json::from_str(json) {
            Ok(member) => members.push(member),
            Err(error) => unreadable = Some(format!("{id}: {error}")),
        }
    }
    // One that was spoiled is done without; a pool of another version is not.
    match unreadable {
        Some(why) if members.is_empty() => {
            let why = format!("{why}; another version may have written it: shopstream cache refresh");
            Err((redis::ErrorKind::UnexpectedReturnType, "no member of the pool can be read", why).into())
        }
        Some(why) => {
            tracing::warn!("a member of the pool cannot be read, and is left out: {why}");
            Ok(members)
        }
        None => Ok(members),
    }
}

pub(super) fn read_meta(fields: &HashMap<String, String>) -> PoolMeta {
    fn field<T: std::str::FromStr + Default>(fields: &HashMap<String, String>, name: &str) -> T {
        fields.get(name).and_then(|value| value.parse().ok()).unwrap_or_default()
    }
    PoolMeta {
        generation: field(fields, "generation"),
        refreshed_at_ms: field(fields, "refreshed_at_ms"),
        interval_ms: field(fields, "interval_ms"),
        took_ms: field(fields, "took_ms"),
        users_bought: field(fields, "users_bought"),
        users_new: field(fields, "users_new"),
        products_sold: field(fields, "products_sold"),
        products_newest: field(fields, "products_newest"),
        products_called_back: field(fields, "products_called_back"),
        users_replaced: field(fields, "users_replaced"),
        products_replaced: field(fields, "products_replaced"),
    }
}
