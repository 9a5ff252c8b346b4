//! The one way to the terminal: results to standard output, messages to standard error, never through a bar.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use clap::builder::styling::{AnsiColor, Style};
use color_eyre::eyre::Context;
use indicatif::{MultiProgress, ProgressDrawTarget};
use serde::Serialize;

use super::table::{Look, Table};
use crate::config::{ColorMode, LogFormat, Verbosity};

/// Prints results and messages; clones share their terminal.
#[derive(Clone, Debug)]
pub struct Printer {
    verbosity: Verbosity,
    stdout: Stream,
    stderr: Stream,
    bars: MultiProgress,
    captured: Option<Captured>,
    /// Messages are lines of JSON, like logs.
    json: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Stream {
    terminal: bool,
    color: bool,
}

/// What a [`Printer::captured`] printed, for tests.
#[derive(Clone, Debug, Default)]
pub struct Captured(Arc<Mutex<(String, String)>>);

impl Captured {
    /// What went to standard output.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// What went to standard error.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }
}

/// Nobody reads standard output any more (`| head`): the program ends quietly.
#[derive(Clone, Copy, Debug)]
pub struct StdoutClosed;

impl fmt::Display for StdoutClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("standard output was closed")
    }
}

impl std::error::Error for StdoutClosed {}

impl Printer {
    /// A printer to this process's standard streams.
    #[must_use]
    pub fn new(verbosity: Verbosity, color: ColorMode) -> Self {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        Self {
            verbosity,
            stdout: Stream { terminal: stdout.is_terminal(), color: color.applies_to(&stdout) },
            stderr: Stream { terminal: stderr.is_terminal(), color: color.applies_to(&stderr) },
            bars: MultiProgress::new(),
            captured: None,
            json: false,
        }
    }

    /// The same printer with messages in this format; results have their own.
    #[must_use]
    pub fn in_format(self, format: LogFormat) -> Self {
        Self { json: format == LogFormat::Json, ..self }
    }

    /// A printer into memory, as if to files; for tests and for those who use the library.
    #[must_use]
    pub fn captured(verbosity: Verbosity) -> (Self, Captured) {
        let captured = Captured::default();
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let (stdout, stderr) = (Stream::default(), Stream::default());
        (Self { verbosity, stdout, stderr, bars, captured: Some(captured.clone()), json: false }, captured)
    }

