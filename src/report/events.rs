//! When which scenario was in force, read from the orders themselves: so it holds for anybody's own scenarios, and for what
//! was switched on by hand.

use super::Figures;
use super::figures::Sales;

/// The ordinary day.
const BASELINE: &str = "baseline";
/// A scenario with orders in all months of at least so many is one of the time of day, not of the calendar.
const MONTHS_OF_AN_EVENT: usize = 3;

/// Days in a row on which a scenario was in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The scenario.
    pub scenario: String,
    /// First day (0 is 1 January).
    pub first: usize,
    /// Last day.
    pub last: usize,
    /// Its orders on these days.
    pub sales: Sales,
}

/// The events of a year, in order of time.
#[must_use]
pub fn of(figures: &Figures) -> Vec<Event> {
    let months = active_months(figures, |_| true).len();
    let by_calendar: Vec<(&String, &Vec<Sales>)> = figures
        .scenarios
        .iter()
        .filter(|(scenario, _)| *scenario != BASELINE)
        .filter(|(scenario, _)| {
            months <= MONTHS_OF_AN_EVENT || active_months(figures, |name| name == *scenario).len() < months
        })
        .collect();
    let mut events: Vec<Event> = Vec::new();
    for day in 0..crate::generator::calendar::days_of_year(figures.year).len() {
        let strongest = by_calendar.iter().max_by_key(|(_, days)| days[day].orders);
        let Some((scenario, days)) = strongest.filter(|(_, days)| days[day].orders > 0) else { continue };
        match events.last_mut() {
            // In a small shop a day may pass without an order of the event.
            Some(event) if event.scenario == **scenario && event.last + 3 > day => {
                event.last = day;
                event.sales.add(&days[day]);
            }
            _ => events.push(Event { scenario: (*scenario).clone(), first: day, last: day, sales: days[day] }),
        }
    }
    events
}

/// The scenario that most orders followed, the ordinary day left out, and its sales.
#[must_use]
pub fn top(figures: &Figures, days: impl Fn(usize) -> bool) -> Option<(&str, Sales)> {
    let sum =
        |all: &[Sales]| Sales::total(all.iter().enumerate().filter(|(day, _)| days(*day)).map(|(_, sales)| sales));
    let named = figures.scenarios.iter().filter(|(scenario, _)| *scenario != BASELINE);
    let all = named.map(|(scenario, all)| (scenario.as_str(), sum(all))).filter(|(_, sales)| sales.orders > 0);
    // Of equals the first by name.
    all.rev().max_by_key(|(_, sales)| sales.orders)
}

fn active_months(figures: &Figures, scenario: impl Fn(&str) -> bool) -> Vec<usize> {
    let chosen: Vec<&Vec<Sales>> =
        figures.scenarios.iter().filter(|(name, _)| scenario(name)).map(|(_, days)| days).collect();
    let months = figures.months();
    (0..12)
        .filter(|&month| {
            (0..months.len()).any(|day| months[day] == month && chosen.iter().any(|all| all[day].orders > 0))
        })
        .collect()
}
