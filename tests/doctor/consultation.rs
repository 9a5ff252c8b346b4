//! Asking the doctor, and looking for a finding by its name.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

/// What the doctor said.
pub struct Consultation {
    pub exit: i32,
    pub report: Value,
    pub took: Duration,
    pub stderr: String,
}

impl Consultation {
    /// Runs `doctor --json`, whose words the command holds already.
    pub fn hold(command: &mut Command) -> Self {
        let began = Instant::now();
        let output = command.output().unwrap();
        let took = began.elapsed();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let report = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{stderr}", String::from_utf8_lossy(&output.stdout)));
        Self { exit: output.status.code().unwrap(), report, took, stderr }
    }

    fn findings(&self) -> impl Iterator<Item = &Value> {
        self.report["findings"].as_array().unwrap().iter()
    }

    /// The only finding of this check, about this subject if one is named.
    pub fn finding(&self, service: &str, check: &str, subject: &str) -> &Value {
        let of_check = |finding: &&Value| {
            finding["service"] == service
                && finding["check"] == check
                && (subject.is_empty() || finding["subject"] == subject)
        };
        let found: Vec<&Value> = self.findings().filter(of_check).collect();
        assert_eq!(found.len(), 1, "{service} {check} {subject}: {found:#?}\n{:#}", self.report["findings"]);
        found[0]
    }

    /// One finding must say this, with this level; one that is no "ok" must say how to mend it with this.
    pub fn says(&self, service: &str, check: &str, subject: &str, level: &str, what: &str, mend: &str) {
        let holds = |finding: &Value, key: &str, text: &str| finding[key].as_str().unwrap_or("").contains(text);
        let asked = |finding: &&Value| {
            finding["service"] == service
                && finding["check"] == check
                && (subject.is_empty() || finding["subject"] == subject)
                && finding["level"] == level
                && holds(finding, "what", what)
                && holds(finding, "mend", mend)
        };
        let said = self.findings().filter(asked).count();
        assert_eq!(said, 1, "{service} {check} {subject}: {level} {what:?} {mend:?}\n{:#}", self.report["findings"]);
        let failed = self.report["counts"]["problems"].as_u64().unwrap() > 0;
        assert_eq!((self.exit, self.report["healthy"].as_bool().unwrap()), (i32::from(failed), !failed));
        assert!(level != "problem" || failed);
    }

    /// What is not well, for the message of a test that wants everything to be.
    pub fn complaints(&self) -> Vec<String> {
        let bad = self.findings().filter(|finding| finding["level"] == "problem" || finding["level"] == "warning");
        bad.map(ToString::to_string).collect()
    }
}
