//! The pipeline at a glance: Redis, Kafka and PostgreSQL asked side by side, and shown on a terminal, line by line, as JSON or
//! as metrics.
//!
//! Each service has a watch: a thread that asks it and keeps the latest answer. Whoever shows something takes a
//! [`Snapshot`] of what is known; nobody waits for a service.

mod cache;
mod kafka;
pub mod line;
pub mod metrics;
mod postgres;
mod rates;
pub mod scenario;
pub mod screen;
pub mod seen;
pub mod views;
mod watch;

use std::time::{Duration, Instant};

use chrono::Utc;
use color_eyre::eyre::Result;
use serde_json::{Value, json};

use self::cache::CacheProbe;
use self::kafka::KafkaProbe;
use self::postgres::PostgresProbe;
use self::seen::Seen;
use self::views::{CacheView, KafkaView, PostgresView, ScenarioView};
use self::watch::Watch;
use crate::cache::Cache;
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::domain::date::business_time;
use crate::error::Failure;
use crate::generator::World;
use crate::stream::client::Kafka;

/// How often each service is asked: what is away must show within two seconds.
const EVERY: Duration = Duration::from_secs(1);

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The whole pipeline.
    All,
    /// The cache alone.
    Cache,
}

/// The services under watch.
pub struct Monitor {
    scope: Scope,
    cache: Watch<CacheView>,
    kafka: Watch<KafkaView>,
    postgres: Watch<PostgresView>,
    world: World,
}

impl std::fmt::Debug for Monitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Monitor").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// What is known at a moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The moment.
    pub now: Timestamp,
    /// The same by the clock that ages are measured with.
    pub instant: Instant,
    /// What was looked at.
    pub scope: Scope,
    /// Redis.
    pub cache: Seen<CacheView>,
    /// Kafka.
    pub kafka: Seen<KafkaView>,
    /// PostgreSQL.
    pub postgres: Seen<PostgresView>,
    /// The scenario in force. Without Redis nobody knows of one that was switched on by hand.
    pub scenario: ScenarioView,
    /// Requests a minute to Redis, Kafka and PostgreSQL: what this costs them.
    pub requests_a_minute: [Option<f64>; 3],
}

impl Monitor {
    /// Begins to ask the services of the settings in force.
    ///
    /// # Errors
    /// When none is configured.
    pub fn start(settings: &Settings, scope: Scope) -> Result<Self> {
        let cache = match Cache::of(settings) {
            Ok(cache) => Watch::start("redis", EVERY, CacheProbe::new(cache))?,
            Err(failure) => Watch::none(failure.to_string()),
        };
        let whole = scope == Scope::All;
        let not_asked = || "not looked at".to_owned();
        let kafka = match whole.then(|| Kafka::of(settings)) {
            Some(Ok(kafka)) => Watch::start("kafka", EVERY, KafkaProbe::new(kafka))?,
            Some(Err(failure)) => Watch::none(failure.to_string()),
            None => Watch::none(not_asked()),
        };
        let postgres = match whole.then(|| settings.database_url()) {
            Some(Ok(url)) => Watch::start("postgres", EVERY, PostgresProbe::new(url.clone()))?,
            Some(Err(failure)) => Watch::none(failure.to_string()),
            None => Watch::none(not_asked()),
        };
        let monitor = Self { scope, cache, kafka, postgres, world: World::new(None, None)? };
        let now = Instant::now();
        let configured =
            [monitor.cache.seen(now).word(), monitor.kafka.seen(now).word(), monitor.postgres.seen(now).word()];
        if configured.iter().all(|word| *word == "not configured") {
            let what = if whole { "no service is configured" } else { "no Redis is configured" };
            return Err(Failure::usage(format!("{what}: there is nothing to look at"))
                .help(
                    "say where they are: DATABASE_URL, REDIS_URL, KAFKA_BROKERS, or --database-url, --redis-url, \
                     --kafka-brokers (in this repository: make up, then eval \"$(make env)\")",
                )
                .into());
        }
        Ok(monitor)
    }

    /// What is known now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let (now, instant) = (Timestamp::from(Utc::now()), Instant::now());
        let cache = self.cache.seen(instant);
        let by_hand = cache.view().and_then(|view| view.by_hand.as_ref());
        Snapshot {
            now,
            instant,
            scope: self.scope,
            scenario: scenario::in_force(&self.world.scenarios, by_hand, now),
            cache,
            kafka: self.kafka.seen(instant),
            postgres: self.postgres.seen(instant),
            requests_a_minute: [
                self.cache.requests_a_minute(),
                self.kafka.requests_a_minute(),
                self.postgres.requests_a_minute(),
            ],
        }
    }

    /// What is known once each service has answered or failed, but after `patience` at the latest; where rates are wanted, two
    /// answers are.
    #[must_use]
    pub fn settled(&self, patience: Duration, mut go_on: impl FnMut(Duration) -> bool) -> Snapshot {
        let began = Instant::now();
        loop {
            let snapshot = self.snapshot();
            if began.elapsed() >= patience || snapshot.is_settled() || !go_on(Duration::from_millis(50)) {
                return snapshot;
            }
        }
    }
}

impl Snapshot {
    fn is_settled(&self) -> bool {
        let rated = |rate: Option<f64>| rate.is_some();
        let kafka = match &self.kafka {
            Seen::Known { view, .. } => view.topics.iter().all(|topic| rated(topic.per_second)),
            seen => !matches!(seen, Seen::Waiting),
        };
        let postgres = match &self.postgres {
            Seen::Known { view, .. } => view.tables.iter().all(|table| rated(table.per_second)),
            seen => !matches!(seen, Seen::Waiting),
        };
        kafka && postgres && !matches!(self.cache, Seen::Waiting)
    }

    /// Whether a service that was asked does not answer.
    #[must_use]
    pub const fn is_anything_away(&self) -> bool {
        matches!(self.cache, Seen::Away { .. })
            || matches!(self.kafka, Seen::Away { .. })
            || matches!(self.postgres, Seen::Away { .. })
    }

    /// The services that are away, as their panels call them, with why, and what to do where that is known.
    #[must_use]
    pub fn away(&self) -> Vec<(&'static str, &str, Option<&str>)> {
        fn away<'s, T>(name: &'static str, seen: &'s Seen<T>) -> Option<(&'static str, &'s str, Option<&'s str>)> {
            match seen {
                Seen::Away { why, help, .. } => Some((name, why, help.as_deref())),
                _ => None,
            }
        }
        let all = [away("the cache", &self.cache), away("Kafka", &self.kafka), away("PostgreSQL", &self.postgres)];
        all.into_iter().flatten().collect()
    }

    /// All of it as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut json = json!({ "at": business_time(self.now), "cache": service(&self.cache) });
        if self.scope == Scope::All {
            json["kafka"] = service(&self.kafka);
            json["postgres"] = service(&self.postgres);
        }
        json["scenario"] = json!(self.scenario);
        json
    }
}

fn service<T: serde::Serialize>(seen: &Seen<T>) -> Value {
    match seen {
        Seen::Known { view, .. } => {
            let mut json = json!({ "state": seen.word() });
            if let (Some(all), Ok(Value::Object(fields))) = (json.as_object_mut(), serde_json::to_value(view)) {
                all.extend(fields);
            }
            json
        }
        Seen::Away { why, .. } | Seen::NotConfigured(why) => json!({ "state": seen.word(), "why": why }),
        Seen::Waiting => json!({ "state": seen.word() }),
    }
}
