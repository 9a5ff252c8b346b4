//! Redis: the pools that producers draw from, visits that wait, and the scenario switched on by hand.
//!
//! Keys, each after the prefix of the settings: `pool:users` and `pool:products` (a hash each, id → JSON), `pool:meta`
//! (a hash), `visits` (a sorted set by due time) and `scenario` (a text that expires; empty while none is switched on).

pub mod members;
pub mod metrics;
pub mod read;
pub mod refresh;
pub mod scenario;
pub mod status;
pub mod visits;

use std::fmt;
use std::time::Duration;

use redis::{Client, Connection, RedisError};

use crate::config::Settings;
use crate::config::secret::{SecretUrl, redact};
use crate::error::Failure;

/// How long Redis may take to answer: under load half a second is not enough.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the cache is. Connections are made from it, a thread each.
#[derive(Clone)]
pub struct Cache {
    client: Client,
    url: SecretUrl,
    prefix: String,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client's own form holds the password.
        f.debug_struct("Cache").field("url", &self.url.to_string()).field("prefix", &self.prefix).finish()
    }
}

impl Cache {
    /// The cache of the settings in force; nothing is asked of it yet.
    ///
    /// # Errors
    /// When no Redis was given, or its URL cannot be one.
    pub fn of(settings: &Settings) -> Result<Self, Failure> {
        Self::new(settings.redis_url()?, settings.redis_prefix.value.as_str())
    }

    /// The cache at a URL, under a prefix.
    ///
    /// # Errors
    /// When the URL cannot be one of Redis.
    pub fn new(url: &SecretUrl, prefix: &str) -> Result<Self, Failure> {
        let client = Client::open(url.expose()).map_err(|error| {
            Failure::usage(format!("the Redis URL {url} cannot be read: {}", redact(&error.to_string())))
                .help("write it as redis://USER:PASSWORD@HOST:PORT/DATABASE")
        })?;
        Ok(Self { client, url: url.clone(), prefix: prefix.to_owned() })
    }

    /// A connection; its calls fail rather than wait for ever.
    ///
    /// # Errors
    /// A [`Failure`] when Redis cannot be reached or does not let this user in.
    pub fn connect(&self) -> Result<Connection, Failure> {
        self.connect_within(PATIENCE)
    }

    /// The same, for somebody who waits for the connection, and then for each answer, no longer than this.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_within(&self, patience: Duration) -> Result<Connection, Failure> {
        let connect = || {
            let conn = self.client.get_connection_with_timeout(patience)?;
            conn.set_read_timeout(Some(patience))?;
            conn.set_write_timeout(Some(patience))?;
            Ok(conn)
        };
        connect().map_err(|error: RedisError| self.explain(&error))
    }

    /// What failed, with what, and what to do about it.
    #[must_use]
    pub fn explain(&self, error: &RedisError) -> Failure {
        let mut said = redact(&error.to_string());
        let url = &self.url;
        // Several commands at once are refused one by one, and say the same.
        let is_in_pipeline = |code: &str| said.contains(&format!("error: \"{code}\""));
        let in_pipeline = is_in_pipeline("NOAUTH") || is_in_pipeline("NOPERM");
        if is_in_pipeline("NOAUTH") {
            "NOAUTH: it wants a password".clone_into(&mut said);
        }
        if in_pipeline
            || matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "NOPERM"))
            || error.kind() == redis::ErrorKind::AuthenticationFailed
        {
            return Failure::new(format!("Redis at {url} does not let this user do that: {said}"))
                .help("check user, password and rights in REDIS_URL (--redis-url)")
                .refusal();
        }
        if error.is_io_error() || error.is_connection_dropped() || error.is_timeout() {
            return Failure::new(format!("Redis at {url} cannot be reached: {said}"))
                .help("start it (in this repository: make up), or correct REDIS_URL (--redis-url)");
        }
        Failure::new(format!("Redis at {url} refuses: {said}"))
            .help("look at its log; a full memory (maxmemory) or a read-only replica refuse writes")
    }

    /// Where it is, without the password.
    #[must_use]
    pub const fn url(&self) -> &SecretUrl {
        &self.url
    }

    /// A key under the prefix.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

/// Names of the keys, without the prefix.
mod keys {
    pub const USERS: &str = "pool:users";
    pub const PRODUCTS: &str = "pool:products";
    pub const META: &str = "pool:meta";
    pub const VISITS: &str = "visits";
    pub const SCENARIO: &str = "scenario";
}
