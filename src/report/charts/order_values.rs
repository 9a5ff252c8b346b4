//! How large orders are in won.

use serde_json::json;

use super::{Chart, Figures};
use crate::output::number;
use crate::report::chart::{rounded, share};
use crate::report::figures::{Sales, VALUE_LIMITS};
use crate::report::{DataTable, money};

/// The chart.
pub fn chart(figures: &Figures) -> Chart {
    let total = figures.total();
    let first = figures.values.keys().next().copied().unwrap_or(0);
    let last = figures.values.keys().next_back().copied().unwrap_or(0);
    let of = |class: usize| figures.values.get(&class).copied().unwrap_or_default();
    let from = |class: usize| class.checked_sub(1).and_then(|at| VALUE_LIMITS.get(at)).copied().unwrap_or(0);
    let names: Vec<String> = (first..=last).map(|class| money::short(from(class))).collect();
    let shares: Vec<f64> =
        (first..=last).map(|class| rounded(share(of(class).completed, total.completed), 4)).collect();
    let mut so_far = 0;
    let rows = (first..=last)
        .map(|class| {
            let Sales { completed, revenue, .. } = of(class);
            so_far += completed;
            let below = VALUE_LIMITS.get(class).map_or_else(|| "more".to_owned(), |limit| number::won(*limit));
            vec![
                number::won(from(class)),
                below,
                number::count(completed),
                number::share(share(completed, total.completed)),
                number::share(share(so_far, total.completed)),
                number::share(share(revenue, total.revenue)),
            ]
        })
        .collect();
    Chart {
        id: "order-values",
        title: "Order values",
        about: format!(
            "{} The classes of paid amounts are equally wide on a logarithmic axis; each name is its lower limit.",
            middle(figures, total.completed)
        ),
        option: json!({
            "tooltip": { "trigger": "axis", "axisPointer": { "type": "shadow" }, "valueFormatter": "@percent" },
            "grid": { "left": 8, "right": 8, "top": 28, "bottom": 24 },
            "xAxis": {
                "type": "category", "data": names, "axisTick": { "show": false },
                "axisLabel": { "interval": 0, "hideOverlap": true, "fontSize": 10 },
                "name": "from", "nameLocation": "middle", "nameGap": 26
            },
            "yAxis": { "name": "Share of completed orders", "axisLabel": { "formatter": "@percent" }, "splitNumber": 4 },
            "series": [{
                "type": "bar", "name": "Share of completed orders", "data": shares, "barCategoryGap": "4%",
                "itemStyle": { "color": "$revenue" }
            }]
        }),
        table: DataTable {
            texts: 0,
            headers: vec!["From", "Below", "Completed orders", "Share", "Share up to here", "Share of revenue"],
            rows,
        },
        wide: false,
        height: 320,
    }
}

/// Between which limits the order in the middle lies.
fn middle(figures: &Figures, completed: u64) -> String {
    let mut so_far = 0;
    let class = figures.values.iter().find(|(_, sales)| {
        so_far += sales.completed;
        so_far * 2 >= completed
    });
    let Some((&class, _)) = class else { return String::new() };
    let from = class.checked_sub(1).and_then(|at| VALUE_LIMITS.get(at)).copied().unwrap_or(0);
    let below = VALUE_LIMITS.get(class).map_or_else(|| "more".to_owned(), |limit| money::short(*limit));
    format!("The order in the middle is worth between {} and {below}.", money::short(from))
}
