//! What people see: results on standard output, everything else on standard error.

mod activity;
pub mod failure;
mod figures;
pub mod number;
mod printer;
mod progress;
mod stages;
mod table;

pub use activity::Activity;
pub use printer::{Captured, Printer, StdoutClosed};
pub use progress::Progress;
pub use stages::Stages;
pub use table::{Cell, Look, Table};

use std::io::{self, Write};

/// Writes text to standard error as it is, for the moments when no printer exists yet.
///
/// # Errors
/// When standard error is closed.
pub fn write_stderr(text: &str) -> io::Result<()> {
    io::stderr().lock().write_all(text.as_bytes())
}

/// The text in lines of at most `width` characters, broken between words.
#[must_use]
pub fn wrapped(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_where_text_is_wrapped() {
        assert_eq!(wrapped("one two three", 7), "one two\nthree");
        assert_eq!(wrapped("“98 %” is extraordinarily much", 6), "“98 %”\nis\nextraordinarily\nmuch");
    }
}
