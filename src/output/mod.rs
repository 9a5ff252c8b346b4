//! What people see: results on standard output, everything else on standard error.

mod activity;
pub mod failure;
pub mod number;
mod printer;
mod progress;
mod table;

pub use activity::Activity;
pub use printer::{Captured, Printer, StdoutClosed};
pub use progress::Progress;
pub use table::{Cell, Look, Table};

use std::io::{self, Write};

/// Writes text to standard error as it is, for the moments when no printer exists yet.
///
/// # Errors
/// When standard error is closed.
pub fn write_stderr(text: &str) -> io::Result<()> {
    io::stderr().lock().write_all(text.as_bytes())
}
