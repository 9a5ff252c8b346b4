//! Notices that the whole process stood still, whatever its members were at: stopped, or without a processor; and says when one
//! of them hangs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::telemetry::Health;

/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(100);
/// A look that comes so much later than it should means a standstill.
const LATE: Duration = Duration::from_millis(500);

/// How often it is said that something hangs.
const COMPLAIN_EVERY: Duration = Duration::from_secs(30);

/// How often, and for how long the last time.
#[derive(Debug, Default)]
pub(super) struct Standstills {
    count: AtomicU64,
    last_ms: AtomicU64,
}

impl Standstills {
    /// How often the process has stood still.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    /// How long the last time.
    pub fn last(&self) -> Duration {
        Duration::from_millis(self.last_ms.load(Ordering::Relaxed))
    }

    /// Watches until the other end hangs up.
    pub fn watch(&self, until: &Receiver<()>, health: &Health) {
        let mut complained: Option<Instant> = None;
        loop {
            let began = Instant::now();
            if until.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let took = began.elapsed();
            if complained.is_none_or(|at| at.elapsed() > COMPLAIN_EVERY)
                && let Some(what) = health.hanging()
            {
                complained = Some(Instant::now());
                tracing::warn!("{what}");
            }
            if took > TICK + LATE {
                self.last_ms.store(took.as_millis().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
                self.count.fetch_add(1, Ordering::Release);
            }
        }
    }
}
