//! What each category brought.

use serde_json::{Value, json};

use super::{Chart, Figures};
use crate::output::number;
use crate::report::chart::share;
use crate::report::figures::Sold;
use crate::report::{DataTable, money};

/// The categories with their figures of the year, the largest first.
pub(super) fn of_year(figures: &Figures) -> Vec<(&str, Sold)> {
    let sum = |months: &[Sold; 12]| {
        months.iter().fold(Sold::default(), |total, month| Sold {
            lines: total.lines + month.lines,
            pieces: total.pieces + month.pieces,
            revenue: total.revenue + month.revenue,
        })
    };
    let mut all: Vec<(&str, Sold)> =
        figures.categories.iter().map(|(name, months)| (name.as_str(), sum(months))).collect();
    all.sort_by_key(|(_, sold)| std::cmp::Reverse(sold.revenue));
    all
}

/// The chart.
pub fn chart(figures: &Figures) -> Chart {
    let all = of_year(figures);
    let revenue: i64 = all.iter().map(|(_, sold)| sold.revenue).sum();
    let lines: u64 = all.iter().map(|(_, sold)| sold.lines).sum();
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let values: Vec<i64> = all.iter().map(|(_, sold)| sold.revenue).collect();
    let labels: Vec<String> = all
        .iter()
        .map(|(_, sold)| format!("{}  {}", money::short(sold.revenue), number::share(share(sold.revenue, revenue))))
        .collect();
    let most = all.iter().max_by_key(|(_, sold)| sold.lines).map_or_else(String::new, |(name, sold)| {
        format!(" {name} is bought most often: {} of the items.", number::share(share(sold.lines, lines)))
    });
    let rows = all
        .iter()
        .map(|(name, sold)| {
            vec![
                (*name).to_owned(),
                number::won(sold.revenue),
                number::share(share(sold.revenue, revenue)),
                number::count(sold.lines),
                number::share(share(sold.lines, lines)),
                number::count(sold.pieces),
            ]
        })
        .collect();
    let first: i64 = values.iter().take(3).sum();
    Chart {
        id: "categories",
        title: "Revenue by category",
        about: format!(
            "The first three bring {} of the revenue, which here leaves shipping out.{most}",
            number::share(share(first, revenue))
        ),
        option: ranking(&names, &values, &labels),
        table: DataTable {
            texts: 1,
            headers: vec!["Category", "Revenue", "Share of revenue", "Items", "Share of items", "Pieces"],
            rows,
        },
        wide: false,
        height: 520,
    }
}

/// Bars to the right, the largest above: names, values, and a label at the end of each.
fn ranking(names: &[&str], values: &[i64], labels: &[String]) -> Value {
    let data: Vec<Value> = values
        .iter()
        .zip(labels)
        .map(|(value, label)| json!({ "value": value, "label": { "formatter": label } }))
        .collect();
    json!({
        "grid": { "left": 8, "right": 96, "top": 8, "bottom": 8 },
        "tooltip": { "trigger": "axis", "axisPointer": { "type": "shadow" }, "valueFormatter": "@wonExact" },
        "xAxis": { "type": "value", "show": false },
        "yAxis": {
            "type": "category", "inverse": true, "data": names,
            "axisTick": { "show": false }, "axisLine": { "show": false }
        },
        "series": [{
            "type": "bar", "name": "Revenue", "data": data, "barMaxWidth": 20, "itemStyle": { "color": "$revenue" },
            "label": { "show": true, "position": "right", "color": "$soft" }
        }]
    })
}
