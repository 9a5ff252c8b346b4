//! What people see: results on standard output, everything else on standard error.

mod activity;
pub mod failure;
mod figures;
pub mod number;
mod printer;
mod progress;
pub mod shorten;
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

/// The text in lines of at most `width` columns, broken between words; a longer word stays whole.
#[must_use]
pub fn wrapped(text: &str, width: usize) -> String {
    textwrap::fill(text, between_words(width).break_words(false))
}

/// The lines of the text in a room of `width` columns: a longer word is broken too.
#[must_use]
pub fn lines_within(text: &str, width: usize) -> Vec<String> {
    textwrap::wrap(text, between_words(width)).into_iter().map(Into::into).collect()
}

/// Flags and names have hyphens that are no places to break them.
fn between_words(width: usize) -> textwrap::Options<'static> {
    textwrap::Options::new(width).word_splitter(textwrap::WordSplitter::NoHyphenation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_where_text_is_wrapped() {
        assert_eq!(wrapped("one two three", 7), "one two\nthree");
        assert_eq!(wrapped("“98 %” is extraordinarily much", 6), "“98 %”\nis\nextraordinarily\nmuch");
        assert_eq!(lines_within("an over-long one", 6), ["an", "over-l", "ong", "one"]);
    }
}
