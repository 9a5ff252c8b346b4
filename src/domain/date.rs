//! Time. Stored timestamps are UTC; the shop lives by business time, a fixed UTC+9.

use chrono::{DateTime, Datelike, FixedOffset, Months, NaiveDate, SecondsFormat, Timelike, Utc};

/// Business time is this many seconds ahead of UTC, in every year.
pub const BUSINESS_OFFSET_SECS: i64 = 9 * 3600;
/// Seconds of a day.
pub const DAY_SECS: i64 = 86_400;

/// An instant: microseconds since 1970-01-01T00:00:00Z, as PostgreSQL's `timestamptz` resolves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `micros` microseconds after the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The instant `secs` seconds after the Unix epoch.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * 1_000_000)
    }

    /// 00:00 of business time on `day`.
    #[must_use]
    pub fn business_midnight(day: NaiveDate) -> Self {
        Self::from_secs(i64::from(epoch_days(day)) * DAY_SECS - BUSINESS_OFFSET_SECS)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The day on the business calendar.
    #[must_use]
    pub fn business_day(self) -> NaiveDate {
        let days = (self.secs() + BUSINESS_OFFSET_SECS).div_euclid(DAY_SECS);
        date_of_epoch_days(i32::try_from(days).unwrap_or(i32::MAX))
    }

    /// The hour of business time, 0–23.
    #[must_use]
    pub const fn business_hour(self) -> usize {
        ((self.secs() + BUSINESS_OFFSET_SECS).rem_euclid(DAY_SECS) / 3600) as usize
    }

    /// The instant `secs` seconds later.
    #[must_use]
    pub const fn plus_secs(self, secs: i64) -> Self {
        Self(self.0 + secs * 1_000_000)
    }

    /// The same business time of day `months` calendar months earlier; the 31st falls back to a shorter month's
    /// last day, as in PostgreSQL.
    #[must_use]
    pub fn minus_months(self, months: u32) -> Self {
        let local = self.0 + BUSINESS_OFFSET_SECS * 1_000_000;
        let day_micros = DAY_SECS * 1_000_000;
        let day = self.business_day();
        let earlier = day.checked_sub_months(Months::new(months)).unwrap_or(NaiveDate::MIN);
        Self(Self::business_midnight(earlier).0 + local.rem_euclid(day_micros))
    }

    /// The instant as a `chrono` value.
    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// Appends the instant as RFC 3339 in UTC, with as many decimals (0, 3 or 6) as it needs.
    ///
    /// The same text as `chrono`'s with `SecondsFormat::AutoSi`; `chrono`'s own takes a fifth of writing orders as CSV.
    pub fn push_rfc3339(self, out: &mut Vec<u8>) {
        let utc = self.to_utc();
        let year = utc.year();
        if self.0 % 1_000_000 != 0 || !(0..10_000).contains(&year) {
            out.extend_from_slice(utc.to_rfc3339_opts(SecondsFormat::AutoSi, true).as_bytes());
            return;
        }
        push_date(utc.date_naive(), out);
        let [[h0, h1], [m0, m1], [s0, s1]] = [utc.hour(), utc.minute(), utc.second()].map(two_digits);
        out.extend_from_slice(&[b'T', h0, h1, b':', m0, m1, b':', s0, s1, b'Z']);
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(value: DateTime<Utc>) -> Self {
        Self(value.timestamp_micros())
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = Vec::with_capacity(27);
        self.push_rfc3339(&mut text);
        serializer.serialize_str(std::str::from_utf8(&text).map_err(serde::ser::Error::custom)?)
    }
}

/// RFC 3339 with any offset; what is finer than a microsecond is cut off.
impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rfc3339;
        impl serde::de::Visitor<'_> for Rfc3339 {
            type Value = Timestamp;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a time in RFC 3339 with its offset, such as 2026-01-01T09:00:00+09:00")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
                let time = DateTime::parse_from_rfc3339(text);
                time.map(|time| time.to_utc().into())
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Rfc3339)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// An instant as people in the shop read it: RFC 3339 in business time.
#[must_use]
pub fn business_time(at: Timestamp) -> String {
    let offset = FixedOffset::east_opt(i32::try_from(BUSINESS_OFFSET_SECS).unwrap_or(0));
    offset.map_or_else(String::new, |offset| at.to_utc().with_timezone(&offset).to_rfc3339())
}

