//! What Redis says of itself and of the shop's keys, in one round trip.

use std::collections::HashMap;

use redis::{Connection, RedisResult, pipe};

use super::members::PoolMeta;
use super::read::read_meta;
use super::scenario::ByHand;
use super::{Cache, keys};

/// Commands that one look takes.
pub const COMMANDS: u64 = 5;

/// The cache at a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// The pool in place; generation 0 when there is none.
    pub pool: PoolMeta,
    /// Agreed visits that wait.
    pub visits: u64,
    /// The scenario switched on by hand.
    pub by_hand: Option<ByHand>,
    /// What the server says of itself, by Redis's names (`used_memory`, `keyspace_hits` …).
    pub info: Info,
}

/// The answer to INFO.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info(HashMap<String, String>);

impl Info {
    /// Reads the lines `name:value`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let pairs = text.lines().filter_map(|line| line.trim().split_once(':'));
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// A value as text; empty when the server does not say.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A value as a number, if it is one.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.text(name).parse().ok()
    }
}

/// Asks.
///
/// # Errors
/// When Redis does not answer.
pub fn status(cache: &Cache, redis: &mut Connection) -> RedisResult<Status> {
    let scenario = cache.key(keys::SCENARIO);
    let (meta, visits, id, millis, info): (HashMap<String, String>, u64, Option<String>, i64, String) = pipe()
        .hgetall(cache.key(keys::META))
        .zcard(cache.key(keys::VISITS))
        .get(&scenario)
        .pttl(&scenario)
        .cmd("INFO")
        .query(redis)?;
    Ok(Status { pool: read_meta(&meta), visits, by_hand: ByHand::of(id, millis), info: Info::parse(&info) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_does_not_say_is_not_zero() {
        let info = Info::parse("# Memory\r\nused_memory:1024\r\nredis_version:7.0.15\r\n\r\nodd\r\n");
        assert_eq!((info.number("used_memory"), info.text("redis_version")), (Some(1024), "7.0.15"));
        assert_eq!((info.number("keyspace_hits"), info.number("redis_version")), (None, None));
    }
}
