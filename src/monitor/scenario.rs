//! The scenario in force: switched on by hand, or the calendar's, or the time of day's.

use chrono::{Datelike, Days, NaiveDate};

use super::views::{ByHandView, ScenarioView};
use crate::domain::Timestamp;
use crate::generator::scenarios::{BASELINE, Scenarios};

/// Days that the end of a scenario is looked for in: none of the calendar lasts longer.
const FURTHEST: u64 = 60;

/// What is in force at `now`.
#[must_use]
pub fn in_force(scenarios: &Scenarios, by_hand: Option<&ByHandView>, now: Timestamp) -> ScenarioView {
    let id = |at: u8| scenarios.all[usize::from(at)].id.clone();
    if let Some(by_hand) = by_hand {
        let left = std::time::Duration::from_secs(by_hand.left_secs);
        let until = format!("for {}", crate::output::number::duration(left));
        return ScenarioView { id: by_hand.id.clone(), by_hand: true, until };
    }
    let today = now.business_day();
    let of = |day: NaiveDate| scenarios.calendar(day.year()).get(day.ordinal0() as usize).copied().unwrap_or(BASELINE);
    let calendar = of(today);
    if calendar != BASELINE {
        let last = (1..FURTHEST)
            .map_while(|days| today.checked_add_days(Days::new(days)).filter(|day| of(*day) == calendar))
            .last()
            .unwrap_or(today);
        return ScenarioView { id: id(calendar), by_hand: false, until: format!("until {last}") };
    }
    let hour = now.business_hour();
    match scenarios.hours[hour] {
        Some(scenario) => {
            let end = (1..24).find(|later| scenarios.hours[(hour + later) % 24] != Some(scenario)).unwrap_or(24);
            let until = format!("until {:02}:00", (hour + end) % 24);
            ScenarioView { id: id(scenario), by_hand: false, until }
        }
        None => ScenarioView { id: id(BASELINE), by_hand: false, until: String::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::World;

    fn at(text: &str) -> Timestamp {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc().into()
    }

    #[test]
    fn what_is_in_force_says_until_when() {
        let world = World::new(None, None).unwrap();
        let view = |text, by_hand: Option<&ByHandView>| {
            let view = in_force(&world.scenarios, by_hand, at(text));
            format!("{} {} {}", view.id, view.by_hand, view.until)
        };
        let by_hand = ByHandView { id: "mz-trend".to_owned(), left_secs: 61 };
        insta::assert_snapshot!(
            [
                view("2026-11-25T12:00:00+09:00", None),
                view("2026-12-24T23:00:00+09:00", None),
                view("2026-06-17T15:00:00+09:00", None),
                view("2026-06-17T23:30:00+09:00", None),
                view("2026-11-25T12:00:00+09:00", Some(&by_hand)),
            ]
            .join("\n")
        );
    }
}
