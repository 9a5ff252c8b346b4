//! What was found, how bad it is, and how to mend it.

use std::fmt;

use serde::Serialize;

use crate::config::secret::redact;
use crate::error::Failure;
use crate::output::failure;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Note,
    /// Works, but not as it should, or not for long.
    Warning,
    /// Something does not work.
    Problem,
}

impl Level {
    /// How it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What is looked at, in the order of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// This machine and this program's environment.
    Machine,
    /// PostgreSQL.
    Postgresql,
    /// Redis.
    Redis,
    /// Kafka.
    Kafka,
}

impl Service {
    /// All, in the order of the report.
    pub const ALL: [Self; 4] = [Self::Machine, Self::Postgresql, Self::Redis, Self::Kafka];

    /// How people call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Machine => "This machine",
            Self::Postgresql => "PostgreSQL",
            Self::Redis => "Redis",
            Self::Kafka => "Kafka",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: a fixed name, for scripts.
    pub check: &'static str,
    /// Which one, where there are several: a topic, a table, a broker.
    pub subject: Option<String>,
    /// How bad it is.
    pub level: Level,
    /// What was found.
    pub what: String,
    /// How to mend it: a command to type, or what to change. A warning and a problem always have one.
    pub mend: Option<String>,
}

impl Finding {
    fn new(check: &'static str, level: Level, what: &str, mend: Option<&str>) -> Self {
        // What servers and URLs say may hold a password.
        Self { check, subject: None, level, what: redact(what), mend: mend.map(redact) }
    }

    /// As it should be.
    #[must_use]
    pub fn ok(check: &'static str, what: impl AsRef<str>) -> Self {
        Self::new(check, Level::Ok, what.as_ref(), None)
    }

    /// Worth knowing.
    #[must_use]
    pub fn note(check: &'static str, what: impl AsRef<str>) -> Self {
        Self::new(check, Level::Note, what.as_ref(), None)
    }

    /// Works, but not as it should.
    #[must_use]
    pub fn warning(check: &'static str, what: impl AsRef<str>, mend: impl AsRef<str>) -> Self {
        Self::new(check, Level::Warning, what.as_ref(), Some(mend.as_ref()))
    }

    /// Does not work.
    #[must_use]
    pub fn problem(check: &'static str, what: impl AsRef<str>, mend: impl AsRef<str>) -> Self {
        Self::new(check, Level::Problem, what.as_ref(), Some(mend.as_ref()))
    }

    /// Something that failed while it was looked at, with the remedy it carries.
    #[must_use]
    pub fn failed(check: &'static str, report: &color_eyre::Report) -> Self {
        let (what, remedy) = failure::told(report);
        Self::problem(check, what, remedy.as_deref().unwrap_or("look at the server's log"))
    }

    /// The same for a failure by itself.
    #[must_use]
    pub fn of(check: &'static str, failure: &Failure) -> Self {
        Self::problem(check, failure.to_string(), failure.remedy().unwrap_or("look at the server's log"))
    }

    /// A service that nobody configured: not a problem, for files need none.
    #[must_use]
    pub fn not_configured(without_it: &str, failure: &Failure) -> Self {
        let mut finding = Self::note("configured", without_it);
        finding.mend = failure.remedy().map(str::to_owned);
        finding
    }

    /// Which one is meant.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// What may be done about a note.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_never_shows_a_password() {
        let said = "cannot open postgres://shop:geheim@db/shop";
        let finding = Finding::problem("reachable", said, "correct redis://:geheim@cache/0");
        assert_eq!(finding.what, "cannot open postgres://shop:***@db/shop");
        assert_eq!(finding.mend.as_deref(), Some("correct redis://:***@cache/0"));
    }

    #[test]
    fn what_failed_is_told_with_its_reasons_and_its_remedy() {
        let report = color_eyre::eyre::eyre!("refused").wrap_err(Failure::new("no Redis").help("make up"));
        let finding = Finding::failed("reachable", &report);
        assert_eq!((finding.what.as_str(), finding.mend.as_deref()), ("no Redis: refused", Some("make up")));
    }
}
