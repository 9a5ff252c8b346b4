//! Progress of long work: a bar on a terminal, a line now and then elsewhere, nothing under `-q`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::number;
use super::printer::Printer;
use crate::config::Verbosity;

/// How often a line is printed where no bar can be drawn.
const EVERY: Duration = Duration::from_secs(10);

/// The progress of one piece of work; shared by threads by reference.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    printer: Printer,
    label: String,
    unit: &'static str,
    started: Instant,
    /// Milliseconds after the start at which the next line is due.
    due: AtomicU64,
    lines: bool,
    /// The total is an estimate.
    about: bool,
}

impl Printer {
    /// Shows the progress of work of `total` units (`rows`, `orders`), or of unknown length with `None`.
    #[must_use]
    pub fn progress(&self, label: &str, total: Option<u64>, unit: &'static str) -> Progress {
        self.begin(label, total, false, unit)
    }

    /// The same where the total is an estimate, and is shown as one.
    #[must_use]
    pub fn progress_about(&self, label: &str, total: u64, unit: &'static str) -> Progress {
        self.begin(label, Some(total), true, unit)
    }

    fn begin(&self, label: &str, total: Option<u64>, about: bool, unit: &'static str) -> Progress {
        let shown = self.verbosity() >= Verbosity::Normal;
        let drawn = shown && self.may_draw();
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        bar.set_style(style(total.is_some(), about, self.stderr_color(), unit));
        bar.set_prefix(label.to_owned());
        let bar = if drawn { self.bars().add(bar) } else { bar };
        if drawn {
            // Otherwise a step that takes long looks like a hang.
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Progress {
            bar,
            printer: self.clone(),
            label: label.to_owned(),
            unit,
            started: Instant::now(),
            due: AtomicU64::new(millis(EVERY)),
            lines: shown && !drawn,
            about,
        }
    }
}

impl Progress {
    /// `units` more are done.
    pub fn inc(&self, units: u64) {
        self.bar.inc(units);
        if self.lines {
            let now = millis(self.started.elapsed());
            let due = self.due.load(Ordering::Relaxed);
            let next = now + millis(EVERY);
            // One thread wins, and prints.
            if now >= due && self.due.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                self.line();
            }
        }
    }

    /// A part of the work begins or was done (a month, a table): beside the bar, or a line of its own.
    pub fn step(&self, what: &str) {
        self.bar.set_message(what.to_owned());
        if self.lines {
            self.printer.status(&format!("{}: {what}", self.label));
        }
    }

    /// What is being counted, beside the bar; nothing elsewhere.
    pub fn about(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// Units done so far.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.bar.position()
    }

    /// The work is done: the bar goes, and a line with the total, the time and the rate stays.
    pub fn finish(self) {
        // Finishing a bar moves it to its end, also when less was done than was thought.
        let (done, took) = (self.bar.position(), self.started.elapsed());
        self.bar.finish_and_clear();
        if done == 0 {
            self.printer.status(&format!("{}: nothing to do", self.label));
            return;
        }
        let rate = rate(done, took);
        let (count, took) = (number::count(done), number::duration(took));
        self.printer.status(&format!("{}: {count} {} in {took} ({} {}/s)", self.label, self.unit, rate, self.unit));
    }

    fn line(&self) {
        let (done, elapsed) = (self.bar.position(), self.started.elapsed());
        let of = self.bar.length().map_or_else(String::new, |total| format!(" of {}", of(total, self.about)));
        let left = match self.bar.length() {
            Some(total) if done > 0 && total > done => {
                // Rows of one kind take about the same time each.
                let seconds = elapsed.as_secs_f64() * (total - done) as f64 / done as f64;
                let left = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
                format!(", {} left", number::duration(left))
            }
            _ => String::new(),
        };
        let (count, rate) = (number::count(done), rate(done, elapsed));
        self.printer.status(&format!("{}: {count}{of} {unit}, {rate} {unit}/s{left}", self.label, unit = self.unit));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        // Work that failed leaves no half bar above the error.
        self.bar.finish_and_clear();
        self.printer.bars().remove(&self.bar);
    }
}

