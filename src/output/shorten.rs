//! Text that has to do with the columns there are: Korean letters take two.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text in at most so many columns; what is left out is shown by an ellipsis.
#[must_use]
pub fn shortened(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let (mut kept, mut taken) = (String::new(), 0);
    for letter in text.chars() {
        taken += letter.width().unwrap_or(0);
        if taken >= columns {
            break;
        }
        kept.push(letter);
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}
