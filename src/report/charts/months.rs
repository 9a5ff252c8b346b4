//! Revenue and orders by month.

use serde_json::json;

use super::{Chart, Figures, full_month_name, month_name};
use crate::output::number;
use crate::report::{DataTable, events, money};

/// The chart.
pub fn chart(figures: &Figures) -> Chart {
    let months = figures.by_month();
    let month_of = figures.months();
    let names: Vec<&str> = (0..12).map(month_name).collect();
    let revenue: Vec<_> = months
        .iter()
        .map(|month| json!({ "value": month.revenue, "label": { "formatter": money::short(month.revenue) } }))
        .collect();
    let orders: Vec<u64> = months.iter().map(|month| month.orders).collect();
    let best = (0..12).max_by_key(|&month| months[month].revenue).unwrap_or(0);
    let rows = (0..12)
        .map(|month| {
            let sales = months[month];
            let top = events::top(figures, |day| month_of[day] == month);
            vec![
                month_name(month).to_owned(),
                top.map_or_else(|| "–".to_owned(), |(name, _)| name.to_owned()),
                number::won(sales.revenue),
                number::count(sales.orders),
                number::count(sales.items),
                number::won(sales.average()),
            ]
        })
        .collect();
    let axis = |grid: u8, labels: bool| {
        json!({
            "gridIndex": grid, "type": "category", "data": names, "axisTick": { "show": false },
            "axisLabel": { "show": labels, "interval": 0, "hideOverlap": true }
        })
    };
    Chart {
        id: "months",
        title: "Revenue and orders by month",
        about: format!(
            "{} brought the most, {}. An order of any status counts; revenue is what was paid for completed ones.",
            full_month_name(best),
            money::short(months[best].revenue)
        ),
        option: json!({
            "tooltip": { "trigger": "axis", "axisPointer": { "type": "shadow" } },
            "axisPointer": { "link": [{ "xAxisIndex": "all" }] },
            "grid": [
                { "left": 64, "right": 12, "outerBoundsMode": "none", "top": 28, "height": "52%" },
                { "left": 64, "right": 12, "outerBoundsMode": "none", "top": "68%", "bottom": 24 }
            ],
            "xAxis": [axis(0, false), axis(1, true)],
            "yAxis": [
                { "gridIndex": 0, "name": "Revenue", "axisLabel": { "formatter": "@won" }, "splitNumber": 3 },
                { "gridIndex": 1, "name": "Orders", "axisLabel": { "formatter": "@count" }, "splitNumber": 2 }
            ],
            "series": [
                {
                    "type": "bar", "name": "Revenue", "xAxisIndex": 0, "yAxisIndex": 0, "data": revenue,
                    "itemStyle": { "color": "$revenue" }, "tooltip": { "valueFormatter": "@wonExact" },
                    "label": { "show": true, "position": "top", "color": "$soft", "fontSize": 10 },
                    "labelLayout": { "hideOverlap": true }
                },
                {
                    "type": "bar", "name": "Orders", "xAxisIndex": 1, "yAxisIndex": 1, "data": orders,
                    "itemStyle": { "color": "$orders" }, "tooltip": { "valueFormatter": "@count" }
                }
            ]
        }),
        table: DataTable {
            texts: 2,
            headers: vec!["Month", "Top scenario", "Revenue", "Orders", "Items", "Average order"],
            rows,
        },
        wide: false,
        height: 460,
    }
}
