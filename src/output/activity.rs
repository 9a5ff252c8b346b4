//! What is being done, where nothing can be counted: a line that lives on a terminal, nothing elsewhere.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use unicode_width::UnicodeWidthStr;

use super::figures::columns;
use super::printer::Printer;
use super::shorten::shortened;
use crate::config::Verbosity;

const TEMPLATE: &str = "{prefix} {spinner} {what} {elapsed}";
/// Columns of the spinner, the time and the spaces around them; the last of the terminal stays free.
const AROUND: usize = 10;

/// Work that may take over a second; the line goes when the value is dropped.
#[derive(Debug)]
pub struct Activity {
    bar: ProgressBar,
    printer: Printer,
    /// Shared with what draws it.
    what: Arc<Mutex<String>>,
}

impl Printer {
    /// Shows, on a terminal, that `label` is at work, at `what`, and for how long.
    #[must_use]
    pub fn activity(&self, label: &str, what: &str) -> Activity {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let base = ProgressStyle::default_spinner();
        // A template that cannot be read leaves the default; a test reads it.
        let style = base.clone().template(TEMPLATE).unwrap_or(base);
        let (what, taken) = (Arc::new(Mutex::new(what.to_owned())), label.width() + AROUND);
        let shown = Arc::clone(&what);
        bar.set_style(style.with_key("what", move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let what = shown.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = out.write_str(&shortened(&what, columns().saturating_sub(taken)));
        }));
        bar.set_prefix(label.to_owned());
        let drawn = self.verbosity() >= Verbosity::Normal && self.may_draw();
        let bar = if drawn { self.bars().add(bar) } else { bar };
        if drawn {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Activity { bar, printer: self.clone(), what }
    }
}

impl Activity {
    /// The next part of the work begins.
    pub fn at(&self, what: &str) {
        what.clone_into(&mut self.what.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        self.printer.bars().remove(&self.bar);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_can_be_read() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }

    #[test]
    fn without_a_terminal_nothing_is_shown() {
        let (printer, printed) = Printer::captured(Verbosity::Verbose);
        let activity = printer.activity("verify", "reading orders");
        activity.at("checking the invariants");
        drop(activity);
        assert_eq!((printed.stdout(), printed.stderr()), (String::new(), String::new()));
    }
}
