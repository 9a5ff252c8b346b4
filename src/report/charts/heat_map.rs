//! Orders by weekday and hour.

use serde_json::{Value, json};

use super::{Chart, Figures, full_weekday_name, weekday_name};
use crate::output::number;
use crate::report::DataTable;

/// The chart.
pub fn chart(figures: &Figures) -> Chart {
    let cells = || (0..7).flat_map(|weekday| (0..24).map(move |hour| (weekday, hour)));
    let orders = |(weekday, hour): (usize, usize)| figures.hours[weekday][hour].orders;
    let data: Vec<Value> = cells().map(|(weekday, hour)| json!([hour, weekday, orders((weekday, hour))])).collect();
    let most = cells().max_by_key(|cell| orders(*cell)).unwrap_or((0, 0));
    let of_hour = |hour: usize| (0..7).map(|weekday| orders((weekday, hour))).sum::<u64>();
    let peak = (0..24).max_by_key(|&hour| of_hour(hour)).unwrap_or(0);
    let names: Vec<&str> = (0..7).map(weekday_name).collect();
    let hours: Vec<String> = (0..24).map(|hour| format!("{hour:02}")).collect();
    let rows = (0..24)
        .map(|hour| {
            let mut row = vec![format!("{hour:02}:00")];
            row.extend((0..7).map(|weekday| number::count(orders((weekday, hour)))));
            row.push(number::count(of_hour(hour)));
            row
        })
        .collect();
    Chart {
        id: "heat-map",
        title: "Orders by weekday and hour",
        about: format!(
            "The fullest hour of the week begins on {} at {:02}:00 with {} in the year; over all days it is {peak:02}:00. \
             Hours are those of the shop's own clock, UTC+9.",
            full_weekday_name(most.0),
            most.1,
            number::some(orders(most), "order"),
        ),
        option: json!({
            "tooltip": { "formatter": "@hourCell" },
            "grid": { "left": 8, "right": 8, "top": 8, "bottom": 56 },
            "xAxis": {
                "type": "category", "data": hours, "axisTick": { "show": false }, "axisLine": { "show": false },
                "axisLabel": { "hideOverlap": true }
            },
            "yAxis": {
                "type": "category", "data": names, "inverse": true, "axisTick": { "show": false },
                "axisLine": { "show": false }
            },
            "visualMap": {
                "type": "continuous", "min": 0, "max": orders(most).max(1), "calculable": false, "orient": "horizontal",
                "left": "center", "bottom": 0, "itemHeight": 220, "itemWidth": 12, "formatter": "@count",
                "text": [number::some(orders(most), "order"), "0"],
                "inRange": { "color": ["$heat0", "$heat1", "$heat2", "$heat3"] }
            },
            "series": [{
                "type": "heatmap", "name": "Orders", "data": data,
                "itemStyle": { "borderColor": "$card", "borderWidth": 1.5, "borderRadius": 2 }
            }]
        }),
        table: DataTable {
            texts: 1,
            headers: vec!["Hour", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "All days"],
            rows,
        },
        wide: true,
        height: 320,
    }
}
