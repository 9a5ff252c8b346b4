//! How many items an order has.

use serde_json::json;

use super::{Chart, Figures};
use crate::output::number;
use crate::report::DataTable;
use crate::report::chart::{rounded, share};

/// The chart.
pub fn chart(figures: &Figures) -> Chart {
    let total = figures.total();
    let sizes: Vec<String> = figures.baskets.keys().map(ToString::to_string).collect();
    let shares: Vec<f64> =
        figures.baskets.values().map(|sales| rounded(share(sales.orders, total.orders), 4)).collect();
    let rows = figures
        .baskets
        .iter()
        .map(|(size, sales)| {
            vec![
                size.to_string(),
                number::count(sales.orders),
                number::share(share(sales.orders, total.orders)),
                number::won(sales.average()),
            ]
        })
        .collect();
    Chart {
        id: "baskets",
        title: "Items per order",
        about: format!(
            "An order has {:.2} items in the mean; an item is a line of the cart, whatever its pieces.",
            share(total.items, total.orders)
        ),
        option: json!({
            "tooltip": { "trigger": "axis", "axisPointer": { "type": "shadow" }, "valueFormatter": "@percent" },
            "grid": { "left": 8, "right": 8, "top": 28, "bottom": 24 },
            "xAxis": {
                "type": "category", "data": sizes, "axisTick": { "show": false },
                "name": "items", "nameLocation": "middle", "nameGap": 26
            },
            "yAxis": { "name": "Share of orders", "axisLabel": { "formatter": "@percent" }, "splitNumber": 4 },
            "series": [{
                "type": "bar", "name": "Share of orders", "data": shares, "itemStyle": { "color": "$orders" },
                "label": { "show": true, "position": "top", "color": "$soft", "formatter": "@percentAbove", "fontSize": 11 },
                "labelLayout": { "hideOverlap": true }
            }]
        }),
        table: DataTable { texts: 0, headers: vec!["Items", "Orders", "Share of orders", "Average order"], rows },
        wide: false,
        height: 320,
    }
}
