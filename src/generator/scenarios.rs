//! Shopping events: who buys, what, how much; which one an order follows. Built in, or a user's own file.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::alias::AliasTable;
use super::calendar::{Anchor, FIRST_YEAR, LAST_YEAR, Window, days_of_year};
use super::rng::Stream;
use super::toml_file::{TomlFile, check_weights};
use crate::error::Failure;
use crate::spelling::did_you_mean;

const BUILT_IN: &str = include_str!("data/scenarios.toml");
/// Position of the ordinary day among the scenarios.
pub const BASELINE: u8 = 0;
/// Number of positions a row can name.
const MOST_SCENARIOS: usize = 200;

/// One shopping event.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its id, as stored with orders.
    pub id: String,
    /// What happens, in a few words.
    pub what: String,
    /// Weights of F and M among buyers; 50 is neutral.
    pub gender: [f64; 2],
    /// Weights of the age groups among buyers; 20 is neutral.
    pub ages: [f64; 5],
    /// Weight of each category, by position in the catalogue, unnamed ones filled in.
    pub categories: Vec<f64>,
    /// Whether the file names the category.
    pub named: Vec<bool>,
    /// Draws pieces of an item (index + 1); `None`: by category.
    pub quantity: Option<AliasTable>,
    /// The same as written in the file.
    pub quantity_weights: Vec<f64>,
    /// Multiplier on the day's orders.
    pub demand: f64,
    /// Part of the orders that follow the scenario while it is in force.
    pub reach: f64,
}

/// All scenarios with the calendar that puts them in force.
#[derive(Clone, Debug)]
pub struct Scenarios {
    /// The scenarios; the first is the baseline.
    pub all: Vec<Scenario>,
    /// Windows of the year, the first match wins.
    pub windows: Vec<Window>,
    /// The scenario of each hour of business time, if any.
    pub hours: [Option<u8>; 24],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    scenario: Vec<ScenarioEntry>,
    #[serde(default)]
    window: Vec<Spanned<WindowEntry>>,
    #[serde(default)]
    time_of_day: Vec<TimeOfDayEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioEntry {
    id: Spanned<String>,
    what: String,
    gender: Spanned<Vec<f64>>,
    ages: Spanned<Vec<f64>>,
    categories: BTreeMap<Spanned<String>, Spanned<f64>>,
    quantity: Option<Spanned<Vec<f64>>>,
    demand: Spanned<f64>,
    reach: Spanned<f64>,
}

/// A window as written: `from` and `to`, or `anchor` and `days`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowEntry {
    scenario: Spanned<String>,
    from: Option<Spanned<String>>,
    to: Option<Spanned<String>>,
    anchor: Option<Spanned<String>>,
    days: Option<Spanned<[i32; 2]>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TimeOfDayEntry {
    scenario: Spanned<String>,
    hours: Spanned<[usize; 2]>,
}

impl Scenarios {
    /// The 20 scenarios of the specification, and the baseline.
    ///
    /// # Errors
    /// When a category named there is not in `categories` (ids, in the catalogue's order).
    pub fn built_in(categories: &[&str]) -> Result<Self, Failure> {
        Self::parse(&TomlFile::new("built-in scenarios.toml", BUILT_IN), categories).map_err(|failure| {
            failure.help("the catalogue lacks a category that the built-in scenarios name: pass --scenarios FILE too")
        })
    }

