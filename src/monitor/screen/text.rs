//! Text of a certain width: Korean letters are two columns wide.

use unicode_width::UnicodeWidthStr;

use crate::output::shorten::shortened;

/// Eighths of a block, from nothing to all of it.
const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Cut or filled up on the right to exactly `width` columns.
#[must_use]
pub fn left(text: &str, width: usize) -> String {
    let mut cut = cut(text, width);
    cut.push_str(&" ".repeat(width.saturating_sub(cut.width())));
    cut
}

/// Cut or filled up on the left to exactly `width` columns.
#[must_use]
pub fn right(text: &str, width: usize) -> String {
    let cut = cut(text, width);
    format!("{}{cut}", " ".repeat(width.saturating_sub(cut.width())))
}

/// At most `width` columns; what is cut off is shown by an ellipsis. Control characters are left out: they come from others.
#[must_use]
pub fn cut(text: &str, width: usize) -> String {
    let plain: String = text.chars().filter(|letter| !letter.is_control()).collect();
    shortened(&plain, width)
}

/// The last figures as a chart a line high, the latest on the right; the highest of them fills its column.
#[must_use]
pub fn spark(history: &[f64], width: usize) -> String {
    let shown = &history[history.len().saturating_sub(width)..];
    let most = shown.iter().copied().fold(0.0, f64::max);
    let column = |value: &f64| {
        if most <= 0.0 {
            return EIGHTHS[0];
        }
        EIGHTHS[((value / most * 7.0).round() as usize).min(7)]
    };
    right(&shown.iter().map(column).collect::<String>(), width)
}

/// A bar for a share between 0 and 1.
#[must_use]
pub fn bar(share: f64, width: usize) -> String {
    let filled = (share.clamp(0.0, 1.0) * width as f64).round() as usize;
    format!("{}{}", "█".repeat(filled), "░".repeat(width - filled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korean_letters_take_two_columns() {
        assert_eq!(left("수분 크림", 12), "수분 크림   ");
        assert_eq!(left("수분 크림", 6), "수분 …");
        assert_eq!(left("수분크림", 6), "수분… ");
        assert_eq!(right("크림", 5), " 크림");
        assert_eq!((cut("a\u{1b}[31mb\n", 9), cut("abc", 0)), ("a[31mb".to_owned(), String::new()));
        for width in 0..20 {
            assert_eq!(left("한글 and letters", width).width(), width);
            assert_eq!(right("한글 and letters", width).width(), width);
        }
    }

    #[test]
    fn charts_end_with_the_latest_figure() {
        assert_eq!(spark(&[0.0, 1.0, 2.0], 5), "  ▁▅█");
        assert_eq!(spark(&[9.0, 0.0, 0.0], 2), "▁▁");
        assert_eq!((bar(0.5, 4), bar(7.0, 2), bar(f64::NAN, 2)), ("██░░".to_owned(), "██".to_owned(), "░░".to_owned()));
    }
}
