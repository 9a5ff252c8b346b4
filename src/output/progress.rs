//! Progress of long work: a bar on a terminal, a line now and then elsewhere, nothing under `-q`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use unicode_width::UnicodeWidthStr;

use super::figures::{Figures, columns, of, time_left};
use super::number;
use super::printer::Printer;
use crate::config::Verbosity;

/// How often a line is printed where no bar can be drawn.
const EVERY: Duration = Duration::from_secs(10);
/// Columns of a bar, and of one on a terminal with fewer columns than these.
const BAR: usize = 24;
const SHORT_BAR: usize = 10;
const WIDE: usize = 110;

/// The progress of one piece of work; shared by threads by reference.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    printer: Printer,
    label: String,
    /// Shared with what draws the bar.
    work: Arc<Work>,
    /// Milliseconds after the start at which the next line is due.
    due: AtomicU64,
    lines: bool,
}

/// What is known of the work besides how much is done.
#[derive(Debug)]
struct Work {
    unit: &'static str,
    /// The total is an estimate.
    about: bool,
    started: Instant,
    /// Milliseconds after the start at which the latest units were done.
    moved: AtomicU64,
    /// What is being done.
    what: Mutex<String>,
}

impl Work {
    fn new(about: bool, unit: &'static str) -> Self {
        Self { unit, about, started: Instant::now(), moved: AtomicU64::new(0), what: Mutex::default() }
    }

    fn moves(&self) {
        self.moved.store(millis(self.started.elapsed()), Ordering::Relaxed);
    }

    fn time_left(&self, done: u64, total: u64) -> Option<Duration> {
        let moved = Duration::from_millis(self.moved.load(Ordering::Relaxed));
        time_left(done, total, moved, self.started.elapsed())
    }

    fn is_at(&self, what: &str) {
        what.clone_into(&mut self.what.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What stands beside the bar.
    fn figures(&self, state: &ProgressState, columns: usize) -> String {
        let (done, total) = (state.pos(), state.len());
        let what = self.what.lock().unwrap_or_else(PoisonError::into_inner);
        let left = total.and_then(|total| self.time_left(done, total));
        let rate = state.per_sec() as u64;
        Figures { done, total, about: self.about, unit: self.unit, rate, left, what: &what }.within(columns)
    }
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
        let work = Arc::new(Work::new(about, unit));
        bar.set_style(style(label, total.is_some(), self.stderr_color(), &work, columns));
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
            work,
            due: AtomicU64::new(millis(EVERY)),
            lines: shown && !drawn,
        }
    }
}

impl Progress {
    /// `units` more are done.
    pub fn inc(&self, units: u64) {
        self.bar.inc(units);
        self.work.moves();
        if self.lines {
            let now = millis(self.work.started.elapsed());
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
        self.work.is_at(what);
        if self.lines {
            self.printer.status(&format!("{}: {what}", self.label));
        }
    }

    /// What is being counted, beside the bar; nothing elsewhere.
    pub fn about(&self, what: &str) {
        self.work.is_at(what);
    }

    /// Units done so far.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.bar.position()
    }

    /// The work is done: the bar goes, and a line with the total, the time and the rate stays.
    pub fn finish(self) {
        // Finishing a bar moves it to its end, also when less was done than was thought.
        let (done, took) = (self.bar.position(), self.work.started.elapsed());
        self.bar.finish_and_clear();
        if done == 0 {
            self.printer.status(&format!("{}: nothing to do", self.label));
            return;
        }
        let (rate, unit) = (rate(done, took), self.work.unit);
        let (count, took) = (number::count(done), number::duration(took));
        self.printer.status(&format!("{}: {count} {unit} in {took} ({rate} {unit}/s)", self.label));
    }

    fn line(&self) {
        let (done, total, unit) = (self.bar.position(), self.bar.length(), self.work.unit);
        let of = total.map_or_else(String::new, |total| format!(" of {}", of(total, self.work.about)));
        let left = total.and_then(|total| self.work.time_left(done, total));
        let left = left.map_or_else(String::new, |left| format!(", {} left", number::duration(left)));
        let (count, rate) = (number::count(done), rate(done, self.work.started.elapsed()));
        self.printer.status(&format!("{}: {count}{of} {unit}, {rate} {unit}/s{left}", self.label));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        // Work that failed leaves no half bar above the error.
        self.bar.finish_and_clear();
        self.printer.bars().remove(&self.bar);
    }
}

