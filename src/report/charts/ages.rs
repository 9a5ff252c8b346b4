//! Revenue by age group and gender.

use serde_json::json;

use super::{Chart, Figures};
use crate::domain::{AgeGroup, Gender};
use crate::output::number;
use crate::report::chart::share;
use crate::report::figures::Sales;
use crate::report::{DataTable, money};

/// The chart.
pub fn chart(figures: &Figures) -> Chart {
    let of = |age, gender| figures.buyers.get(&(age, gender)).copied().unwrap_or_default();
    let total = figures.total();
    let ages: Vec<&str> = AgeGroup::ALL.iter().map(|age| age.as_str()).collect();
    let series = |gender: Gender, name: &str, color: &str| {
        let data: Vec<_> = AgeGroup::ALL
            .iter()
            .map(|&age| {
                let revenue = of(age, gender).revenue;
                json!({ "value": revenue, "label": { "formatter": money::short(revenue) } })
            })
            .collect();
        json!({
            "type": "bar", "name": name, "data": data, "itemStyle": { "color": color },
            "tooltip": { "valueFormatter": "@wonExact" }, "barGap": "12%", "barCategoryGap": "20%",
            "label": { "show": true, "position": "top", "color": "$soft", "fontSize": 10 },
            "labelLayout": { "hideOverlap": true }
        })
    };
    let mut rows = Vec::new();
    for &age in AgeGroup::ALL {
        for &gender in Gender::ALL {
            let sales = of(age, gender);
            rows.push(vec![
                age.as_str().to_owned(),
                name(gender).to_owned(),
                number::won(sales.revenue),
                number::share(share(sales.revenue, total.revenue)),
                number::count(sales.orders),
                number::won(sales.average()),
            ]);
        }
    }
    let of_age =
        |age: AgeGroup| Sales::total(Gender::ALL.iter().map(|&gender| of(age, gender)).collect::<Vec<_>>().iter());
    let best = AgeGroup::ALL.iter().max_by_key(|&&age| of_age(age).revenue).copied().unwrap_or(AgeGroup::Thirties);
    let women: i64 = AgeGroup::ALL.iter().map(|&age| of(age, Gender::Female).revenue).sum();
    Chart {
        id: "ages",
        title: "Revenue by age and gender",
        about: format!(
            "The {best} bring {} of the revenue, and women {}. Age is that of the day of the order.",
            number::share(share(of_age(best).revenue, total.revenue)),
            number::share(share(women, total.revenue)),
        ),
        option: json!({
            "tooltip": { "trigger": "axis", "axisPointer": { "type": "shadow" } },
            "legend": { "top": 0, "right": 0 },
            "grid": { "left": 8, "right": 8, "top": 40, "bottom": 4 },
            "xAxis": { "type": "category", "data": ages, "axisTick": { "show": false } },
            "yAxis": { "name": "Revenue", "axisLabel": { "formatter": "@won" }, "splitNumber": 4 },
            "series": [series(Gender::Female, "Women", "$women"), series(Gender::Male, "Men", "$men")]
        }),
        table: DataTable {
            texts: 2,
            headers: vec!["Age", "Gender", "Revenue", "Share", "Orders", "Average order"],
            rows,
        },
        wide: false,
        height: 340,
    }
}

const fn name(gender: Gender) -> &'static str {
    match gender {
        Gender::Female => "women",
        Gender::Male => "men",
    }
}
