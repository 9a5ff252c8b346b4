//! Keys of a test's own, so that tests run side by side on one Redis and leave nothing behind.

use std::sync::atomic::{AtomicU32, Ordering};

use redis::{Commands, Connection};
use shopstream::cache::Cache;
use shopstream::config::secret::SecretUrl;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// The server for tests.
pub fn redis_url() -> String {
    std::env::var("REDIS_URL")
        .unwrap_or_else(|_| panic!("REDIS_URL is not set: this test needs Redis. Run `make up`, then `make test`."))
}

/// Keys that begin with a prefix of their own; deleted when the value is dropped.
pub struct ScratchRedis {
    pub prefix: String,
}

impl ScratchRedis {
    /// A prefix without keys.
    pub fn new() -> Self {
        let millis = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self { prefix: format!("test_{millis}_{}_{number}:", std::process::id()) }
    }

    /// The cache as the program sees it.
    pub fn cache(&self) -> Cache {
        Cache::new(&SecretUrl::from(redis_url()), &self.prefix).unwrap()
    }

    /// A connection.
    pub fn connect(&self) -> Connection {
        self.cache().connect().unwrap()
    }

    /// All keys there are.
    pub fn keys(&self) -> Vec<String> {
        self.connect().keys(format!("{}*", self.prefix)).unwrap()
    }
}

impl Drop for ScratchRedis {
    fn drop(&mut self) {
        let Ok(mut conn) = self.cache().connect() else { return };
        let Ok(keys) = conn.keys::<_, Vec<String>>(format!("{}*", self.prefix)) else { return };
        if !keys.is_empty() {
            let _: Result<(), _> = conn.del(keys);
        }
    }
}
