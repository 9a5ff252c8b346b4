//! Revenue and orders by day, with the scenarios in force above them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Chart, Figures, date, day_name};
use crate::output::number;
use crate::report::events::Event;
use crate::report::{DataTable, events, money};

/// Days over which the line is smoothed.
const WEEK: usize = 7;
/// Hues that tell neighbouring scenarios apart; the names stand beside.
const HUES: usize = 8;

/// The chart.
pub fn chart(figures: &Figures) -> Chart {
    let days = figures.by_day();
    let year = figures.year;
    let events = events::of(figures);
    let dates: Vec<String> = (0..days.len()).map(|day| date(year, day).to_string()).collect();
    let revenue: Vec<i64> = days.iter().map(|day| day.revenue).collect();
    let orders: Vec<u64> = days.iter().map(|day| day.orders).collect();
    let mut in_force = vec![""; days.len()];
    for event in &events {
        in_force[event.first..=event.last].fill(&event.scenario);
    }
    let hues = hues(&events);
    let bands: Vec<Value> = events
        .iter()
        .map(|event| {
            let color = format!("$event{}", hues.get(event.scenario.as_str()).copied().unwrap_or(0));
            json!([
                { "xAxis": event.first, "name": event.scenario, "itemStyle": { "color": color } },
                { "xAxis": event.last + 1 }
            ])
        })
        .collect();
    let best = (0..days.len()).max_by_key(|&day| days[day].revenue).unwrap_or(0);
    let rows = (0..days.len())
        .map(|day| {
            vec![
                dates[day].clone(),
                in_force[day].to_owned(),
                number::won(days[day].revenue),
                number::count(days[day].orders),
                number::count(days[day].items),
            ]
        })
        .collect();
    let axis = |grid: u8, labels: bool| {
        json!({
            "gridIndex": grid, "type": "category", "data": dates, "axisTick": { "show": false },
            "axisLabel": { "show": labels, "formatter": "@monthOfDate", "interval": "@firstOfMonth" },
            "axisLine": { "show": grid < 2 }
        })
    };
    // Bands reach from the beginning of a day to the end of another: on an axis whose ticks are those borders.
    let borders: Vec<usize> = (0..=days.len()).collect();
    let band_axis = json!({
        "gridIndex": 2, "type": "category", "boundaryGap": false, "data": borders, "show": false,
        "axisPointer": { "show": false }
    });
    Chart {
        id: "days",
        title: "Revenue and orders by day, and the scenarios in force",
        about: format!(
            "The best day was {}{}: {} from {}. Bars are days, the line is the mean of the seven days around; above \
             stands which scenario the calendar had put in force.",
            day_name(year, best),
            if in_force[best].is_empty() { String::new() } else { format!(" ({})", in_force[best]) },
            money::short(days[best].revenue),
            number::some(days[best].orders, "order"),
        ),
        option: json!({
            "tooltip": { "trigger": "axis", "axisPointer": { "type": "line" }, "formatter": "@day" },
            "axisPointer": { "link": [{ "xAxisIndex": [0, 1] }] },
            "shopEvents": in_force,
            "grid": [
                { "left": 64, "right": 12, "outerBoundsMode": "none", "top": 144, "height": "38%" },
                { "left": 64, "right": 12, "outerBoundsMode": "none", "top": "74%", "bottom": 24 },
                { "left": 64, "right": 12, "outerBoundsMode": "none", "top": 4, "height": 104 }
            ],
            "xAxis": [axis(0, false), axis(1, true), band_axis],
            "yAxis": [
                { "gridIndex": 0, "name": "Revenue", "axisLabel": { "formatter": "@won" }, "splitNumber": 4 },
                { "gridIndex": 1, "name": "Orders", "axisLabel": { "formatter": "@count" }, "splitNumber": 2 },
                { "gridIndex": 2, "min": 0, "max": 1, "show": false }
            ],
            "series": [
                {
                    "type": "bar", "name": "Revenue", "data": revenue, "barCategoryGap": "15%",
                    "itemStyle": { "color": "$revenuePale" }, "large": false
                },
                {
                    "type": "line", "name": "Revenue, 7-day mean", "data": smoothed(&revenue), "symbol": "none",
                    "lineStyle": { "width": 2, "color": "$revenue" }, "itemStyle": { "color": "$revenue" }
                },
                {
                    "type": "bar", "name": "Orders", "xAxisIndex": 1, "yAxisIndex": 1, "data": orders,
                    "barCategoryGap": "15%", "itemStyle": { "color": "$orders" }
                },
                {
                    "type": "line", "name": "Scenarios", "xAxisIndex": 2, "yAxisIndex": 2, "data": [], "silent": true,
                    "markArea": {
                        "silent": true, "data": bands,
                        "label": { "position": "inside", "color": "$onEvent", "fontSize": 11, "width": 100, "overflow": "truncate" }
                    }
                }
            ]
        }),
        table: DataTable { texts: 2, headers: vec!["Day", "Scenario in force", "Revenue", "Orders", "Items"], rows },
        wide: true,
        height: 540,
    }
}

/// A hue for each scenario, another than those of its neighbours in time.
fn hues(events: &[Event]) -> BTreeMap<&str, usize> {
    let mut hues: BTreeMap<&str, usize> = BTreeMap::new();
    for event in events {
        let name = event.scenario.as_str();
        if hues.contains_key(name) {
            continue;
        }
        let beside =
            events.windows(2).filter_map(|pair| match (pair[0].scenario.as_str(), pair[1].scenario.as_str()) {
                (before, after) if before == name => Some(after),
                (before, after) if after == name => Some(before),
                _ => None,
            });
        let taken: Vec<usize> = beside.filter_map(|neighbour| hues.get(neighbour).copied()).collect();
        let first = hues.len();
        let hue = (first..first + HUES).map(|at| at % HUES).find(|hue| !taken.contains(hue)).unwrap_or(first % HUES);
        hues.insert(name, hue);
    }
    hues
}

/// The mean of the days around each; at the ends, of those there are.
fn smoothed(values: &[i64]) -> Vec<i64> {
    let half = WEEK / 2;
    (0..values.len())
        .map(|at| {
            let around = &values[at.saturating_sub(half)..values.len().min(at + half + 1)];
            around.iter().sum::<i64>() / i64::try_from(around.len()).unwrap_or(1).max(1)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_time_have_hues_of_their_own() {
        let event = |name: &str| Event { scenario: name.to_owned(), first: 0, last: 0, sales: Default::default() };
        let events = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "a", "i", "b", "j", "c"].map(event);
        let hues = hues(&events);
        assert_eq!(hues.len(), 10);
        for pair in events.windows(2) {
            assert_ne!(hues[pair[0].scenario.as_str()], hues[pair[1].scenario.as_str()], "{pair:?}");
        }
    }

    #[test]
    fn the_line_is_the_mean_of_the_days_around() {
        assert_eq!(smoothed(&[7, 0, 0, 0, 0, 0, 0, 14]), [1, 1, 1, 1, 2, 2, 2, 3]);
    }
}
