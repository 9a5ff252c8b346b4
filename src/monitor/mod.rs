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
    /// The scenario in force; none while Redis does not say whether one was switched on by hand.
    pub scenario: Option<ScenarioView>,
    /// Requests a minute to Redis, Kafka and PostgreSQL: what this costs them.
    pub requests_a_minute: [Option<f64>; 3],
}

impl Monitor {
    /// Begins to ask the services of the settings in force.
    ///
    /// # Errors
    /// When none is configured, or what is configured cannot be an address or a property.
    pub fn start(settings: &Settings, scope: Scope) -> Result<Self> {
        let cache = match Cache::of(settings) {
            Ok(cache) => Watch::start("redis", EVERY, CacheProbe::new(cache))?,
            Err(failure) if settings.redis_url.value.is_some() => return Err(failure.into()),
            Err(failure) => Watch::none(failure.to_string()),
        };
        let whole = scope == Scope::All;
        let not_asked = || "not looked at".to_owned();
        let kafka = match whole.then(|| Kafka::of(settings)) {
            Some(Ok(kafka)) => {
                // A property that librdkafka refuses would otherwise look like brokers that are away, for ever.
                kafka.admin()?;
                Watch::start("kafka", EVERY, KafkaProbe::new(kafka))?
            }
            Some(Err(failure)) if settings.kafka_brokers.value.is_some() => return Err(failure.into()),
            Some(Err(failure)) => Watch::none(failure.to_string()),
            None => Watch::none(not_asked()),
        };
        let postgres = match whole.then(|| settings.database_url()) {
            Some(Ok(url)) => Watch::start("postgres", EVERY, PostgresProbe::new(url.clone()))?,
            Some(Err(failure)) if settings.database_url.value.is_some() => return Err(failure.into()),
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
        let scenario = |view: &CacheView| scenario::in_force(&self.world.scenarios, view.by_hand.as_ref(), now);
        Snapshot {
            now,
            instant,
            scope: self.scope,
            scenario: cache.view().map(scenario),
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

    /// How things stand now: a word for each service, and the brokers that do not answer. When that turns, it is to be shown at
    /// once. Costs next to nothing.
    #[must_use]
    pub fn standing(&self) -> Standing {
        fn word<T>(seen: Option<&Seen<T>>) -> &'static str {
            seen.map_or("away", Seen::word)
        }
        let now = Instant::now();
        let silent = |seen: Option<&Seen<KafkaView>>| {
            seen.and_then(Seen::view).map_or_else(Vec::new, |view| view.silent_brokers.clone())
        };
        Standing {
            words: [self.cache.glance(now, word), self.kafka.glance(now, word), self.postgres.glance(now, word)],
            silent_brokers: self.kafka.glance(now, silent),
        }
    }

    /// Takes up where it was after this process was stopped for a while: answers count from now.
    pub fn resume(&self) {
        let now = Instant::now();
        self.cache.resume(now);
        self.kafka.resume(now);
        self.postgres.resume(now);
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

/// How things stand at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Redis, Kafka and PostgreSQL, each by [`Seen::word`].
    pub words: [&'static str; 3],
    /// Brokers that do not answer.
    pub silent_brokers: Vec<i32>,
}

impl Snapshot {
    /// A word for each service: Redis, Kafka and PostgreSQL.
    #[must_use]
    pub const fn words(&self) -> [&'static str; 3] {
        [self.cache.word(), self.kafka.word(), self.postgres.word()]
    }

    fn is_settled(&self) -> bool {
        let rated = |rate: Option<f64>| rate.is_some();
        let kafka = match &self.kafka {
            Seen::Known { view, .. } => {
                let is_rated = view.topics.iter().all(|topic| !topic.exists || rated(topic.per_second));
                let known = is_rated && view.groups.iter().all(|group| group.members.is_some());
                // From who is silent nothing will come; what the others tell takes a second round.
                let told = || view.groups.iter().any(|group| group.partitions.iter().any(|part| part.told));
                known || !view.silent_brokers.is_empty() && told()
            }
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
        self.cache.is_away() || self.kafka.is_away() || self.postgres.is_away()
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

    /// Why the scenario in force is not known.
    #[must_use]
    pub const fn scenario_unknown(&self) -> &'static str {
        match &self.cache {
            Seen::Away { refused: true, .. } => "Redis refuses",
            Seen::Away { .. } => "Redis is away",
            Seen::NotConfigured(_) => "no Redis is configured",
            Seen::Waiting | Seen::Known { .. } => "Redis is asked",
        }
    }

    /// All of it as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let [redis, kafka, postgres] = self.requests_a_minute;
        let mut json = json!({ "at": business_time(self.now), "cache": self.service(&self.cache, redis) });
        if self.scope == Scope::All {
            json["kafka"] = self.service(&self.kafka, kafka);
            json["postgres"] = self.service(&self.postgres, postgres);
        }
        json["scenario"] = json!(self.scenario);
        json
    }

    fn service<T: serde::Serialize>(&self, seen: &Seen<T>, requests_a_minute: Option<f64>) -> Value {
        let mut json = json!({ "state": seen.word(), "requests_a_minute": requests_a_minute });
        match seen {
            Seen::Known { view, .. } => {
                if let (Some(all), Ok(Value::Object(fields))) = (json.as_object_mut(), serde_json::to_value(view)) {
                    all.extend(fields);
                }
            }
            Seen::Away { why, help, since, .. } => {
                let ago = self.instant.saturating_duration_since(*since).as_secs();
                let since = self.now.plus_secs(i64::try_from(ago).map_or(0, |secs| -secs));
                json["why"] = json!(why);
                json["help"] = json!(help);
                json["since"] = json!(business_time(since));
            }
            Seen::NotConfigured(why) => json["why"] = json!(why),
            Seen::Waiting => {}
        }
        json
    }
}
