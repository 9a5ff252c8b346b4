//! Visits of returning customers, waiting until they are due. Losing them costs realism, nothing else.

use redis::{Commands, Connection, RedisResult, Script, pipe};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::members::CachedCustomer;
use super::{Cache, keys};
use crate::domain::Timestamp;

/// Visits that wait at most; what would come latest is forgotten first. An order agrees one in every second or third case,
/// so this is weeks of a shop at the live cadence, and some 40 MB.
pub const MOST_WAITING: isize = 100_000;

/// Takes and removes what is due, in one step: each visit goes to one producer.
const TAKE: &str = r"
    local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
    if #due > 0 then redis.call('ZREM', KEYS[1], unpack(due)) end
    return due";

/// A visit that was agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The order at which it was agreed: a customer may have agreed several.
    pub agreed_at: Uuid,
    /// Who will come.
    pub customer: CachedCustomer,
}

/// Notes visits, each with the moment from which it is due.
///
/// # Errors
/// When Redis does not answer or refuses.
pub fn plan(cache: &Cache, redis: &mut Connection, visits: &[(Timestamp, Visit)]) -> RedisResult<()> {
    if visits.is_empty() {
        return Ok(());
    }
    let key = cache.key(keys::VISITS);
    let entry = |(due, visit): &(Timestamp, Visit)| {
        let json = serde_json::to_string(visit)
            .map_err(|error| (redis::ErrorKind::Client, "a visit has no JSON", error.to_string()))?;
        Ok((due.micros() / 1_000, json))
    };
    let entries = visits.iter().map(entry).collect::<RedisResult<Vec<_>>>()?;
    pipe().zadd_multiple(&key, &entries).ignore().zremrangebyrank(&key, MOST_WAITING, -1).ignore().query::<()>(redis)
}

/// Does what [`plan`] and [`take`] do, with no visit: a missing right is known before the first is agreed.
///
/// # Errors
/// When Redis does not answer or refuses.
pub fn try_rights(cache: &Cache, redis: &mut Connection, now: Timestamp) -> RedisResult<()> {
    let key = cache.key(keys::VISITS);
    // XX changes what is there, and no visit is an empty text.
    let add = redis::cmd("ZADD").arg(&key).arg("XX").arg(0).arg("").clone();
    pipe().add_command(add).ignore().zremrangebyrank(&key, MOST_WAITING, -1).ignore().query::<()>(redis)?;
    take(cache, redis, now, 0).map(drop)
}

/// Takes up to `most` visits that are due at `now`, the longest due first. One that cannot be read is dropped.
///
/// # Errors
/// When Redis does not answer or refuses.
pub fn take(cache: &Cache, redis: &mut Connection, now: Timestamp, most: usize) -> RedisResult<Vec<Visit>> {
    let due: Vec<String> =
        Script::new(TAKE).key(cache.key(keys::VISITS)).arg(now.micros() / 1_000).arg(most).invoke(redis)?;
    Ok(due.iter().filter_map(|json| serde_json::from_str(json).ok()).collect())
}

/// How many wait.
///
/// # Errors
/// When Redis does not answer.
pub fn waiting(cache: &Cache, redis: &mut Connection) -> RedisResult<u64> {
    redis.zcard(cache.key(keys::VISITS))
}
