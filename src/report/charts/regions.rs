//! Where the buyers live.

use serde_json::json;

use super::{Chart, Figures};
use crate::output::number;
use crate::report::chart::share;
use crate::report::figures::Sales;
use crate::report::{DataTable, money};

/// The chart.
pub fn chart(figures: &Figures) -> Chart {
    let mut all: Vec<(&str, Sales)> = figures.regions.iter().map(|(name, sales)| (name.as_str(), *sales)).collect();
    all.sort_by_key(|(_, sales)| std::cmp::Reverse(sales.revenue));
    let total = figures.total();
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let bars: Vec<_> = all
        .iter()
        .map(|(_, sales)| {
            let label =
                format!("{}\n{}", money::short(sales.revenue), number::share(share(sales.revenue, total.revenue)));
            json!({ "value": sales.revenue, "label": { "formatter": label } })
        })
        .collect();
    let rows = all
        .iter()
        .map(|(name, sales)| {
            vec![
                (*name).to_owned(),
                number::won(sales.revenue),
                number::share(share(sales.revenue, total.revenue)),
                number::count(sales.orders),
                number::won(sales.average()),
            ]
        })
        .collect();
    let first: i64 = all.iter().take(2).map(|(_, sales)| sales.revenue).sum();
    let said = match names[..] {
        [first_name, second, ..] => {
            format!("{first_name} and {second} bring {} of the revenue. ", number::share(share(first, total.revenue)))
        }
        _ => String::new(),
    };
    Chart {
        id: "regions",
        title: "Revenue by region",
        about: format!("{said}The region is where the buyer lived when the order was placed."),
        option: json!({
            "tooltip": { "trigger": "axis", "axisPointer": { "type": "shadow" }, "valueFormatter": "@wonExact" },
            "grid": { "left": 8, "right": 8, "top": 40, "bottom": 4 },
            "xAxis": {
                "type": "category", "data": names, "axisTick": { "show": false },
                "axisLabel": { "interval": 0, "hideOverlap": true }
            },
            "yAxis": { "name": "Revenue", "axisLabel": { "formatter": "@won" }, "splitNumber": 4 },
            "series": [{
                "type": "bar", "name": "Revenue", "data": bars, "itemStyle": { "color": "$revenue" }, "barMaxWidth": 56,
                "label": { "show": true, "position": "top", "color": "$soft", "fontSize": 11, "align": "center" },
                "labelLayout": { "hideOverlap": true }
            }]
        }),
        table: DataTable { texts: 1, headers: vec!["Region", "Revenue", "Share", "Orders", "Average order"], rows },
        wide: true,
        height: 320,
    }
}
