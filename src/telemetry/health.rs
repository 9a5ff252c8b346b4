//! Whether a command can do its work now: each thing it depends on is ready, or not for a reason.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::config::secret::redact;

/// The health of a process. Clones are handles to the same one, for any thread.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<Vec<Part>>>);

/// One thing the command depends on, such as "postgres". Clones are handles to the same one.
#[derive(Clone, Debug)]
pub struct Part(Arc<PartState>);

#[derive(Debug)]
struct PartState {
    name: String,
    /// Why it is not ready; `None` when it is.
    reason: Mutex<Option<String>>,
    /// When something that began must have ended, and what is wrong if it has not.
    limit: Mutex<Option<(Instant, &'static str)>>,
}

impl Health {
    /// The part of this name. One that is new is not ready until it is said to be.
    ///
    /// Several workers in one process that each depend on the same thing need a name each, or the last word counts for
    /// all.
    #[must_use]
    pub fn part(&self, name: impl Into<String>) -> Part {
        let name = name.into();
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = parts.iter().find(|part| part.0.name == name) {
            return part.clone();
        }
        let part = Part(Arc::new(PartState {
            name,
            reason: Mutex::new(Some("not heard of yet".to_owned())),
            limit: Mutex::default(),
        }));
        parts.push(part.clone());
        part
    }

    /// Whether every part is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.parts().iter().all(|part| part.reason().is_none())
    }

    /// A line for each part that is not ready, with the reason; empty when all are.
    #[must_use]
    pub fn not_ready(&self) -> String {
        let parts = self.parts();
        let lines = parts.iter().filter_map(|part| Some(format!("{}: {}\n", part.0.name, part.reason()?)));
        lines.collect()
    }

    /// What has begun and hangs: the first such part, and what is wrong with it.
    #[must_use]
    pub fn hanging(&self) -> Option<String> {
        self.parts().iter().find_map(|part| Some(format!("{}: {}", part.0.name, part.hanging()?)))
    }

    fn parts(&self) -> Vec<Part> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Part {
    /// It can be worked with.
    pub fn ready(&self) {
        *self.0.reason.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// It cannot; the reason becomes one line without passwords.
    pub fn not_ready(&self, reason: impl fmt::Display) {
        let reason = redact(&reason.to_string()).split_whitespace().collect::<Vec<_>>().join(" ");
        *self.0.reason.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    /// Something begins that hangs if it takes longer than this: it is not ready then, whoever asks.
    pub fn begin(&self, longest: Duration, otherwise: &'static str) {
        *self.0.limit.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now() + longest, otherwise));
    }

    /// It has ended.
    pub fn end(&self) {
        *self.0.limit.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn reason(&self) -> Option<String> {
        self.hanging().or_else(|| self.0.reason.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn hanging(&self) -> Option<String> {
        let limit = *self.0.limit.lock().unwrap_or_else(PoisonError::into_inner);
        limit.filter(|(until, _)| Instant::now() > *until).map(|(_, otherwise)| otherwise.to_owned())
    }
}

/// The same as a metric, so that a graph can show since when something is away.
impl Collector for Health {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let parts = self.parts();
        if parts.is_empty() {
            return Ok(());
        }
        let help = "Whether what this process depends on can be worked with: 1 or 0.";
        let mut family = encoder.encode_descriptor("part_ready", help, None, MetricType::Gauge)?;
        for part in parts {
            let ready = ConstGauge::new(i64::from(part.reason().is_none()));
            ready.encode(family.encode_family(&[("part", part.0.name.as_str())])?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_must_be_ready() {
        let health = Health::default();
        assert!(health.is_ready(), "nothing is needed");
        let (postgres, kafka) = (health.part("postgres"), health.part("kafka"));
        assert_eq!(health.not_ready(), "postgres: not heard of yet\nkafka: not heard of yet\n");
        postgres.ready();
        assert!(!health.is_ready());
        health.part("kafka").ready();
        assert!(health.is_ready());
        assert_eq!(health.not_ready(), "");
        kafka.not_ready("no broker\n  answers");
        assert_eq!(health.clone().not_ready(), "kafka: no broker answers\n");
    }

    #[test]
    fn what_hangs_is_not_ready_though_nobody_says_so() {
        let health = Health::default();
        let part = health.part("writes");
        part.ready();
        part.begin(Duration::from_secs(3_600), "a transaction hangs");
        assert!(health.is_ready() && health.hanging().is_none());
        part.begin(Duration::ZERO, "a transaction hangs");
        std::thread::sleep(Duration::from_millis(1));
        assert_eq!(health.not_ready(), "writes: a transaction hangs\n");
        assert_eq!(health.hanging().as_deref(), Some("writes: a transaction hangs"));
        part.end();
        assert!(health.is_ready());
    }

    #[test]
    fn a_reason_holds_no_password() {
        let health = Health::default();
        health.part("redis").not_ready("redis://:geheim@cache:6379 refused");
        assert_eq!(health.not_ready(), "redis: redis://:***@cache:6379 refused\n");
    }

    #[test]
    fn workers_tell_from_their_own_threads() {
        let health = Health::default();
        std::thread::scope(|scope| {
            for member in 0..4 {
                let part = health.part(format!("partitions {member}"));
                scope.spawn(move || part.ready());
            }
        });
        assert!(health.is_ready());
    }
}