/// Days from 1970-01-01 to `day`.
#[must_use]
pub fn epoch_days(day: NaiveDate) -> i32 {
    day.to_epoch_days()
}

/// The day `days` after 1970-01-01; days that `chrono` cannot represent become its last.
#[must_use]
pub fn date_of_epoch_days(days: i32) -> NaiveDate {
    NaiveDate::from_epoch_days(days).unwrap_or(NaiveDate::MAX)
}

/// The same day of the year `years` later; 29 February becomes the 28th where there is none.
#[must_use]
pub fn years_later(day: NaiveDate, years: i32) -> NaiveDate {
    let year = day.year() + years;
    day.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, 2, 28)).unwrap_or(day)
}

/// Appends a day as `YYYY-MM-DD`.
pub fn push_date(day: NaiveDate, out: &mut Vec<u8>) {
    let year = day.year();
    if !(0..10_000).contains(&year) {
        out.extend_from_slice(day.to_string().as_bytes());
        return;
    }
    let year = year as u32;
    let [[y0, y1], [y2, y3], [m0, m1], [d0, d1]] = [year / 100, year % 100, day.month(), day.day()].map(two_digits);
    out.extend_from_slice(&[y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1]);
}

/// A number below 100.
const fn two_digits(value: u32) -> [u8; 2] {
    [b'0' + (value / 10) as u8, b'0' + (value % 10) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).unwrap()
    }

    #[test]
    fn business_midnight_is_nine_hours_before_utc_midnight() {
        let t = Timestamp::business_midnight(day(2025, 1, 1));
        assert_eq!(t.to_utc().to_rfc3339(), "2024-12-31T15:00:00+00:00");
        assert_eq!(t.business_day(), day(2025, 1, 1));
        assert_eq!(t.business_hour(), 0);
        assert_eq!(t.plus_secs(-1).business_day(), day(2024, 12, 31));
        assert_eq!(t.plus_secs(-1).business_hour(), 23);
    }

    #[test]
    fn times_and_days_read_as_chrono_writes_them() {
        let (mut ours, mut day_text) = (Vec::new(), Vec::new());
        let spread = (0..40_000_i64).map(|i| i * 7_777_777_777_777 - 70_000_000_000_000_000);
        let edges = [0, -1, 1_000, 999_999, 951_782_399_000_000, 253_402_300_799_000_000, 253_402_300_800_000_000];
        for micros in spread.clone().map(|t| t - t % 1_000_000).chain(spread).chain(edges) {
            let at = Timestamp::from_micros(micros);
            ours.clear();
            at.push_rfc3339(&mut ours);
            assert_eq!(ours, at.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true).as_bytes());
            day_text.clear();
            push_date(at.business_day(), &mut day_text);
            assert_eq!(day_text, at.business_day().to_string().as_bytes());
        }
    }

    #[test]
    fn years_later_are_twelve_months_each() {
        for start in (0..800).map(|i| day(1960, 2, 20) + chrono::Days::new(37 * i)).chain([day(2024, 2, 29)]) {
            for years in 0..30 {
                let months = Months::new(12 * years as u32);
                assert_eq!(years_later(start, years), start.checked_add_months(months).unwrap());
                assert_eq!(years_later(start, -years), start.checked_sub_months(months).unwrap());
            }
        }
    }

    #[test]
    fn six_months_back_from_the_31st_is_the_last_of_a_shorter_month() {
        let t = Timestamp::business_midnight(day(2025, 8, 31)).plus_secs(3_661);
        let expected = Timestamp::business_midnight(day(2025, 2, 28)).plus_secs(3_661);
        assert_eq!(t.minus_months(6), expected);
        let leap = Timestamp::business_midnight(day(2024, 8, 31));
        assert_eq!(leap.minus_months(6), Timestamp::business_midnight(day(2024, 2, 29)));
    }
}
