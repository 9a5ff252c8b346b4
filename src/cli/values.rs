//! Readers for what people type: counts (`10_000`), durations (`1h30m`) and dates (`2026-01-01`).
//!
//! For clap's `value_parser`; the error says what was given and what is accepted, and clap names the flag.

use std::time::Duration;

use chrono::NaiveDate;

/// Reads a count such as `10000` or `10_000` into any integer type.
///
/// # Errors
/// When it is not a count, or too large for the type.
pub fn parse_count<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    let grouped = text.split('_').all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    if !grouped {
        return Err("a count is written in digits, with _ between them if you like: 10000 or 10_000".to_owned());
    }
    let number = text.replace('_', "").parse::<u64>().ok();
    number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| "this count is too large".to_owned())
}

/// Reads a duration such as `50s`, `10m`, `7d` or `1h30m`.
///
/// Units are ms, s, m, h and d, in lower case: other readers of durations take `10M` for ten months.
///
/// # Errors
/// When it is not a duration, is zero, or is longer than can be counted.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let mut total = Some(Duration::ZERO);
    let mut rest = text;
    while !rest.is_empty() {
        let (digits, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let (unit, after) = after.split_at(after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len()));
        let milliseconds: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(not_a_duration()),
        };
        if digits.is_empty() {
            return Err(not_a_duration());
        }
        let part = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(milliseconds));
        total = total.zip(part).and_then(|(total, part)| total.checked_add(Duration::from_millis(part)));
        rest = after;
    }
    match total {
        None => Err("this duration is too long".to_owned()),
        Some(Duration::ZERO) => Err(not_a_duration()),
        Some(total) => Ok(total),
    }
}

fn not_a_duration() -> String {
    "a duration is a whole number above zero and a unit (ms, s, m, h, d), such as 50s, 10m, 7d or 1h30m".to_owned()
}

/// Reads the time between two turns of something that goes on, such as `10m`.
///
/// # Errors
/// When it is not a duration, or so short that the services would be asked without a pause.
pub fn parse_interval(text: &str) -> Result<Duration, String> {
    let every = parse_duration(text)?;
    if every >= Duration::from_secs(1) {
        Ok(every)
    } else {
        Err("services are asked once a second at most: write 1s or more, such as 50s or 10m".to_owned())
    }
}

/// Reads a rate such as `500/s`, `30/m` or `1/120s`; returns how often a second.
///
/// # Errors
/// When it is not a rate, or not above zero.
pub fn parse_rate(text: &str) -> Result<f64, String> {
    let form = || "a rate is a number and a time, such as 500/s, 30/m or 1/120s".to_owned();
    let (count, time) = text.split_once('/').ok_or_else(form)?;
    let count: f64 = count.replace('_', "").parse().map_err(|_| form())?;
    let time = if time.starts_with(|c: char| c.is_ascii_digit()) {
        parse_duration(time)
    } else {
        parse_duration(&format!("1{time}"))
    };
    let rate = count / time.map_err(|_| form())?.as_secs_f64();
    if rate.is_finite() && rate > 0.0 { Ok(rate) } else { Err(form()) }
}

/// Reads a factor such as `60` or `0.5`.
///
/// # Errors
/// When it is not a number above zero, or beyond a million.
pub fn parse_factor(text: &str) -> Result<f64, String> {
    let factor: Option<f64> = text.replace('_', "").parse().ok();
    let factor = factor.filter(|factor| (1e-3..=1e6).contains(factor));
    factor.ok_or_else(|| "a factor is a number from 0.001 to 1_000_000, such as 60".to_owned())
}

/// Reads a year such as `2025`; whether the calendar has it is asked later.
///
/// # Errors
/// When it is not a whole number.
pub fn parse_year(text: &str) -> Result<i32, String> {
    text.parse().map_err(|_| "a year is written in digits, such as 2025".to_owned())
}

