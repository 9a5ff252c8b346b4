//! The server itself: version, role, memory, and whether it may throw the pool away.

use crate::cache::status::Info;
use crate::doctor::finding::Finding;
use crate::output::number::{bytes, share, some};

/// What the tests run on is 7; what is used has been there since this.
const OLDEST: u32 = 6;
/// From here on memory is called scarce.
const MUCH: f64 = 0.9;

pub(super) fn findings(info: &Info) -> Vec<Finding> {
    vec![version(info), writable(info), eviction(info), memory(info)]
}

fn version(info: &Info) -> Finding {
    let version = info.text("redis_version");
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major < OLDEST => {
            let what = format!("Redis {version}: never tried below {OLDEST}");
            Finding::warning("version", what, "upgrade it to 7 or newer")
        }
        Some(_) => Finding::ok("version", version),
        None => Finding::note("version", "the server does not tell its version"),
    }
}

fn writable(info: &Info) -> Finding {
    if info.text("role") == "slave" {
        let master = format!("{}:{}", info.text("master_host"), info.text("master_port"));
        let what = format!("this server is a replica of {master}: it takes no writes");
        return Finding::problem("writable", what, format!("name the primary in REDIS_URL: redis://{master}"));
    }
    Finding::ok("writable", "this server is a primary")
}

/// The pool's keys do not expire, so only the policies for all keys can take them.
fn eviction(info: &Info) -> Finding {
    let (limit, policy) = (info.number("maxmemory").unwrap_or(0), info.text("maxmemory_policy"));
    match policy {
        _ if limit == 0 => Finding::ok("eviction", "no limit of memory is set: nothing is evicted"),
        "noeviction" => Finding::ok("eviction", format!("none; beyond {} writes are refused", bytes(limit))),
        policy if policy.starts_with("allkeys") => {
            let evicted = info.number("evicted_keys").unwrap_or(0);
            let what =
                format!("{policy} at {} may evict the pool; evicted so far: {}", bytes(limit), some(evicted, "key"));
            Finding::warning("eviction", what, "redis-cli CONFIG SET maxmemory-policy noeviction, and in redis.conf")
        }
        policy => {
            let what = format!("{policy} at {}: the pool stays, a scenario switched on by hand may go", bytes(limit));
            Finding::note("eviction", what).mend("redis-cli CONFIG SET maxmemory-policy noeviction, and in redis.conf")
        }
    }
}

fn memory(info: &Info) -> Finding {
    let (used, limit) = (info.number("used_memory").unwrap_or(0), info.number("maxmemory").unwrap_or(0));
    if limit == 0 {
        return Finding::ok("memory", format!("{} used", bytes(used)));
    }
    let part = used as f64 / limit as f64;
    let what = format!("{} of {} used ({})", bytes(used), bytes(limit), share(part));
    let mend = "redis-cli CONFIG SET maxmemory to more, or delete what is not needed";
    if part >= 1.0 && info.text("maxmemory_policy") == "noeviction" {
        return Finding::problem("memory", format!("{what}: writes are refused"), mend);
    }
    if part >= MUCH { Finding::warning("memory", what, mend) } else { Finding::ok("memory", what) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn info(lines: &str) -> Info {
        Info::parse(&format!("# Server\r\nredis_version:7.0.15\r\nrole:master\r\n{}", lines.replace('\n', "\r\n")))
    }

    #[test]
    fn an_ordinary_server_is_well() {
        let found = findings(&info("used_memory:1000000\nmaxmemory:0\nmaxmemory_policy:noeviction\n"));
        assert!(found.iter().all(|finding| finding.level == Level::Ok), "{found:?}");
    }

    #[test]
    fn a_policy_that_could_evict_the_pool_is_a_warning_once_there_is_a_limit() {
        let level = |limit: u64, policy: &str| {
            eviction(&info(&format!("maxmemory:{limit}\nmaxmemory_policy:{policy}\n"))).level
        };
        assert_eq!(level(0, "allkeys-lru"), Level::Ok);
        assert_eq!(level(1_000_000, "allkeys-lru"), Level::Warning);
        assert_eq!(level(1_000_000, "allkeys-lfu"), Level::Warning);
        assert_eq!(level(1_000_000, "volatile-ttl"), Level::Note);
        assert_eq!(level(1_000_000, "noeviction"), Level::Ok);
    }

    #[test]
    fn a_full_memory_that_evicts_nothing_is_a_problem() {
        let level = |used: u64, policy: &str| {
            memory(&info(&format!("used_memory:{used}\nmaxmemory:1000\nmaxmemory_policy:{policy}\n"))).level
        };
        assert_eq!(level(899, "noeviction"), Level::Ok);
        assert_eq!(level(900, "noeviction"), Level::Warning);
        assert_eq!(level(1_000, "noeviction"), Level::Problem);
        assert_eq!(level(1_000, "allkeys-lru"), Level::Warning);
    }

    #[test]
    fn a_replica_names_its_primary() {
        let finding = writable(&Info::parse("role:slave\r\nmaster_host:cache-1\r\nmaster_port:6379\r\n"));
        assert_eq!(finding.level, Level::Problem);
        assert!(finding.mend.unwrap().ends_with("redis://cache-1:6379"));
    }

    #[test]
    fn an_old_version_is_a_warning() {
        assert_eq!(version(&Info::parse("redis_version:5.0.3")).level, Level::Warning);
        assert_eq!(version(&Info::parse("")).level, Level::Note);
    }
}
