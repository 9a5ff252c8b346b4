//! Waiting longer after each failure, and never in step with others.

use std::time::Duration;

use uuid::Uuid;

use crate::generator::rng::{mix, unit_of_bits};

/// Pauses that double from `first` to `most`, each shortened at random by up to a half: those who failed together do not
/// come back together.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    failures: u32,
}

impl Backoff {
    /// No failure yet.
    #[must_use]
    pub const fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, failures: 0 }
    }

    /// Whether the last attempt failed.
    #[must_use]
    pub const fn failed(&self) -> bool {
        self.failures > 0
    }

    /// All is well again.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }

    /// Counts a failure; returns how long to wait.
    pub fn pause(&mut self) -> Duration {
        let longest = self.first.saturating_mul(1 << self.failures.min(20)).min(self.most);
        self.failures = self.failures.saturating_add(1);
        // Chance comes from the system, not from a seed: two processes of one seed must differ here.
        let chance = unit_of_bits(mix(Uuid::new_v4().as_u64_pair().0));
        longest.mul_f64(0.5 + chance / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_are_never_the_same_for_all() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
        assert!(!backoff.failed());
        for expected in [100, 200, 400, 800, 1600, 2000, 2000] {
            let pause = backoff.pause().as_millis();
            assert!((expected / 2..=expected).contains(&pause), "{pause} of {expected}");
        }
        assert!(backoff.failed());
        backoff.reset();
        assert!(backoff.pause().as_millis() <= 100);
    }
}
