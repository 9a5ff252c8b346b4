//! Work in several parts, one at a time on the screen: a bar where the amount is known, what is being done where it is not.

use std::cell::RefCell;

use super::activity::Activity;
use super::printer::Printer;
use super::progress::Progress;
use crate::follow::{Amount, Follow};

/// Shows the parts of a command's work as they come. What was shown goes when the value is dropped.
#[derive(Debug)]
pub struct Stages {
    printer: Printer,
    label: String,
    aloud: bool,
    now: RefCell<Option<Shown>>,
}

#[derive(Debug)]
enum Shown {
    Bar(Progress),
    Line(#[expect(dead_code, reason = "it is shown until it is dropped")] Activity),
}

impl Printer {
    /// Shows the parts of work under `label`, and the first, of which nothing is known yet. A line is left of each under `-v`.
    #[must_use]
    pub fn stages(&self, label: &str) -> Stages {
        let first = Shown::Line(self.activity(label, "beginning"));
        Stages { printer: self.clone(), label: label.to_owned(), aloud: false, now: RefCell::new(Some(first)) }
    }
}

impl Stages {
    /// With a line for each part in any case, for work of minutes.
    #[must_use]
    pub fn aloud(self) -> Self {
        Self { aloud: true, ..self }
    }
}

impl Follow for Stages {
    fn begins(&self, what: &str, amount: Amount, unit: &'static str) {
        // The old one goes before the new one comes, or both would be drawn.
        drop(self.now.take());
        let line = format!("{}: {what}", self.label);
        if self.aloud {
            self.printer.status(&line);
        } else {
            self.printer.detail(&line);
        }
        let shown = match amount {
            Amount::Unknown => Shown::Line(self.printer.activity(&self.label, what)),
            Amount::Exactly(total) => Shown::Bar(self.printer.progress(&self.label, Some(total), unit)),
            Amount::About(total) => Shown::Bar(self.printer.progress_about(&self.label, total, unit)),
        };
        if let Shown::Bar(progress) = &shown {
            progress.about(what);
        }
        self.now.replace(Some(shown));
    }

    fn done(&self, units: u64) {
        if let Some(Shown::Bar(progress)) = &*self.now.borrow() {
            progress.inc(units);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Verbosity;

    #[test]
    fn without_a_terminal_parts_are_lines_for_those_who_want_them() {
        let follow = |verbosity, aloud| {
            let (printer, printed) = Printer::captured(verbosity);
            let stages = printer.stages("verify");
            let stages = if aloud { stages.aloud() } else { stages };
            stages.begins("reading orders", Amount::Exactly(10), "messages");
            stages.done(10);
            stages.begins("comparing", Amount::About(10), "rows");
            stages.at("checking the invariants");
            drop(stages);
            printed.stderr()
        };
        let lines = "verify: reading orders\nverify: comparing\nverify: checking the invariants\n";
        assert_eq!(follow(Verbosity::Verbose, false), lines);
        assert_eq!(follow(Verbosity::Normal, true), lines);
        assert_eq!(follow(Verbosity::Normal, false), "");
    }
}
