//! Asking Redis.

use color_eyre::eyre::Result;
use redis::Connection;

use super::views::{ByHandView, CacheView};
use super::watch::{CONNECTING, PATIENCE, Probe};
use crate::cache::Cache;
use crate::cache::status::{COMMANDS, Status, status};
use crate::error::Failure;
use crate::reach::MAY_HANG;

/// Asks Redis.
pub struct CacheProbe {
    cache: Cache,
    redis: Option<Connection>,
    /// Hits and misses at the last look.
    looked: Option<(u64, u64)>,
    requests: u64,
}

impl CacheProbe {
    /// Asks this one.
    #[must_use]
    pub const fn new(cache: Cache) -> Self {
        Self { cache, redis: None, looked: None, requests: 0 }
    }

    fn connected(&mut self) -> Result<&mut Connection> {
        match &mut self.redis {
            Some(redis) => Ok(redis),
            none => {
                let redis = self.cache.connect_within(CONNECTING)?;
                redis.set_read_timeout(Some(PATIENCE))?;
                redis.set_write_timeout(Some(PATIENCE))?;
                Ok(none.insert(redis))
            }
        }
    }

    fn view(&mut self, status: Status) -> CacheView {
        let Status { pool, visits, by_hand, info } = status;
        let counted = info.number("keyspace_hits").zip(info.number("keyspace_misses"));
        let hit_share = counted.and_then(|(hits, misses)| {
            // Of a server that was started anew, or when nobody looked anything up: since its beginning.
            let (old_hits, old_misses) =
                self.looked.filter(|(h, m)| hits >= *h && misses >= *m && hits + misses > h + m).unwrap_or((0, 0));
            let (found, all) = (hits - old_hits, hits + misses - old_hits - old_misses);
            (all > 0).then(|| found as f64 / all as f64)
        });
        self.looked = counted;
        CacheView {
            pool,
            visits,
            by_hand: by_hand.map(|by_hand| ByHandView { id: by_hand.id, left_secs: by_hand.left.as_secs() }),
            version: info.text("redis_version").to_owned(),
            memory_bytes: info.number("used_memory").unwrap_or(0),
            memory_limit_bytes: info.number("maxmemory").unwrap_or(0),
            commands_per_second: info.number("instantaneous_ops_per_sec").unwrap_or(0) as f64,
            hit_share,
            clients: info.number("connected_clients").unwrap_or(0),
        }
    }
}

impl Probe for CacheProbe {
    type View = CacheView;

    fn ask(&mut self) -> Result<CacheView> {
        self.requests += COMMANDS;
        let cache = self.cache.clone();
        let redis = self.connected()?;
        match status(&cache, redis) {
            Ok(status) => Ok(self.view(status)),
            Err(error) => {
                self.redis = None;
                Err(if error.is_timeout() { self.silence() } else { self.cache.explain(&error) }.into())
            }
        }
    }

    fn requests(&self) -> u64 {
        self.requests
    }

    fn silence(&self) -> Failure {
        Failure::new(format!("Redis at {} does not answer", self.cache.url()))
            .help(format!("{MAY_HANG}, or ask: shopstream doctor"))
    }
}
