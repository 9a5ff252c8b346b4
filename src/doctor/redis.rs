//! Redis: whether it can be used, and whether the pool in it is fresh.

mod pool;
mod server;

use chrono::DateTime;
use redis::{Connection, RedisError, RedisResult, cmd, pipe};

use super::PATIENCE;
use super::clock::Reading;
use super::desk::Desk;
use super::finding::Finding;
use crate::cache::Cache;
use crate::cache::status::Info;
use crate::config::Settings;

/// How long the key that is tried would stay, were it not deleted at once.
const TRIED_FOR_MS: u64 = 10_000;

pub(super) fn examine(settings: &Settings, desk: &Desk) {
    let cache = match Cache::of(settings) {
        Ok(cache) => cache,
        Err(failure) if settings.redis_url.value.is_none() => {
            let without = "no Redis is configured: cache refresh, produce, and scenarios activate need one; files and \
                           backfill need none";
            desk.found(Finding::not_configured(without, &failure));
            return;
        }
        Err(failure) => {
            desk.found(Finding::of("reachable", &failure));
            return;
        }
    };
    let mut redis = match cache.connect_within(PATIENCE) {
        Ok(redis) => redis,
        Err(failure) => {
            desk.found(Finding::of("reachable", &failure));
            return;
        }
    };
    desk.found(Finding::ok("reachable", cache.url().to_string()));
    let redis = &mut redis;
    type Look = fn(&Cache, &mut Connection, &Desk) -> RedisResult<()>;
    let looks: [(&'static str, Look); 4] =
        [("server", about_itself), ("clock", clock), ("privileges", rights), ("pool", pool::look)];
    for (check, look) in looks {
        let Err(error) = look(&cache, redis, desk) else { continue };
        // What a connection that broke has not answered, it will not answer on the next question either.
        let gone = error.is_io_error() || error.is_connection_dropped() || error.is_timeout();
        desk.found(refused(check, &cache, &error));
        if gone {
            return;
        }
    }
}

fn refused(check: &'static str, cache: &Cache, error: &RedisError) -> Finding {
    Finding::of(check, &cache.explain(error))
}

fn about_itself(_: &Cache, redis: &mut Connection, desk: &Desk) -> RedisResult<()> {
    match cmd("INFO").query::<String>(redis) {
        Ok(text) => desk.all(server::findings(&Info::parse(&text))),
        // A user may work without the right to ask.
        Err(error) if error.code() == Some("NOPERM") => {
            desk.found(Finding::note(
                "version",
                "this user may not ask (INFO): version, memory and eviction are not known",
            ));
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

fn clock(_: &Cache, redis: &mut Connection, desk: &Desk) -> RedisResult<()> {
    let reading = Reading::take(|| {
        let (secs, micros): (i64, u32) = cmd("TIME").query(redis)?;
        Ok::<_, RedisError>(DateTime::from_timestamp(secs, micros.saturating_mul(1_000)).unwrap_or_default())
    })?;
    desk.found(reading.finding("Redis"));
    Ok(())
}

/// Writes a key, runs a script and deletes the key again: what the cache worker does.
fn rights(cache: &Cache, redis: &mut Connection, desk: &Desk) -> RedisResult<()> {
    let key = cache.key("doctor");
    let tried = pipe()
        .pset_ex(&key, "tried", TRIED_FOR_MS)
        .cmd("EVAL")
        .arg("return redis.call('DEL', KEYS[1])")
        .arg(1)
        .arg(&key)
        .query::<()>(redis);
    match tried {
        Ok(()) => desk.found(Finding::ok("privileges", "a key was written, and deleted by a script")),
        Err(error) => desk.found(refused("privileges", cache, &error)),
    }
    Ok(())
}
