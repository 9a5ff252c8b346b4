//! Saying the same complaint of librdkafka once in a while, not each time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::error::KafkaError;

/// How long the same complaint is kept to oneself.
const QUIET: Duration = Duration::from_secs(30);

/// Complaints by their kind, with when each was last said.
#[derive(Debug, Default)]
pub struct Grumbler(Mutex<HashMap<String, Instant>>);

impl Grumbler {
    /// Says it at the level of warnings, unless it was said a moment ago.
    pub fn hear(&self, error: &KafkaError, reason: &str) {
        let kind = error.to_string();
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.get(&kind).is_some_and(|at| at.elapsed() < QUIET) {
            tracing::debug!("Kafka: {kind}: {reason}");
        } else {
            tracing::warn!("Kafka: {kind}: {reason}");
            said.insert(kind, Instant::now());
        }
    }
}
