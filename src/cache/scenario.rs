//! The scenario switched on by hand: a key that expires by itself, and that every producer looks at. While none is on, its text is
//! empty, or the key is not there.

use std::time::Duration;

use redis::{Commands, Connection, RedisResult, pipe};

use super::{Cache, at_once, keys};

/// A scenario switched on by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByHand {
    /// Its id.
    pub id: String,
    /// How long it stays.
    pub left: Duration,
}

impl ByHand {
    /// From the key's value and the milliseconds it stays; a negative time means that it has no end, or is gone. An empty value is
    /// none: see [`super::refresh`].
    pub(super) fn of(id: Option<String>, millis: i64) -> Option<Self> {
        id.filter(|id| !id.is_empty())
            .map(|id| Self { id, left: Duration::from_millis(u64::try_from(millis).unwrap_or(0)) })
    }
}

/// Switches a scenario on for so long, in place of one that may be on.
///
/// # Errors
/// When Redis does not answer or refuses.
pub fn activate(cache: &Cache, redis: &mut Connection, id: &str, time: Duration) -> RedisResult<()> {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    redis.pset_ex(cache.key(keys::SCENARIO), id, millis)
}

/// Switches off what is on; says whether anything was.
///
/// # Errors
/// When Redis does not answer or refuses.
pub fn deactivate(cache: &Cache, redis: &mut Connection) -> RedisResult<bool> {
    let key = cache.key(keys::SCENARIO);
    let (before,): (Option<String>,) = pipe().atomic().get(&key).set(&key, "").ignore().query(redis)?;
    Ok(before.is_some_and(|id| !id.is_empty()))
}

/// What is switched on.
///
/// # Errors
/// When Redis does not answer.
pub fn by_hand(cache: &Cache, redis: &mut Connection) -> RedisResult<Option<ByHand>> {
    let key = cache.key(keys::SCENARIO);
    let (id, millis): (Option<String>, i64) = at_once(redis, pipe().get(&key).pttl(&key))?;
    Ok(ByHand::of(id, millis))
}
