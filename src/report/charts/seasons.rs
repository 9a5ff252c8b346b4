//! Each category's season: its share of a month's items beside its share of the year's.

use serde_json::{Value, json};

use super::{Chart, Figures, month_name};
use crate::report::DataTable;
use crate::report::chart::{rounded, share};

/// Beyond three times the usual (by the logarithm to base 2), or under a third, the colour does not change any more.
const LIMIT: f64 = 1.585;

/// The chart.
pub fn chart(figures: &Figures) -> Chart {
    let all = super::categories::of_year(figures);
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let year_lines: u64 = all.iter().map(|(_, sold)| sold.lines).sum();
    let month_lines: Vec<u64> =
        (0..12).map(|month| figures.categories.values().map(|months| months[month].lines).sum()).collect();
    let index = |name: &str, lines: u64, month: usize| {
        let here = share(figures.categories[name][month].lines, month_lines[month]);
        let usual = share(lines, year_lines);
        if usual == 0.0 || month_lines[month] == 0 { None } else { Some(here / usual) }
    };
    let mut data = Vec::new();
    let mut rows = Vec::new();
    let mut strongest: Option<(f64, &str, usize)> = None;
    for (at, (name, sold)) in all.iter().enumerate() {
        let mut row = vec![(*name).to_owned()];
        for month in 0..12 {
            let Some(index) = index(name, sold.lines, month) else {
                row.push("–".to_owned());
                continue;
            };
            if strongest.is_none_or(|(most, _, _)| index > most) {
                strongest = Some((index, name, month));
            }
            row.push(format!("{index:.2}"));
            data.push(cell(month, at, index));
        }
        rows.push(row);
    }
    let said = strongest.map_or_else(String::new, |(index, name, month)| {
        format!(" {name} stands out in {}: {index:.1} times its usual share.", month_name(month))
    });
    let months: Vec<&str> = (0..12).map(month_name).collect();
    let mut headers = vec!["Category"];
    headers.extend(&months);
    Chart {
        id: "seasons",
        title: "Seasons of the categories",
        about: format!("A category's share of the month's items beside its share of the year's; 1 is as usual.{said}"),
        option: json!({
            "tooltip": { "formatter": "@seasonCell" },
            "grid": { "left": 8, "right": 8, "top": 8, "bottom": 52 },
            "xAxis": {
                "type": "category", "data": months, "axisTick": { "show": false }, "axisLine": { "show": false },
                "axisLabel": { "hideOverlap": true }
            },
            "yAxis": {
                "type": "category", "data": names, "inverse": true, "axisTick": { "show": false },
                "axisLine": { "show": false }, "axisLabel": { "interval": 0 }
            },
            "visualMap": {
                "type": "continuous", "dimension": 2, "min": -LIMIT, "max": LIMIT, "calculable": false,
                "orient": "horizontal", "left": "center", "bottom": 0, "itemHeight": 160, "itemWidth": 12,
                "formatter": "@ratio", "text": ["3 × and more", "⅓ and less"],
                "inRange": { "color": ["$low1", "$low0", "$middle", "$high0", "$high1"] }
            },
            "series": [{
                "type": "heatmap", "name": "Index", "data": data,
                "itemStyle": { "borderColor": "$card", "borderWidth": 1.5, "borderRadius": 2 }
            }]
        }),
        table: DataTable { texts: 1, headers, rows },
        wide: false,
        height: 520,
    }
}

/// Month, category, the place on a scale where a third and three times are equally far, and the index itself.
fn cell(month: usize, category: usize, index: f64) -> Value {
    let place = libm::log2(index.max(1e-6)).clamp(-LIMIT, LIMIT);
    json!([month, category, rounded(place, 3), rounded(index, 2)])
}