/// Reads a date such as `2026-01-01`.
///
/// # Errors
/// When it is not a date of the calendar in that form.
pub fn parse_date(text: &str) -> Result<NaiveDate, String> {
    let shape = text.bytes().map(|byte| if byte.is_ascii_digit() { b'9' } else { byte });
    if !shape.eq(*b"9999-99-99") {
        return Err("a date is written YYYY-MM-DD, such as 2026-01-01".to_owned());
    }
    text.parse().map_err(|_| "the calendar has no such day; a date is written YYYY-MM-DD".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_may_be_grouped_by_underscores() {
        assert_eq!(parse_count("10_000"), Ok(10_000_u64));
        assert_eq!(parse_count("0"), Ok(0_u32));
        assert_eq!(parse_count("5_000_000"), Ok(5_000_000_usize));
    }

    #[test]
    fn what_is_not_a_count_is_refused() {
        for text in ["", "_", "1_", "_1", "1__0", "10,000", "1e6", "-5", "+5", "10k", " 5", "٣"] {
            assert!(parse_count::<u64>(text).is_err_and(|error| error.contains("10_000")), "{text:?}");
        }
        assert_eq!(parse_count::<u32>("5_000_000_000"), Err("this count is too large".to_owned()));
        assert_eq!(parse_count::<u64>("99999999999999999999"), Err("this count is too large".to_owned()));
    }

    #[test]
    fn durations_add_their_units() {
        assert_eq!(parse_duration("50s"), Ok(Duration::from_secs(50)));
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("7d"), Ok(Duration::from_secs(7 * 86_400)));
        assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5_400)));
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in ["", "50", "s", "0s", "0.5s", "10M", "1.5h", "-1s", "1h30", "ten minutes", "5 m", "1秒"] {
            assert!(parse_duration(text).is_err_and(|error| error.contains("1h30m")), "{text:?}");
        }
        assert_eq!(parse_duration("99999999999999999d"), Err("this duration is too long".to_owned()));
    }

    #[test]
    fn turns_are_a_second_apart_at_least() {
        assert_eq!(parse_interval("1s"), Ok(Duration::from_secs(1)));
        for text in ["1ms", "999ms"] {
            assert!(parse_interval(text).is_err_and(|error| error.contains("write 1s or more")), "{text:?}");
        }
        assert_eq!(parse_interval("often"), parse_duration("often"));
    }

    #[test]
    fn rates_are_counts_over_times() {
        for (text, expected) in [("500/s", 500.0), ("30/m", 0.5), ("1/120s", 1.0 / 120.0), ("1_000/2s", 500.0)] {
            assert_eq!(parse_rate(text), Ok(expected), "{text}");
        }
        for text in ["", "5", "5/", "/s", "0/s", "-1/s", "NaN/s", "inf/s", "5/0s", "5/x"] {
            assert!(parse_rate(text).is_err_and(|error| error.contains("500/s")), "{text:?}");
        }
        assert_eq!(parse_factor("60"), Ok(60.0));
        for text in ["", "0", "-1", "NaN", "inf", "1e9", "x"] {
            assert!(parse_factor(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn years_are_whole_numbers() {
        assert_eq!((parse_year("2025"), parse_year("-5")), (Ok(2025), Ok(-5)));
        for text in ["", "last", "2025.5", "20_25", "99999999999"] {
            assert!(parse_year(text).is_err_and(|error| error.contains("2025")), "{text:?}");
        }
    }

    #[test]
    fn dates_are_days_of_the_calendar() {
        assert_eq!(parse_date("2028-02-29"), Ok(NaiveDate::from_ymd_opt(2028, 2, 29).unwrap()));
        for text in ["2026-1-1", "01/02/2026", "20260101", "2026-01-01T00:00:00Z", "", "+2026-01-01"] {
            assert!(parse_date(text).is_err_and(|error| error.contains("2026-01-01")), "{text:?}");
        }
        assert!(parse_date("2026-02-29").is_err_and(|error| error.contains("no such day")));
    }
}
