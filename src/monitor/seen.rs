//! What is known of a service: an answer with its age, or since when and why there is none. Never a zero that means "unknown".

use std::time::{Duration, Instant};

/// A service that has not answered for so long is away, though nobody has said so.
pub const SILENCE: Duration = Duration::from_secs(2);

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

    /// The same as it must be taken at `now`: an answer too old is none.
    #[must_use]
    pub fn at(self, now: Instant) -> Self {
        match self {
            Self::Known { at, .. } if now.saturating_duration_since(at) > SILENCE => {
                Self::Away { why: "it does not answer".to_owned(), help: None, since: at }
            }
            other => other,
        }
    }

    /// A word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NotConfigured(_) => "not configured",
            Self::Waiting => "asked",
            Self::Known { .. } => "up",
            Self::Away { .. } => "away",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_for_two_seconds() {
        let at = Instant::now();
        let known = Seen::Known { view: 7, at };
        assert_eq!(known.clone().at(at + SILENCE).view(), Some(&7));
        let later = known.at(at + SILENCE + Duration::from_millis(1));
        assert_eq!((later.view(), later.word()), (None, "away"));
        assert_eq!(Seen::<u8>::Waiting.at(at + 9 * SILENCE), Seen::Waiting);
    }
}
