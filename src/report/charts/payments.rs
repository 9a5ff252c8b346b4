//! How orders are paid, by age.

use serde_json::json;

use super::{Chart, Figures};
use crate::domain::{AgeGroup, Payment};
use crate::output::number;
use crate::report::DataTable;
use crate::report::chart::{rounded, share};

/// The chart.
pub fn chart(figures: &Figures) -> Chart {
    let of = |age: AgeGroup, payment| figures.payments.get(&(age, payment)).map_or(0, |sales| sales.orders);
    // A row is an age group, or all of them.
    let groups: Vec<(&str, &[AgeGroup])> = std::iter::once(("all", AgeGroup::ALL))
        .chain(AgeGroup::ALL.iter().map(|age| (age.as_str(), std::slice::from_ref(age))))
        .collect();
    let orders = |ages: &[AgeGroup], payment| ages.iter().map(|&age| of(age, payment)).sum::<u64>();
    let all = |ages: &[AgeGroup]| Payment::ALL.iter().map(|&payment| orders(ages, payment)).sum::<u64>();
    let wallets = |age: AgeGroup| {
        let part = of(age, Payment::NaverPay) + of(age, Payment::KakaoPay);
        number::share(share(part, all(&[age])))
    };
    let names: Vec<&str> = groups.iter().map(|(name, _)| *name).collect();
    let series: Vec<_> = Payment::ALL
        .iter()
        .map(|&payment| {
            let data: Vec<f64> =
                groups.iter().map(|(_, ages)| rounded(share(orders(ages, payment), all(ages)), 4)).collect();
            json!({
                "type": "bar", "stack": "all", "name": payment.as_str(), "data": data, "barMaxWidth": 26,
                "itemStyle": { "color": format!("$pay{}", payment.code()), "borderColor": "$card", "borderWidth": 1 },
                "label": { "show": true, "color": format!("$onPay{}", payment.code()), "formatter": "@percentInside", "fontSize": 11 },
                "labelLayout": { "hideOverlap": true }
            })
        })
        .collect();
    let rows = groups
        .iter()
        .map(|(name, ages)| {
            let mut row = vec![(*name).to_owned(), number::count(all(ages))];
            row.extend(Payment::ALL.iter().map(|&payment| number::share(share(orders(ages, payment), all(ages)))));
            row
        })
        .collect();
    Chart {
        id: "payments",
        title: "Payment by age",
        about: format!(
            "Cards pay for {} of the orders. NaverPay and KakaoPay together take {} among the 20s, and {} from 50 years on.",
            number::share(share(orders(AgeGroup::ALL, Payment::Card), all(AgeGroup::ALL))),
            wallets(AgeGroup::Twenties),
            wallets(AgeGroup::FiftyUp),
        ),
        option: json!({
            "tooltip": { "trigger": "axis", "axisPointer": { "type": "shadow" }, "valueFormatter": "@percent" },
            "legend": { "top": 0, "right": 0 },
            "grid": { "left": 8, "right": 16, "top": 36, "bottom": 4 },
            "xAxis": { "type": "value", "max": 1, "interval": 0.25, "axisLabel": { "formatter": "@percent" } },
            "yAxis": {
                "type": "category", "inverse": true, "data": names, "axisTick": { "show": false },
                "axisLine": { "show": false }
            },
            "series": series
        }),
        table: DataTable { texts: 1, headers: vec!["Age", "Orders", "Card", "NaverPay", "KakaoPay", "Bank"], rows },
        wide: false,
        height: 340,
    }
}
