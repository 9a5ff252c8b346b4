//! Redis: the pools that producers draw from, visits that wait, and the scenario switched on by hand.
//!
//! Keys, each after the prefix of the settings: `pool:users` and `pool:products` (a hash each, id → JSON), `pool:meta`
//! (a hash), `visits` (a sorted set by due time) and `scenario` (a text that expires; empty while none is switched on).

pub mod members;
pub mod metrics;
pub mod read;
pub mod refresh;
pub mod rights;
pub mod scenario;
pub mod status;
pub mod visits;

use std::fmt;
use std::time::Duration;

use redis::{Client, Connection, ConnectionAddr, FromRedisValue, Pipeline, RedisError, RedisResult, pipe};

use crate::config::Settings;
use crate::config::secret::{SecretUrl, redact};
use crate::error::Failure;
use crate::reach::Door;

/// How long Redis may take to answer: under load half a second is not enough.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Where the cache is. Connections are made from it, a thread each.
#[derive(Clone)]
pub struct Cache {
    client: Client,
    url: SecretUrl,
    prefix: String,
    family: Option<&'static str>,
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
        Ok(Self { client, url: url.clone(), prefix: prefix.to_owned(), family: None })
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
        self.try_to_connect(patience).map_err(|error| self.explain(&error))
    }

    /// The same, for somebody who tells a refusal from a server that is away.
    ///
    /// # Errors
    /// When Redis cannot be reached or does not let this user in.
    pub fn try_to_connect(&self, patience: Duration) -> RedisResult<Connection> {
        let conn = self.client.get_connection_with_timeout(patience)?;
        conn.set_read_timeout(Some(patience))?;
        conn.set_write_timeout(Some(patience))?;
        Ok(conn)
    }

    /// What failed, with what, and what to do about it.
    #[must_use]
    pub fn explain(&self, error: &RedisError) -> Failure {
        let said = redact(&error.to_string());
        let url = &self.url;
        if let Some(refusal) = self.refusal(error) {
            return refusal;
        }
        if let Some(silence) = error.is_timeout().then(|| self.silence()).flatten() {
            return silence;
        }
        if error.is_io_error() || error.is_connection_dropped() || error.is_timeout() {
            return Failure::new(format!("Redis at {url} cannot be reached: {said}"))
                .help("start it (in this repository: make up), or correct REDIS_URL (--redis-url)");
        }
        Failure::new(format!("Redis at {url} refuses: {said}"))
            .help("look at its log; a full memory (maxmemory) or a read-only replica refuse writes")
    }

    /// What is said of a Redis that was waited for in vain, unless none is there.
    fn silence(&self) -> Option<Failure> {
        let door = match self.client.get_connection_info().addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => Door::at(host, *port),
            // Behind a socket's file somebody has to be: it would have refused otherwise.
            _ => Door::Open,
        };
        door.silence(&format!("Redis at {}", self.url), "correct REDIS_URL (--redis-url)")
    }

    /// Where it is, without the password.
    #[must_use]
    pub const fn url(&self) -> &SecretUrl {
        &self.url
    }

    /// As whom Redis knows this user.
    #[must_use]
    pub fn user(&self) -> &str {
        self.client.get_connection_info().redis_settings().username().unwrap_or("default")
    }

    /// The same cache, for somebody whose keys have another prefix each time: rights are granted for whatever begins like this.
    #[must_use]
    pub const fn granted_by(mut self, beginning: &'static str) -> Self {
        self.family = Some(beginning);
        self
    }

    /// What the keys begin with that rights are granted for.
    fn family(&self) -> &str {
        self.family.unwrap_or(&self.prefix)
    }

    /// A key under the prefix.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

/// Asks these commands as one step. Not by the client's own `atomic`, which panics when a user may not run MULTI (redis 1.8).
fn at_once<T: FromRedisValue>(redis: &mut Connection, commands: &Pipeline) -> RedisResult<T> {
    let mut all = pipe();
    all.cmd("MULTI").ignore();
    for command in commands.cmd_iter() {
        all.add_command(command.clone()).ignore();
    }
    let (answers,): (T,) = all.cmd("EXEC").query(redis)?;
    Ok(answers)
}

/// Names of the keys, without the prefix.
mod keys {
    pub const USERS: &str = "pool:users";
    pub const PRODUCTS: &str = "pool:products";
    pub const META: &str = "pool:meta";
    pub const VISITS: &str = "visits";
    pub const SCENARIO: &str = "scenario";
}
