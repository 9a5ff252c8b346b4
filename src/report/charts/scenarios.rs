//! What each scenario brought, and how large its orders are beside an ordinary day's.

use serde_json::{Value, json};

use super::{Chart, Figures};
use crate::output::number;
use crate::report::chart::share;
use crate::report::figures::Sales;
use crate::report::{DataTable, money};

/// The chart.
pub fn chart(figures: &Figures) -> Chart {
    let mut all: Vec<(&str, Sales, usize)> = figures
        .scenarios
        .iter()
        .map(|(name, days)| {
            let active = days.iter().filter(|day| day.orders > 0).count();
            (name.as_str(), Sales::total(days), active)
        })
        .collect();
    all.sort_by_key(|(_, sales, _)| std::cmp::Reverse(sales.revenue));
    let total = figures.total();
    let ordinary = all.iter().find(|(name, _, _)| *name == "baseline").map_or(0, |(_, sales, _)| sales.average());
    let named: Vec<_> = all.iter().filter(|(name, _, _)| *name != "baseline").collect();
    let names: Vec<&str> = named.iter().map(|(name, _, _)| *name).collect();
    let bars: Vec<Value> = named
        .iter()
        .map(|(_, sales, _)| json!({ "value": sales.revenue, "label": { "formatter": money::short(sales.revenue) } }))
        .collect();
    let dots: Vec<i64> = named.iter().map(|(_, sales, _)| sales.average()).collect();
    let rows = all
        .iter()
        .map(|(name, sales, days)| {
            vec![
                (*name).to_owned(),
                number::count(u64::try_from(*days).unwrap_or(u64::MAX)),
                number::won(sales.revenue),
                number::share(share(sales.revenue, total.revenue)),
                number::count(sales.orders),
                number::won(sales.average()),
            ]
        })
        .collect();
    let said = named.first().map_or_else(String::new, |(name, sales, _)| {
        format!("Beside the ordinary day, {name} brought the most, {}. ", money::short(sales.revenue))
    });
    let axis = |grid: u8, labels: bool| {
        json!({
            "gridIndex": grid, "type": "category", "inverse": true, "data": names, "axisTick": { "show": false },
            "axisLine": { "show": grid == 1 }, "axisLabel": { "show": labels, "interval": 0, "fontSize": 11 }
        })
    };
    Chart {
        id: "scenarios",
        title: "Scenarios: revenue, and the size of their orders",
        about: format!(
            "{said}The dots are the average order of each; the dashed line is that of ordinary orders, {}.",
            money::short(ordinary)
        ),
        option: json!({
            "tooltip": { "trigger": "axis", "axisPointer": { "type": "shadow" }, "valueFormatter": "@wonExact" },
            "axisPointer": { "link": [{ "yAxisIndex": "all" }] },
            "grid": [
                { "left": 112, "right": "34%", "top": 24, "bottom": 26, "outerBoundsMode": "none" },
                { "left": "69%", "right": 34, "top": 24, "bottom": 26, "outerBoundsMode": "none" }
            ],
            "xAxis": [
                { "gridIndex": 0, "type": "value", "show": false, "max": "@roomForLabel" },
                {
                    "gridIndex": 1, "type": "value", "min": 0, "splitNumber": 3,
                    "axisLabel": { "formatter": "@won", "hideOverlap": true }
                }
            ],
            "yAxis": [axis(0, true), axis(1, false)],
            "title": [
                { "text": "Revenue", "left": 112, "top": 0, "textStyle": { "fontSize": 12, "fontWeight": "normal" } },
                { "text": "Average order", "left": "69%", "top": 0, "textStyle": { "fontSize": 12, "fontWeight": "normal" } }
            ],
            "series": [
                {
                    "type": "bar", "name": "Revenue", "xAxisIndex": 0, "yAxisIndex": 0, "data": bars,
                    "itemStyle": { "color": "$revenue" }, "barCategoryGap": "30%",
                    "label": { "show": true, "position": "right", "color": "$soft", "fontSize": 11 }
                },
                {
                    "type": "scatter", "name": "Average order", "xAxisIndex": 1, "yAxisIndex": 1, "data": dots, "cursor": "default",
                    "symbolSize": 9, "itemStyle": { "color": "$orders" },
                    "markLine": {
                        "silent": true, "symbol": "none", "label": { "show": false },
                        "lineStyle": { "type": "dashed", "color": "$soft" }, "data": [{ "xAxis": ordinary }]
                    }
                }
            ]
        }),
        table: DataTable {
            texts: 1,
            headers: vec!["Scenario", "Days with orders", "Revenue", "Share of revenue", "Orders", "Average order"],
            rows,
        },
        wide: false,
        height: 460,
    }
}
