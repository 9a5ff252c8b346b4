//! All findings, the configuration in force, and the verdict.

use serde::Serialize;

use super::finding::{Finding, Level, Service};
use crate::config::{Settings, Source};

/// What the doctor says. Its JSON is part of the interface: names stay.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// This program's version and commit.
    pub version: &'static str,
    /// When it was looked, RFC 3339, UTC.
    pub checked_at: String,
    /// Whether no problem was found.
    pub healthy: bool,
    /// How many findings there are of each level.
    pub counts: Counts,
    /// Service by service.
    pub findings: Vec<Located>,
    /// Every setting.
    pub configuration: Vec<Entry>,
}

/// Findings by level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// What does not work.
    pub problems: usize,
    /// What works, but not as it should.
    pub warnings: usize,
    /// What is worth knowing.
    pub notes: usize,
    /// What is as it should be.
    pub ok: usize,
}

/// A finding with the service it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Located {
    /// The service.
    pub service: Service,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
}

/// A setting in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its name, as in the configuration file.
    pub setting: &'static str,
    /// Its value, secrets hidden.
    pub value: String,
    /// Which layer gave it: `flag`, `environment`, `file` or `default`.
    pub layer: &'static str,
    /// Which flag, variable, or file and line.
    pub source: String,
}

impl Report {
    /// A report of these findings, in the order of services and, within one, in the order in which they were made.
    #[must_use]
    pub fn new(mut findings: Vec<Located>, settings: &Settings, checked_at: String) -> Self {
        findings.sort_by_key(|located| located.service);
        let count = |level| findings.iter().filter(|located| located.finding.level == level).count();
        let counts = Counts {
            problems: count(Level::Problem),
            warnings: count(Level::Warning),
            notes: count(Level::Note),
            ok: count(Level::Ok),
        };
        let configuration = settings.entries().into_iter().map(Entry::of).collect();
        Self {
            version: crate::cli::VERSION,
            checked_at,
            healthy: counts.problems == 0,
            counts,
            findings,
            configuration,
        }
    }
}

impl Entry {
    fn of((setting, value, source): (&'static str, String, &Source)) -> Self {
        let layer = match source {
            Source::Flag(_) => "flag",
            Source::Environment(_) => "environment",
            Source::File(..) => "file",
            Source::Default => "default",
        };
        Self { setting, value, layer, source: source.to_string() }
    }
}

impl Counts {
    /// In words: `1 problem, 2 warnings, 1 note; 20 checks are well`.
    #[must_use]
    pub fn words(&self) -> String {
        let some = |count: usize, one: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => Some(format!("{count} {one}s")),
        };
        let found: Vec<String> =
            [some(self.problems, "problem"), some(self.warnings, "warning"), some(self.notes, "note")]
                .into_iter()
                .flatten()
                .collect();
        let well = format!("{} {} well", self.ok, if self.ok == 1 { "check is" } else { "checks are" });
        if found.is_empty() { well } else { format!("{}; {well}", found.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_names_what_there_is() {
        let counts = |problems, warnings, notes, ok| Counts { problems, warnings, notes, ok }.words();
        assert_eq!(counts(1, 2, 0, 20), "1 problem, 2 warnings; 20 checks are well");
        assert_eq!(counts(0, 0, 1, 1), "1 note; 1 check is well");
        assert_eq!(counts(0, 0, 0, 7), "7 checks are well");
    }
}
