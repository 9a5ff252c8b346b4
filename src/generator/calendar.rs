//! Which scenario is in force on which day of which year. Seollal and Chuseok come from the lunisolar calendar.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use icu_calendar::{Date, types::Month};

/// First year with a calendar.
pub const FIRST_YEAR: i32 = 1975;
/// Last year with a calendar; the lunisolar one is precomputed so far.
pub const LAST_YEAR: i32 = 2100;

/// A day that moves from year to year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The 1st day of the 1st lunisolar month.
    Seollal,
    /// The 15th day of the 8th lunisolar month.
    Chuseok,
    /// The day after November's fourth Thursday.
    BlackFriday,
}

/// Days of a year on which a scenario is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Position of the scenario.
    pub scenario: u8,
    days: DaysOfYear,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum DaysOfYear {
    /// (month, day) to (month, day), inclusive.
    Fixed((u32, u32), (u32, u32)),
    /// First and last day, counted from the anchor, inclusive.
    Anchored(Anchor, i32, i32),
}

impl Anchor {
    /// How a scenario file names each.
    pub const NAMES: [(&'static str, Self); 3] =
        [("seollal", Self::Seollal), ("chuseok", Self::Chuseok), ("black-friday", Self::BlackFriday)];

    /// The day in `year`; `None` outside of the years the calendars know.
    #[must_use]
    pub fn day(self, year: i32) -> Option<NaiveDate> {
        match self {
            Self::Seollal => lunisolar(year, 1, 1),
            Self::Chuseok => lunisolar(year, 8, 15),
            Self::BlackFriday => NaiveDate::from_weekday_of_month_opt(year, 11, Weekday::Thu, 4)?.succ_opt(),
        }
    }
}

/// The Gregorian day of a day of the Korean lunisolar year that begins in `year`.
fn lunisolar(year: i32, month: u8, day: u8) -> Option<NaiveDate> {
    let date = Date::try_new_korean_traditional(year, Month::new(month), day).ok()?;
    let iso = date.to_calendar(icu_calendar::Iso);
    NaiveDate::from_ymd_opt(iso.year().extended_year(), iso.month().ordinal.into(), iso.day_of_month().0.into())
}

impl Window {
    /// The days from (month, day) to (month, day), inclusive; `None` if that is no stretch of a year.
    #[must_use]
    pub fn fixed(scenario: u8, from: (u32, u32), to: (u32, u32)) -> Option<Self> {
        // A leap year, so that 29 February is a day.
        let is_day = |(month, day)| NaiveDate::from_ymd_opt(2024, month, day).is_some();
        (is_day(from) && is_day(to) && from <= to).then_some(Self { scenario, days: DaysOfYear::Fixed(from, to) })
    }

    /// The days from `first` to `last`, counted from an anchor, inclusive; `None` if that is no stretch of a year.
    #[must_use]
    pub fn anchored(scenario: u8, anchor: Anchor, first: i32, last: i32) -> Option<Self> {
        let stretch = first <= last && first >= -366 && last <= 366;
        stretch.then_some(Self { scenario, days: DaysOfYear::Anchored(anchor, first, last) })
    }

    /// First and last days of the stretches that touch `year`: a window counted from an anchor may reach over the turn of
    /// the year. Where an anchor is unknown there is no stretch.
    pub fn spans(&self, year: i32) -> impl Iterator<Item = (NaiveDate, NaiveDate)> + '_ {
        let neighbours = match self.days {
            DaysOfYear::Fixed(..) => 0,
            DaysOfYear::Anchored(..) => 1,
        };
        let touches = move |span: &(NaiveDate, NaiveDate)| span.0.year() <= year && year <= span.1.year();
        (year - neighbours..=year + neighbours).filter_map(|of| self.span(of)).filter(touches)
    }

    fn span(&self, year: i32) -> Option<(NaiveDate, NaiveDate)> {
        match self.days {
            DaysOfYear::Fixed(from, to) => {
                let day = |(m, d)| {
                    // 29 February stands for the month's last day in other years.
                    NaiveDate::from_ymd_opt(year, m, d).or_else(|| NaiveDate::from_ymd_opt(year, m, d - 1))
                };
                Some((day(from)?, day(to)?))
            }
            DaysOfYear::Anchored(anchor, first, last) => {
                let day = anchor.day(year)?;
                Some((shift(day, first)?, shift(day, last)?))
            }
        }
    }
}

fn shift(day: NaiveDate, by: i32) -> Option<NaiveDate> {
    let days = Days::new(u64::from(by.unsigned_abs()));
    if by < 0 { day.checked_sub_days(days) } else { day.checked_add_days(days) }
}

/// The days of `year`, 1 January first.
#[must_use]
pub fn days_of_year(year: i32) -> Vec<NaiveDate> {
    NaiveDate::from_ymd_opt(year, 1, 1)
        .into_iter()
        .flat_map(|first| first.iter_days().take_while(move |day| day.year() == year))
        .collect()
}