    /// The scenarios of a file.
    ///
    /// # Errors
    /// A [`Failure`] with the line and the reason.
    pub fn parse(file: &TomlFile<'_>, categories: &[&str]) -> Result<Self, Failure> {
        let parsed: File = file.parse()?;
        if parsed.scenario.len() > MOST_SCENARIOS {
            return Err(file.refuse_whole(format!("more than {MOST_SCENARIOS} scenarios")));
        }
        let mut all: Vec<Scenario> = Vec::with_capacity(parsed.scenario.len());
        for entry in parsed.scenario {
            let id = entry.id.get_ref();
            let plain = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if id.is_empty() || id.len() > 40 || !plain {
                return Err(file.refuse(&entry.id, "a scenario id is 1–40 lower-case letters, digits and hyphens"));
            }
            if all.iter().any(|known| known.id == *id) {
                return Err(file.refuse(&entry.id, format!("scenario {id:?} is defined twice")));
            }
            all.push(entry.check(file, categories)?);
        }
        if all.first().is_none_or(|first| first.id != "baseline") {
            return Err(file.refuse_whole("the first [[scenario]] must be \"baseline\", the ordinary day"));
        }
        let position = |id: &Spanned<String>| {
            all.iter().position(|scenario| scenario.id == *id.get_ref()).map(|at| at as u8).ok_or_else(|| {
                let meant = did_you_mean(id.get_ref(), all.iter().map(|scenario| scenario.id.as_str()));
                file.refuse(id, format!("no scenario is called {:?}{meant}", id.get_ref()))
            })
        };
        let windows = parsed
            .window
            .iter()
            .map(|entry| entry.get_ref().check(entry, position(&entry.get_ref().scenario)?, file))
            .collect::<Result<_, Failure>>()?;
        let mut hours = [None; 24];
        for entry in &parsed.time_of_day {
            let [from, to] = *entry.hours.get_ref();
            if from > to || to > 23 {
                return Err(file.refuse(&entry.hours, "hours are [first, last] within 0–23"));
            }
            hours[from..=to].fill(Some(position(&entry.scenario)?));
        }
        Ok(Self { all, windows, hours })
    }

    /// The position of a scenario by its id.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<u8> {
        self.all.iter().position(|scenario| scenario.id == id).map(|at| at as u8)
    }

    /// The scenario an order follows: the calendar's with the probability of its reach, else the time of day's with its
    /// own, else the baseline.
    #[inline]
    pub fn choose(&self, calendar: u8, hour: usize, stream: &mut Stream) -> u8 {
        let by_calendar = stream.unit();
        let by_hour = stream.unit();
        if calendar != BASELINE && by_calendar < self.all[usize::from(calendar)].reach {
            return calendar;
        }
        match self.hours[hour % 24] {
            Some(scenario) if by_hour < self.all[usize::from(scenario)].reach => scenario,
            _ => BASELINE,
        }
    }
}

impl ScenarioEntry {
    fn check(self, file: &TomlFile<'_>, categories: &[&str]) -> Result<Scenario, Failure> {
        check_weights(file, &self.gender, "gender", Some(2))?;
        check_weights(file, &self.ages, "ages", Some(5))?;
        if let Some(quantity) = &self.quantity {
            check_weights(file, quantity, "quantity", None)?;
            if quantity.get_ref().len() > 100 {
                return Err(file.refuse(quantity, "nobody buys more than 100 pieces of one item"));
            }
        }
        let demand = *self.demand.get_ref();
        if !(demand > 0.0 && demand <= 100.0) {
            return Err(file.refuse(&self.demand, "demand is a multiplier above 0 and at most 100"));
        }
        let reach = *self.reach.get_ref();
        if !(0.0..=1.0).contains(&reach) {
            return Err(file.refuse(&self.reach, "reach is a share, 0 to 1"));
        }
        let mut weights = vec![None; categories.len()];
        for (id, weight) in &self.categories {
            let Some(at) = categories.iter().position(|category| category == id.get_ref()) else {
                let meant = did_you_mean(id.get_ref(), categories.iter().copied());
                let known = categories.join(", ");
                let reason = format!("the catalogue has no category {:?}; it has {known}{meant}", id.get_ref());
                return Err(file.refuse(id, reason));
            };
            if !(weight.get_ref().is_finite() && *weight.get_ref() >= 0.0) {
                return Err(file.refuse(weight, "a weight is 0 or more"));
            }
            weights[at] = Some(*weight.get_ref());
        }
        let named: f64 = weights.iter().flatten().sum();
        let unnamed = weights.iter().filter(|w| w.is_none()).count();
        let rest = if unnamed == 0 { 0.0 } else { ((100.0 - named) / unnamed as f64).max(0.5) };
        let quantity_weights = self.quantity.map(Spanned::into_inner).unwrap_or_default();
        let pair = |weights: Vec<f64>| <[f64; 2]>::try_from(weights).unwrap_or([50.0; 2]);
        let five = |weights: Vec<f64>| <[f64; 5]>::try_from(weights).unwrap_or([20.0; 5]);
        Ok(Scenario {
            id: self.id.into_inner(),
            what: self.what,
            gender: pair(self.gender.into_inner()),
            ages: five(self.ages.into_inner()),
            named: weights.iter().map(Option::is_some).collect(),
            categories: weights.into_iter().map(|weight| weight.unwrap_or(rest)).collect(),
            quantity: (!quantity_weights.is_empty()).then(|| AliasTable::new(&quantity_weights)),
            quantity_weights,
            demand,
            reach,
        })
    }
}