/// With a known total or without one, in colour or not.
const fn template(bounded: bool, color: bool) -> &'static str {
    match (bounded, color) {
        (true, true) => "{prefix} {bar:24.cyan/dim} {done}/{total} {unit} {percent:>3} % {rate} {left} {msg}",
        (true, false) => "{prefix} {bar:24} {done}/{total} {unit} {percent:>3} % {rate} {left} {msg}",
        (false, _) => "{prefix} {spinner} {done} {unit} {rate} {msg}",
    }
}

/// A total, as the guess that it may be.
fn of(total: u64, about: bool) -> String {
    format!("{}{}", if about { "about " } else { "" }, number::count(total))
}

fn style(bounded: bool, about: bool, color: bool, unit: &'static str) -> ProgressStyle {
    let base = if bounded { ProgressStyle::default_bar() } else { ProgressStyle::default_spinner() };
    // A template that cannot be read leaves the default bar; a test reads each.
    let style = base.clone().template(template(bounded, color)).unwrap_or(base);
    style
        .progress_chars("━╸─")
        .with_key("done", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = out.write_str(&number::count(state.pos()));
        })
        .with_key("total", move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = out.write_str(&of(state.len().unwrap_or(0), about));
        })
        .with_key("unit", move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = out.write_str(unit);
        })
        .with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{}/s", number::count(state.per_sec() as u64));
        })
        .with_key("left", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            // Nothing is known before the first step, and nothing is left after the last.
            if state.eta() >= Duration::from_secs(1) {
                let _ = write!(out, "{} left", number::duration(state.eta()));
            }
        })
}

fn rate(done: u64, took: Duration) -> String {
    // A blink would give a rate of millions that means nothing; a millisecond at least is counted.
    number::count((done as f64 / took.as_secs_f64().max(0.001)) as u64)
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_can_be_read() {
        for (bounded, color) in [(true, true), (true, false), (false, true), (false, false)] {
            assert!(ProgressStyle::with_template(template(bounded, color)).is_ok(), "{bounded} {color}");
        }
    }

    #[test]
    fn without_a_terminal_steps_and_the_end_are_lines() {
        let (printer, printed) = Printer::captured(Verbosity::Normal);
        let progress = printer.progress("orders", Some(6_000), "rows");
        progress.inc(3_000);
        progress.step("2025-01 done");
        progress.inc(3_000);
        assert_eq!(progress.done(), 6_000);
        progress.finish();
        let lines = printed.stderr();
        assert!(lines.starts_with("orders: 2025-01 done\norders: 6,000 rows in "), "{lines}");
        assert_eq!(printed.stdout(), "");
    }

    #[test]
    fn a_line_tells_the_total_the_rate_and_the_time_left() {
        let (printer, printed) = Printer::captured(Verbosity::Normal);
        let progress = printer.progress("orders", Some(u64::MAX), "rows");
        progress.inc(1_000);
        progress.line();
        let line = printed.stderr();
        assert!(line.starts_with("orders: 1,000 of 18,446,744,073,709,551,615 rows, "), "{line}");
        assert!(line.ends_with(" left\n"), "{line}");
    }

    #[test]
    fn a_total_that_is_a_guess_says_so() {
        let (printer, printed) = Printer::captured(Verbosity::Normal);
        let progress = printer.progress_about("report", 5_000, "rows");
        progress.about("counting orders");
        progress.inc(1_000);
        progress.line();
        assert!(printed.stderr().starts_with("report: 1,000 of about 5,000 rows, "), "{}", printed.stderr());
    }

    #[test]
    fn nothing_is_shown_when_quiet() {
        let (printer, printed) = Printer::captured(Verbosity::Quiet);
        let progress = printer.progress("orders", None, "rows");
        progress.step("2025-01 done");
        progress.finish();
        assert_eq!(printed.stderr(), "");
    }
}