    /// Prints a result, and ends its last line.
    ///
    /// # Errors
    /// When standard output cannot be written; [`StdoutClosed`] when nobody reads it.
    pub fn result(&self, text: &str) -> color_eyre::Result<()> {
        let newline = if text.ends_with('\n') { "" } else { "\n" };
        if let Some(captured) = &self.captured {
            captured.0.lock().unwrap_or_else(PoisonError::into_inner).0.push_str(&format!("{text}{newline}"));
            return Ok(());
        }
        let written = self.bars.suspend(|| {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.write_all(newline.as_bytes())?;
            out.flush()
        });
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(StdoutClosed.into()),
            other => other.wrap_err("cannot write to standard output"),
        }
    }

    /// Prints a result as indented JSON.
    ///
    /// # Errors
    /// As [`result`](Self::result), and when the value has no JSON.
    pub fn json<T: Serialize + ?Sized>(&self, value: &T) -> color_eyre::Result<()> {
        self.result(&serde_json::to_string_pretty(value).wrap_err("cannot write the result as JSON")?)
    }

    /// Prints a table as a result: framed on a terminal, plain columns elsewhere.
    ///
    /// # Errors
    /// As [`result`](Self::result).
    pub fn table(&self, table: &Table) -> color_eyre::Result<()> {
        self.result(&table.render(Look { framed: self.stdout.terminal, color: self.stdout.color }))
    }

    /// What is happening or was done; nothing under `-q`.
    pub fn status(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            self.message("INFO", text);
        }
    }

    /// Something worth knowing; nothing under `-q`.
    pub fn note(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            self.labelled("INFO", "note", AnsiColor::Cyan, text);
        }
    }

    /// Something only the curious want to know: shown under `-v`.
    pub fn detail(&self, text: &str) {
        if self.verbosity >= Verbosity::Verbose {
            self.message("DEBUG", text);
        }
    }

    /// Something is not as it should be, but the work goes on; shown under `-q` too.
    pub fn warn(&self, text: &str) {
        self.labelled("WARN", "warning", AnsiColor::Yellow, text);
    }

    /// What mends something that was warned of; shown wherever the warning is.
    pub fn help(&self, text: &str) {
        // A command alone would be a strange line of a log.
        let text = if self.json { format!("help: {text}") } else { text.to_owned() };
        self.labelled("WARN", "help", AnsiColor::Cyan, &text);
    }

    /// Whether standard output is coloured.
    #[must_use]
    pub const fn stdout_color(&self) -> bool {
        self.stdout.color
    }

    /// Whether standard error is coloured.
    #[must_use]
    pub const fn stderr_color(&self) -> bool {
        self.stderr.color
    }

    /// Whether something may move on standard error: it is a terminal, and messages are for people.
    #[must_use]
    pub const fn may_draw(&self) -> bool {
        self.stderr.terminal && !self.json
    }

    /// How much is said.
    #[must_use]
    pub const fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    /// Where progress bars are drawn.
    pub(super) const fn bars(&self) -> &MultiProgress {
        &self.bars
    }

    fn labelled(&self, level: &str, label: &str, color: AnsiColor, text: &str) {
        if self.json {
            return self.message(level, text);
        }
        let style = if self.stderr.color { color.on_default().bold() } else { Style::new() };
        self.message(level, &format!("{style}{label}:{style:#} {text}"));
    }

    fn message(&self, level: &str, text: &str) {
        let line = if self.json { log_line(level, text).to_string() } else { text.to_owned() };
        if let Some(captured) = &self.captured {
            captured.0.lock().unwrap_or_else(PoisonError::into_inner).1.push_str(&format!("{line}\n"));
            return;
        }
        // Standard error may be closed; the work goes on without a listener.
        self.bars.suspend(|| writeln!(io::stderr().lock(), "{line}").unwrap_or_default());
    }
}

/// A message as the JSON of logs has it.
pub(super) fn log_line(level: &str, message: &str) -> serde_json::Value {
    serde_json::json!({
        "timestamp": chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        "level": level,
        "message": message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(verbosity: Verbosity) -> String {
        let (printer, printed) = Printer::captured(verbosity);
        printer.status("working");
        printer.note("by the way");
        printer.detail("in detail");
        printer.warn("careful");
        printer.help("look");
        assert_eq!(printed.stdout(), "");
        printed.stderr()
    }

    #[test]
    fn the_verbosity_decides_which_messages_are_shown() {
        let warned = "warning: careful\nhelp: look\n";
        assert_eq!(messages(Verbosity::Quiet), warned);
        assert_eq!(messages(Verbosity::Normal), format!("working\nnote: by the way\n{warned}"));
        assert_eq!(messages(Verbosity::Verbose), format!("working\nnote: by the way\nin detail\n{warned}"));
    }

    #[test]
    fn among_json_logs_each_message_is_a_line_of_json() {
        let (printer, printed) = Printer::captured(Verbosity::Verbose);
        let printer = printer.in_format(LogFormat::Json);
        printer.status("working");
        printer.note("by the way");
        printer.detail("in detail");
        printer.warn("careful");
        printer.help("look");
        printer.result("a result").unwrap();
        let said: Vec<serde_json::Value> =
            printed.stderr().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let said: Vec<_> =
            said.iter().map(|line| [&line["level"], &line["message"]].map(|v| v.as_str().unwrap())).collect();
        let expected = [["INFO", "working"], ["INFO", "by the way"], ["DEBUG", "in detail"], ["WARN", "careful"]];
        assert_eq!(said[..4], expected);
        assert_eq!(said[4..], [["WARN", "help: look"]]);
        assert_eq!(printed.stdout(), "a result\n");
    }

    #[test]
    fn results_are_printed_even_when_quiet_and_end_with_one_newline() {
        let (printer, printed) = Printer::captured(Verbosity::Quiet);
        printer.result("one").unwrap();
        printer.result("two\n").unwrap();
        printer.json(&[1, 2]).unwrap();
        assert_eq!(printed.stdout(), "one\ntwo\n[\n  1,\n  2\n]\n");
        assert_eq!(printed.stderr(), "");
    }
}
