//! Redis: whether it can be used, and whether the pool in it is fresh.

mod pool;
mod server;

use chrono::{DateTime, Utc};
use redis::{Connection, RedisError, RedisResult, Script, cmd, pipe};

use super::PATIENCE;
use super::clock::Reading;
use super::desk::Desk;
use super::finding::Finding;
use crate::bench;
use crate::cache::status::Info;
use crate::cache::{Cache, rights, visits};
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

/// The keys of a measurement have a prefix of their own, which no other command needs.
fn for_bench(cache: &Cache, redis: &mut Connection, desk: &Desk) -> RedisResult<()> {
    let cache = cache.clone().granted_by(bench::PREFIX);
    let key = format!("{}doctor", bench::PREFIX);
    let tried = pipe().pset_ex(&key, "tried", TRIED_FOR_MS).del(&key).query::<()>(redis);
    match tried {
        Err(error) if rights::is_refusal(&error) => {
            let failure = cache.explain(&error);
            let finding = Finding::note("privileges", format!("{failure}, which bench alone needs"));
            desk.found(finding.mend(failure.remedy().unwrap_or_default()).about("bench"));
            Ok(())
        }
        // What else went wrong was told of the shop's own keys.
        _ => Ok(()),
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

/// What the scripts of this program do, done to keys of the doctor's own; nothing is left of them.
const TRIAL: &str = r"
    redis.call('HSET', KEYS[1], 'generation', 1)
    redis.call('RENAME', KEYS[1], KEYS[2])
    redis.call('PERSIST', KEYS[2])
    redis.call('TYPE', KEYS[2])
    redis.call('HINCRBY', KEYS[2], redis.call('HGET', KEYS[2], 'generation'), 1)
    redis.call('HDEL', KEYS[2], 'generation')
    return redis.call('EXISTS', KEYS[1]) + redis.call('DEL', KEYS[2])";

/// Writes keys, runs a script and deletes the keys again: what the cache worker, the producer and the operator do.
fn rights(cache: &Cache, redis: &mut Connection, desk: &Desk) -> RedisResult<()> {
    let keys = ["text", "hash", "renamed"].map(|name| cache.key(&format!("doctor:{name}")));
    let [text, hash, renamed] = &keys;
    let tried = pipe()
        .pset_ex(text, "tried", TRIED_FOR_MS)
        .del(text)
        .hset_multiple(hash, &[("a", "b")])
        .expire(hash, 10)
        .hkeys(hash)
        .query::<()>(redis)
        .and_then(|()| Script::new(TRIAL).key(hash).key(renamed).invoke::<()>(redis))
        .and_then(|()| visits::try_rights(cache, redis, Utc::now().into()));
    match tried {
        Ok(()) => desk.found(Finding::ok("privileges", "keys were written, and deleted by a script")),
        Err(error) => desk.found(refused("privileges", cache, &error)),
    }
    for_bench(cache, redis, desk)
}