/// With a known total or without one, on a wide terminal or a narrow one, in colour or not.
const fn template(bounded: bool, wide: bool, color: bool) -> &'static str {
    match (bounded, wide, color) {
        (true, true, true) => "{prefix} {bar:24.cyan/dim} {figures}",
        (true, true, false) => "{prefix} {bar:24} {figures}",
        (true, false, true) => "{prefix} {bar:10.cyan/dim} {figures}",
        (true, false, false) => "{prefix} {bar:10} {figures}",
        (false, ..) => "{prefix} {spinner} {figures}",
    }
}

/// `columns` tells how wide the terminal is, which may change.
fn style(
    label: &str,
    bounded: bool,
    color: bool,
    work: &Arc<Work>,
    columns: impl Fn() -> usize + Clone + Send + Sync + 'static,
) -> ProgressStyle {
    let base = if bounded { ProgressStyle::default_bar() } else { ProgressStyle::default_spinner() };
    let wide = columns() >= WIDE;
    // A template that cannot be read leaves the default bar; a test reads each.
    let style = base.clone().template(template(bounded, wide, color)).unwrap_or(base);
    let bar = match (bounded, wide) {
        (true, true) => BAR,
        (true, false) => SHORT_BAR,
        (false, _) => 1,
    };
    // With a space on each side of the bar. The last column stays free: terminals differ in what they do once it is taken.
    let taken = label.width() + bar + 3;
    let work = Arc::clone(work);
    style.progress_chars("━╸─").with_key("figures", move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let _ = out.write_str(&work.figures(state, columns().saturating_sub(taken)));
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
    use std::io;

    use indicatif::TermLike;

    use super::*;

    /// A terminal that keeps what is written to it.
    #[derive(Clone, Debug)]
    struct Screen {
        columns: u16,
        text: Arc<Mutex<String>>,
    }

    impl Screen {
        fn keep(&self, text: &str) -> io::Result<()> {
            self.text.lock().unwrap().push_str(text);
            Ok(())
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            self.columns
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.keep(&format!("{text}\n"))
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.keep(text)
        }

        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a terminal shows of work that is half done.
    fn drawn(columns: u16, label: &str, total: Option<u64>, what: &str) -> String {
        let screen = Screen { columns, text: Arc::default() };
        let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
        let bar = ProgressBar::with_draw_target(total, target);
        let work = Arc::new(Work { started: Instant::now() - Duration::from_secs(754), ..Work::new(true, "messages") });
        work.is_at(what);
        bar.set_style(style(label, total.is_some(), false, &work, move || columns.into()));
        bar.set_prefix(label.to_owned());
        bar.update(|state| state.set_pos(total.unwrap_or(2_000_000_000) / 2));
        work.moves();
        screen.text.lock().unwrap().clear();
        bar.tick();
        let text = screen.text.lock().unwrap().clone();
        text.trim_end().to_owned()
    }

    #[test]
    fn a_bar_has_room_on_a_terminal_of_eighty_columns() {
        let what = "reading the dead letters of a.rather.long.prefix.orders";
        for (columns, label) in [(80, "verify"), (80, "2025, shard 12/16"), (120, "verify"), (200, "verify")] {
            for total in [Some(100), Some(900_000_000), None] {
                let text = drawn(columns, label, total, what);
                assert!(text.width() < usize::from(columns), "{}: {text:?}", text.width());
                assert_eq!(text.contains(" 12 min 3"), total.is_some(), "{text:?}");
            }
        }
        let text = drawn(80, "verify", Some(9_000), what);
        assert!(text.starts_with("verify ━━━━━╸──── 4,500/about 9,000 messages  50 % "), "{text:?}");
        assert!(drawn(200, "verify", Some(9_000), what).ends_with(what));
    }

    #[test]
    fn every_template_can_be_read() {
        for bits in 0..8 {
            let [bounded, wide, color] = [1, 2, 4].map(|bit| bits & bit != 0);
            assert!(ProgressStyle::with_template(template(bounded, wide, color)).is_ok(), "{bounded} {wide} {color}");
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