impl WindowEntry {
    fn check(&self, entry: &Spanned<Self>, scenario: u8, file: &TomlFile<'_>) -> Result<Window, Failure> {
        match self {
            Self { from: Some(from), to: Some(to), anchor: None, days: None, .. } => {
                let (first, last) = (month_day(from, file)?, month_day(to, file)?);
                Window::fixed(scenario, first, last).ok_or_else(|| {
                    file.refuse(to, "the window ends before it begins; split it at the turn of the year")
                })
            }
            Self { anchor: Some(anchor), days: Some(days), from: None, to: None, .. } => {
                let Some((_, known)) = Anchor::NAMES.iter().find(|(name, _)| name == anchor.get_ref()) else {
                    return Err(file.refuse(anchor, "an anchor is seollal, chuseok or black-friday"));
                };
                let [first, last] = *days.get_ref();
                Window::anchored(scenario, *known, first, last)
                    .ok_or_else(|| file.refuse(days, "days are [first, last] from the anchor, within 366"))
            }
            _ => {
                let form = "a window has `from` and `to` (\"MM-DD\"), or `anchor` and `days` ([first, last])";
                Err(file.refuse(entry, form))
            }
        }
    }
}

fn month_day(text: &Spanned<String>, file: &TomlFile<'_>) -> Result<(u32, u32), Failure> {
    text.get_ref()
        .split_once('-')
        .and_then(|(month, day)| Some((month.parse().ok()?, day.parse().ok()?)))
        .filter(|&day| Window::fixed(BASELINE, day, day).is_some())
        .ok_or_else(|| {
            file.refuse(text, format!("{:?} is not a day of the year; write it as \"MM-DD\"", text.get_ref()))
        })
}

impl Scenarios {
    /// The scenario of each day of `year`, 1 January first; the baseline where no window says otherwise.
    #[must_use]
    pub fn calendar(&self, year: i32) -> Vec<u8> {
        let scenario = |at: Option<usize>| at.map_or(BASELINE, |at| self.windows[at].scenario);
        self.windows_in_force(year).into_iter().map(scenario).collect()
    }

    /// The windows, by their number from 1, that are not in force on a single day of any year with a calendar.
    #[must_use]
    pub fn idle_windows(&self) -> Vec<(usize, &Window)> {
        let mut idle = vec![true; self.windows.len()];
        for at in (FIRST_YEAR..=LAST_YEAR).flat_map(|year| self.windows_in_force(year)).flatten() {
            idle[at] = false;
        }
        (1..).zip(&self.windows).zip(idle).filter_map(|(window, idle)| idle.then_some(window)).collect()
    }

    /// The window, by position, that each day of `year` belongs to: the first that holds it.
    fn windows_in_force(&self, year: i32) -> Vec<Option<usize>> {
        let of_window = |(at, window): (usize, &Window)| window.spans(year).map(|span| (span, at)).collect::<Vec<_>>();
        let spans: Vec<_> = self.windows.iter().enumerate().flat_map(of_window).collect();
        let holds = |day| spans.iter().find(|((from, to), _)| (*from..=*to).contains(&day)).map(|&(_, at)| at);
        days_of_year(year).into_iter().map(holds).collect()
    }
}
