//! What stands beside a progress bar: as much of it as the terminal has room for.

use std::io;
use std::time::Duration;

use rustix::termios::tcgetwinsize;
use unicode_width::UnicodeWidthStr;

use super::number;
use super::shorten::shortened;

/// The columns of a terminal that does not tell how many it has.
const COLUMNS: usize = 80;
/// In fewer columns than these no part of a sentence says anything.
const LEAST_WORDS: usize = 10;

/// How wide the terminal behind standard error is now.
pub(super) fn columns() -> usize {
    let told = tcgetwinsize(io::stderr()).map_or(0, |size| usize::from(size.ws_col));
    if told == 0 { COLUMNS } else { told }
}

/// How far a piece of work is.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures<'a> {
    /// Units done.
    pub done: u64,
    /// Of so many, where that is known.
    pub total: Option<u64>,
    /// Whether that is an estimate.
    pub about: bool,
    /// What is counted.
    pub unit: &'a str,
    /// Units a second.
    pub rate: u64,
    /// How long the rest will take, where that is known.
    pub left: Option<Duration>,
    /// What is being done.
    pub what: &'a str,
}

impl Figures<'_> {
    /// In at most so many columns. The words give way first, then the rate, the share, which the bar shows too, and the unit.
    pub(super) fn within(&self, columns: usize) -> String {
        let total = self.total.map_or_else(String::new, |total| format!("/{}", of(total, self.about)));
        let count = format!("{}{total}", number::count(self.done));
        let percent = self.total.filter(|total| *total > 0).map(|total| format!("{:>3} %", percent(self.done, total)));
        let rate = (self.rate > 0).then(|| format!("{}/s", number::count(self.rate)));
        let left = self.left.map(|left| format!("{} left", in_seconds(left)));
        let mut room = columns.saturating_sub(count.width());
        let mut if_it_fits = |text: Option<String>| {
            let text = text.filter(|text| text.width() < room)?;
            room -= text.width() + 1;
            Some(text)
        };
        // The most wanted first; they stand in another order.
        let [left, unit, percent, rate] = [left, Some(self.unit.to_owned()), percent, rate].map(&mut if_it_fits);
        let words = self.what.width();
        let what = (words > 0 && room > words.min(LEAST_WORDS)).then(|| shortened(self.what, room - 1));
        let parts = [Some(count), unit, percent, rate, left, what];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// A total, as the guess that it may be.
pub(super) fn of(total: u64, about: bool) -> String {
    format!("{}{}", if about { "about " } else { "" }, number::count(total))
}

fn percent(done: u64, total: u64) -> u128 {
    // More may be done than was thought.
    (u128::from(done) * 100 / u128::from(total)).min(100)
}

/// Tenths of a second would only flicker.
fn in_seconds(span: Duration) -> String {
    match span.as_secs() + u64::from(span.subsec_nanos() > 0) {
        seconds @ 0..60 => format!("{} s", seconds.max(1)),
        seconds => number::duration(Duration::from_secs(seconds)),
    }
}

/// How long the rest takes: units of one kind take about the same time each. `moved` is when the latest were done.
pub(super) fn time_left(done: u64, total: u64, moved: Duration, now: Duration) -> Option<Duration> {
    if done == 0 || done >= total {
        return None;
    }
    let rest = (total - done) as f64 / done as f64;
    // Where units come in large parts, such as the rows of a query, time goes on in between.
    let left = moved.as_secs_f64() * rest - now.saturating_sub(moved).as_secs_f64();
    // A part that takes longer than was thought makes the others longer too.
    let left = if left > 0.0 { left } else { now.as_secs_f64() * rest };
    Some(Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting() -> Figures<'static> {
        Figures {
            done: 1_234_567,
            total: Some(2_000_000),
            about: true,
            unit: "rows",
            rate: 98_765,
            left: Some(Duration::from_millis(7_800)),
            what: "counting the year 2025 in PostgreSQL",
        }
    }

    #[test]
    fn what_matters_least_is_left_out_first() {
        let figures = counting();
        for (columns, expected) in [
            (200, "1,234,567/about 2,000,000 rows  61 % 98,765/s 8 s left counting the year 2025 in PostgreSQL"),
            (80, "1,234,567/about 2,000,000 rows  61 % 98,765/s 8 s left counting the year 2025 i…"),
            (66, "1,234,567/about 2,000,000 rows  61 % 98,765/s 8 s left counting t…"),
            (60, "1,234,567/about 2,000,000 rows  61 % 98,765/s 8 s left"),
            (50, "1,234,567/about 2,000,000 rows  61 % 8 s left"),
            (40, "1,234,567/about 2,000,000 rows 8 s left"),
            (35, "1,234,567/about 2,000,000 8 s left"),
            (30, "1,234,567/about 2,000,000 rows"),
        ] {
            assert_eq!(figures.within(columns), expected);
        }
    }

    #[test]
    fn a_short_word_needs_little_room() {
        let figures = Figures { what: "2025-01", ..counting() };
        let all = "1,234,567/about 2,000,000 rows  61 % 98,765/s 8 s left 2025-01";
        assert_eq!(figures.within(all.width()), all);
        assert!(all.strip_suffix(" 2025-01") == Some(&figures.within(all.width() - 1)), "{figures:?}");
    }

    #[test]
    fn nothing_is_wider_than_it_may_be() {
        let wide = Figures { what: "주문을 하나하나 다시 읽고 있습니다", ..counting() };
        for columns in 30..120 {
            assert!(counting().within(columns).width() <= columns, "{columns}");
            assert!(wide.within(columns).width() <= columns, "{columns}");
        }
    }

    #[test]
    fn what_is_not_known_has_no_place() {
        let figures = Figures { done: 5, unit: "orders", rate: 2, ..Figures::default() };
        assert_eq!(figures.within(80), "5 orders 2/s");
        assert_eq!(Figures { total: Some(0), unit: "orders", ..Figures::default() }.within(80), "0/0 orders");
    }

    #[test]
    fn the_time_left_is_told_from_the_first_step_to_the_last() {
        let left = |done, moved, now| {
            time_left(done, 100, Duration::from_secs(moved), Duration::from_secs(now)).map(|left| left.as_secs())
        };
        assert_eq!([left(0, 0, 5), left(100, 5, 5), left(120, 5, 5)], [None; 3]);
        assert_eq!(left(20, 5, 5), Some(20));
        // Nothing for three seconds, which is no reason to think that it takes longer, and then for too long.
        assert_eq!((left(20, 5, 8), left(20, 5, 30)), (Some(17), Some(120)));
        assert_eq!(
            time_left(99_999, 100_000, Duration::from_secs(5), Duration::from_secs(5)).map(in_seconds).unwrap(),
            "1 s"
        );
        assert_eq!(in_seconds(Duration::from_millis(59_500)), "1 min 0 s");
    }
}
