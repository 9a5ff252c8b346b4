//! What is known of a service: an answer with its age, or since when and why there is none. Never a zero that means "unknown".

use std::time::{Duration, Instant};

/// A service that has not answered for so long is away, though nobody has said so. It is asked each second and has
/// `PATIENCE` to answer; with the turn of the screen that makes less than two seconds.
pub const SILENCE: Duration = Duration::from_millis(1_750);

/// What is known of a service at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen<T> {
    /// Nothing was given to ask it by.
    NotConfigured(String),
    /// It was asked, and the first answer is not there yet.
    Waiting,
    /// It has answered.
    Known {
        /// What it said.
        view: T,
        /// When.
        at: Instant,
    },
    /// It does not answer.
    Away {
        /// Why.
        why: String,
        /// What to do about it, where that is known.
        help: Option<String>,
        /// Since when.
        since: Instant,
        /// Whether it is there, and lets nobody in.
        refused: bool,
    },
}

impl<T> Seen<T> {
    /// The answer, if there is one.
    pub const fn view(&self) -> Option<&T> {
        match self {
            Self::Known { view, .. } => Some(view),
            _ => None,
        }
    }

    /// Whether an answer is too old at `now` to be one.
    #[must_use]
    pub fn is_silent(&self, now: Instant) -> bool {
        matches!(self, Self::Known { at, .. } if now.saturating_duration_since(*at) > SILENCE)
    }

    /// Whether it was asked and does not answer, or lets nobody in.
    #[must_use]
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::Away { .. })
    }

    /// A word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NotConfigured(_) => "not configured",
            Self::Waiting => "asked",
            Self::Known { .. } => "up",
            Self::Away { refused: false, .. } => "away",
            Self::Away { refused: true, .. } => "refused",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_for_less_than_two_seconds() {
        let at = Instant::now();
        let known = Seen::Known { view: 7, at };
        assert!(!known.is_silent(at + SILENCE) && known.is_silent(at + SILENCE + Duration::from_millis(1)));
        assert!(SILENCE < Duration::from_secs(2) && !Seen::<u8>::Waiting.is_silent(at + 9 * SILENCE));
    }
}
