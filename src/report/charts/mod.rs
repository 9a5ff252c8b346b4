//! The charts, a file each: plain functions from the figures.

mod ages;
mod baskets;
mod categories;
mod days;
mod grades;
mod heat_map;
mod months;
mod order_values;
mod payments;
mod regions;
mod scenarios;
mod seasons;

use chrono::{Datelike, Month, NaiveDate};

use super::{Chart, Figures};

/// A part of the page.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// Its charts in order.
    pub charts: Vec<Chart>,
}

/// All charts of a year.
#[must_use]
pub fn all(figures: &Figures) -> Vec<Section> {
    let section = |title, charts| Section { title, charts };
    vec![
        section("The year", vec![days::chart(figures), months::chart(figures), scenarios::chart(figures)]),
        section("When", vec![heat_map::chart(figures)]),
        section("What", vec![categories::chart(figures), seasons::chart(figures)]),
        section("How much", vec![baskets::chart(figures), order_values::chart(figures)]),
        section("Who", vec![ages::chart(figures), payments::chart(figures), regions::chart(figures)]),
        section("Grades", vec![grades::over_the_year(figures), grades::pyramid(figures), grades::moves(figures)]),
    ]
}

/// `March`, of 0 for January.
fn full_month_name(month: usize) -> &'static str {
    let number = u8::try_from(month + 1).unwrap_or(1);
    Month::try_from(number).map_or("", |month| month.name())
}

/// `Mar`, of 0 for January.
fn month_name(month: usize) -> &'static str {
    full_month_name(month).get(..3).unwrap_or("")
}

/// A day of the year by its position.
fn date(year: i32, day: usize) -> NaiveDate {
    NaiveDate::from_yo_opt(year, u32::try_from(day + 1).unwrap_or(1)).unwrap_or_default()
}

/// `14 Mar`.
fn day_name(year: i32, day: usize) -> String {
    let date = date(year, day);
    format!("{} {}", date.day(), month_name(date.month0() as usize))
}

/// `Monday`, of 0.
fn full_weekday_name(weekday: usize) -> &'static str {
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"].get(weekday).copied().unwrap_or("")
}

/// `Mon`, of 0 for Monday.
fn weekday_name(weekday: usize) -> &'static str {
    full_weekday_name(weekday).get(..3).unwrap_or("")
}
