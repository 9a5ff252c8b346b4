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
    let number: i128 = number.into();
    format!("{} {one}{}", count(number), if number == 1 { "" } else { "s" })
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
    fn one_of_something_has_no_plural() {
        assert_eq!(some(1, "message"), "1 message");
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
