//! Clocks that disagree. Times of rows, ages of pools and due visits come from several machines.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::finding::Finding;

/// From here on figures that compare times of two machines are off.
const NOTICEABLE: Duration = Duration::from_secs(1);
/// From here on customers order before they have signed up.
const HARMFUL: Duration = Duration::from_secs(60);

/// Another clock's time, read between two looks at this machine's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// How far the other is ahead, at least; negative when it is behind. What the answer took is no difference.
    ahead_ms: i64,
}

impl Reading {
    /// Asks another clock.
    pub(super) fn take<E>(ask: impl FnOnce() -> Result<DateTime<Utc>, E>) -> Result<Self, E> {
        let (before, began) = (Utc::now(), Instant::now());
        let theirs = ask()?;
        Ok(Self::between(before, began.elapsed(), theirs))
    }

    fn between(before: DateTime<Utc>, took: Duration, theirs: DateTime<Utc>) -> Self {
        let took = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
        let since_asked = theirs.signed_duration_since(before).num_milliseconds();
        let ahead_ms = if since_asked > took { since_asked - took } else { since_asked.min(0) };
        Self { ahead_ms }
    }

    /// What that means for a service of this name.
    pub(super) fn finding(self, name: &str) -> Finding {
        let off = Duration::from_millis(self.ahead_ms.unsigned_abs());
        let sense = if self.ahead_ms < 0 { "behind" } else { "ahead of" };
        let what = format!("the clock of {name} is {:.1} s {sense} this machine's", off.as_secs_f64());
        let mend = "let both machines set their clocks by NTP (timedatectl set-ntp true)";
        match off {
            off if off >= HARMFUL => Finding::problem("clock", what, mend),
            off if off >= NOTICEABLE => Finding::warning("clock", what, mend),
            _ => Finding::ok("clock", format!("agrees with this machine's within {} s", NOTICEABLE.as_secs())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn found(theirs_ms: i64, took_ms: u64) -> (Level, String) {
        let before = DateTime::from_timestamp_millis(1_800_000_000_000).unwrap();
        let theirs = DateTime::from_timestamp_millis(1_800_000_000_000 + theirs_ms).unwrap();
        let finding = Reading::between(before, Duration::from_millis(took_ms), theirs).finding("Redis");
        (finding.level, finding.what)
    }

    #[test]
    fn what_an_answer_takes_is_no_difference() {
        assert_eq!(found(2_500, 3_000).0, Level::Ok);
        assert_eq!(found(0, 3_000).0, Level::Ok);
    }

    #[test]
    fn a_difference_is_told_with_its_direction() {
        let (level, what) = found(4_010, 10);
        assert_eq!((level, what.as_str()), (Level::Warning, "the clock of Redis is 4.0 s ahead of this machine's"));
        let (level, what) = found(-61_000, 10);
        assert_eq!((level, what.as_str()), (Level::Problem, "the clock of Redis is 61.0 s behind this machine's"));
    }
}
