//! Numbers as people read them: `1,234,567`, `12.3 s`, `1.2 MB`, `₩39,900`.

use std::time::Duration;

/// A whole number with thousands separators.
#[must_use]
pub fn count(number: impl Into<i128>) -> String {
    let number: i128 = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 2);
    if number < 0 {
        text.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of something: `1 message`, `1,234 messages`.
#[must_use]
pub fn some(number: impl Into<i128>, one: &str) -> String {
    many(number, one, &format!("{one}s"))
}

/// The same where the plural has no plain s: `1 query`, `2 queries`.
#[must_use]
pub fn many(number: impl Into<i128>, one: &str, more: &str) -> String {
    let number: i128 = number.into();
    format!("{} {}", count(number), if number == 1 { one } else { more })
}

/// So many of something, with the verb that fits: `1 message was`, `2 messages were`.
#[must_use]
pub fn verb(number: impl Into<i128>, one: &str, (singular, plural): (&str, &str)) -> String {
    let number: i128 = number.into();
    format!("{} {}", some(number, one), if number == 1 { singular } else { plural })
}

/// A part of so many, with its verb: `1 of 14 migrations is`, `2 of 6 topics are`.
#[must_use]
pub fn part(number: usize, of: usize, one: &str) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    format!("{} of {} {verb}", count(number as u64), some(of as u64, one))
}

/// A figure with one decimal: `1,200.0`.
#[must_use]
pub fn decimal(figure: f64) -> String {
    let tenths = (figure * 10.0).round() as i64;
    format!("{}{}.{}", if tenths < 0 { "-" } else { "" }, count(tenths.unsigned_abs() / 10), tenths.unsigned_abs() % 10)
}

/// How many times as much: `1,234`, `1.9`, `0.004`.
#[must_use]
pub fn times(ratio: f64) -> String {
    match ratio {
        0.0..0.1 => format!("{ratio:.3}"),
        0.1..9.95 => format!("{ratio:.1}"),
        _ => count(ratio.round() as i64),
    }
}

/// How long one call took: `47 ns`, `31.4 µs`, `1.2 ms`, and from a second on as [`duration`].
#[must_use]
pub fn latency(time: Duration) -> String {
    let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..999_950 => format!("{:.1} µs", nanos as f64 / 1e3),
        999_950..999_950_000 => format!("{:.1} ms", nanos as f64 / 1e6),
        // What rounds to a second is one.
        _ => duration(time.max(Duration::from_secs(1))),
    }
}

/// A sum of money in won.
#[must_use]
pub fn won(amount: i64) -> String {
    format!("{}₩{}", if amount < 0 { "-" } else { "" }, count(amount.unsigned_abs()))
}

/// A share between 0 and 1 in percent with one decimal.
#[must_use]
pub fn share(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A time span: `850 ms`, `12.3 s`, `2 min 5 s`, `3 h 20 min`.
#[must_use]
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0 if span.as_millis() < 1 => format!("{} µs", span.as_micros()),
        0 => format!("{} ms", span.as_millis()),
        1..60 => format!("{:.1} s", (span.as_secs_f64() * 10.0).floor() / 10.0),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", count(seconds / 3600), seconds % 3600 / 60),
    }
}

/// A size in decimal units, as disks are sold: `999 B`, `1.2 MB`.
#[must_use]
pub fn bytes(size: u64) -> String {
    let mut unit = 1_u64;
    for name in ["B", "kB", "MB", "GB", "TB"] {
        // In integers: 999,950 bytes and more would round to "1000.0 kB".
        let tenths = (u128::from(size) * 10 + u128::from(unit) / 2) / u128::from(unit);
        if unit == 1 && size < 1000 {
            return format!("{size} B");
        }
        if unit > 1 && (tenths < 10_000 || name == "TB") {
            return format!("{}.{} {name}", count(u64::try_from(tenths / 10).unwrap_or(u64::MAX)), tenths % 10);
        }
        unit = unit.saturating_mul(1000);
    }
    format!("{size} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(1_234_567_u64), "1,234,567");
        assert_eq!(count(-100_000), "-100,000");
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn measured_figures_keep_the_decimals_that_say_something() {
        assert_eq!([2.4, 1_200.0, -0.5].map(decimal), ["2.4", "1,200.0", "-0.5"]);
        assert_eq!([0.0042, 0.5, 1.94, 9.96, 1_418.6].map(times), ["0.004", "0.5", "1.9", "10", "1,419"]);
        let texts = [47, 999, 1_234, 999_949, 999_950, 12_345_678, 999_999_999, 1_500_000_000];
        let expected = ["47 ns", "999 ns", "1.2 µs", "999.9 µs", "1.0 ms", "12.3 ms", "1.0 s", "1.5 s"];
        assert_eq!(texts.map(|nanos| latency(Duration::from_nanos(nanos))), expected);
    }

    #[test]
    fn one_of_something_has_no_plural() {
        assert_eq!(some(1, "message"), "1 message");
        assert_eq!([1, 2].map(|sent| verb(sent, "message", ("was", "were"))), ["1 message was", "2 messages were"]);
        assert_eq!([1, 2].map(|topics| part(topics, 6, "topic")), ["1 of 6 topics is", "2 of 6 topics are"]);
        assert_eq!(many(1, "query", "queries"), "1 query");
        assert_eq!(many(1_000, "query", "queries"), "1,000 queries");
        assert_eq!(some(0, "message"), "0 messages");
        assert_eq!(some(1_234_u64, "message"), "1,234 messages");
    }

    #[test]
    fn money_carries_its_sign_in_front() {
        assert_eq!(won(39_900), "₩39,900");
        assert_eq!(won(-1_000), "-₩1,000");
    }

    #[test]
    fn a_span_has_the_unit_that_fits() {
        assert_eq!(duration(Duration::from_micros(120)), "120 µs");
        assert_eq!(duration(Duration::from_millis(850)), "850 ms");
        assert_eq!(duration(Duration::from_millis(12_340)), "12.3 s");
        assert_eq!(duration(Duration::from_millis(59_999)), "59.9 s");
        assert_eq!(duration(Duration::from_secs(125)), "2 min 5 s");
        assert_eq!(duration(Duration::from_secs(12_000)), "3 h 20 min");
    }

    #[test]
    fn a_size_never_shows_a_thousand_of_a_unit() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_000), "1.0 kB");
        assert_eq!(bytes(999_949), "999.9 kB");
        assert_eq!(bytes(999_950), "1.0 MB");
        assert_eq!(bytes(1_234_567), "1.2 MB");
        assert_eq!(bytes(5_000_000_000_000_000), "5,000.0 TB");
    }

    #[test]
    fn a_share_is_printed_in_percent() {
        assert_eq!(share(0.1234), "12.3 %");
    }
}
