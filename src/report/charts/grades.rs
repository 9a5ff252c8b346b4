//! The grades: how they grew over the year, what they are at its end, and who moved where.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Chart, Figures, date, month_name};
use crate::domain::Grade;
use crate::output::number;
use crate::report::chart::{rounded, share};
use crate::report::{DataTable, money};

fn color(grade: Grade) -> String {
    format!("$grade{}", grade.code())
}

/// Customers above BRONZE over the year.
pub fn over_the_year(figures: &Figures) -> Chart {
    let days = figures.grades_by_day();
    let months = figures.months();
    let dates: Vec<String> = (0..days.len()).map(|day| date(figures.year, day).to_string()).collect();
    let series: Vec<Value> = [Grade::Vip, Grade::Gold, Grade::Silver]
        .into_iter()
        .map(|grade| {
            let data: Vec<u64> = days.iter().map(|day| day[usize::from(grade.code())]).collect();
            json!({
                "type": "line", "step": "end", "stack": "grades", "name": grade.as_str(), "data": data, "symbol": "none",
                "lineStyle": { "width": 1, "color": color(grade) }, "itemStyle": { "color": color(grade) },
                "areaStyle": { "color": color(grade), "opacity": 0.8 }
            })
        })
        .collect();
    let last_of_month = |month: usize| months.iter().rposition(|of| *of == month).unwrap_or(0);
    let count = |month: usize, rises: bool| {
        let moved =
            figures.grade_moves.iter().filter(|((day, from, to), _)| months[*day] == month && (to > from) == rises);
        moved.map(|(_, count)| count).sum::<u64>()
    };
    let rows = (0..12)
        .map(|month| {
            let mut row = vec![month_name(month).to_owned()];
            row.extend(days[last_of_month(month)].iter().rev().map(|count| number::count(*count)));
            row.extend([number::count(count(month, true)), number::count(count(month, false))]);
            row
        })
        .collect();
    let end = days.last().copied().unwrap_or_default();
    let above: u64 = end[1..].iter().sum();
    Chart {
        id: "grades",
        title: "Customers above BRONZE over the year",
        about: format!(
            "Of {}, {} above BRONZE at the end of the year. A grade follows from the completed orders of the six months before; \
             the table has BRONZE too, and the moves up and down.",
            number::some(figures.customers(), "customer"),
            if above == 1 { "1 is".to_owned() } else { format!("{} are", number::count(above)) },
        ),
        option: json!({
            "tooltip": { "trigger": "axis", "valueFormatter": "@count" },
            "legend": { "top": 0, "right": 0, "icon": "roundRect" },
            "grid": { "left": 8, "right": 8, "top": 40, "bottom": 4 },
            "xAxis": {
                "type": "category", "boundaryGap": false, "data": dates, "axisTick": { "show": false },
                "axisLabel": { "formatter": "@monthOfDate", "interval": "@firstOfMonth" }
            },
            "yAxis": { "name": "Customers", "axisLabel": { "formatter": "@count" }, "splitNumber": 4 },
            "series": series
        }),
        table: DataTable {
            texts: 1,
            headers: vec!["End of", "VIP", "GOLD", "SILVER", "BRONZE", "Moves up", "Moves down"],
            rows,
        },
        wide: true,
        height: 340,
    }
}

/// Who the customers are at the end, and what each grade bought.
pub fn pyramid(figures: &Figures) -> Chart {
    let end = figures.grades_by_day().last().copied().unwrap_or_default();
    let customers: u64 = end.iter().sum();
    let revenue = figures.total().revenue;
    let of = |grade: &Grade| figures.grades.get(grade).copied().unwrap_or_default();
    let from_top: Vec<Grade> = Grade::ALL.iter().rev().copied().collect();
    let names: Vec<&str> = from_top.iter().map(|grade| grade.as_str()).collect();
    let bars = |part: &dyn Fn(Grade) -> (f64, String)| -> Vec<Value> {
        let bar = |&grade: &Grade| {
            let (value, label) = part(grade);
            json!({ "value": rounded(value, 4), "itemStyle": { "color": color(grade) }, "label": { "formatter": label } })
        };
        from_top.iter().map(bar).collect()
    };
    let people = bars(&|grade| {
        let count = end[usize::from(grade.code())];
        (share(count, customers), format!("{}  {}", number::count(count), number::share(share(count, customers))))
    });
    let money = bars(&|grade| {
        let part = of(&grade).revenue;
        (share(part, revenue), format!("{}  {}", money::short(part), number::share(share(part, revenue))))
    });
    let rows = from_top
        .iter()
        .map(|grade| {
            let count = end[usize::from(grade.code())];
            let sales = of(grade);
            vec![
                grade.as_str().to_owned(),
                number::count(count),
                number::share(share(count, customers)),
                number::won(sales.revenue),
                number::share(share(sales.revenue, revenue)),
                number::count(sales.orders),
                number::won(sales.average()),
            ]
        })
        .collect();
    let above: u64 = end[1..].iter().sum();
    let earned: i64 = Grade::ALL[1..].iter().map(|grade| of(grade).revenue).sum();
    let axis = |grid: u8| {
        json!({
            "gridIndex": grid, "type": "category", "inverse": true, "data": names, "axisTick": { "show": false },
            "axisLine": { "show": false }, "axisLabel": { "show": grid == 0 }
        })
    };
    let series = |name: &str, at: u8, data: Vec<Value>| {
        json!({
            "type": "bar", "name": name, "xAxisIndex": at, "yAxisIndex": at, "data": data, "barMaxWidth": 34,
            "label": { "show": true, "position": "right", "color": "$soft", "fontSize": 11 }
        })
    };
    let title = |text: &str, left: &str| json!({ "text": text, "left": left, "top": 0, "textStyle": { "fontSize": 12, "fontWeight": "normal" } });
    Chart {
        id: "pyramid",
        title: "The grades at the end of the year, and their revenue",
        about: format!(
            "{} of the customers are above BRONZE; orders placed in these grades brought {} of the revenue. An order counts \
             for the grade that the buyer had at that moment.",
            number::share(share(above, customers)),
            number::share(share(earned, revenue)),
        ),
        option: json!({
            "tooltip": { "trigger": "item", "valueFormatter": "@percent" },
            "title": [title("Customers", "13%"), title("Revenue of their orders", "57%")],
            "grid": [
                { "left": "13%", "width": "20%", "top": 26, "bottom": 4, "outerBoundsMode": "none" },
                { "left": "57%", "width": "17%", "top": 26, "bottom": 4, "outerBoundsMode": "none" }
            ],
            "xAxis": [{ "gridIndex": 0, "show": false, "min": 0 }, { "gridIndex": 1, "show": false, "min": 0 }],
            "yAxis": [axis(0), axis(1)],
            "series": [series("Customers", 0, people), series("Revenue", 1, money)]
        }),
        table: DataTable {
            texts: 1,
            headers: vec!["Grade", "Customers", "Share", "Revenue", "Share of revenue", "Orders", "Average order"],
            rows,
        },
        wide: false,
        height: 300,
    }
}

/// From which grade to which, over the year.
pub fn moves(figures: &Figures) -> Chart {
    let mut flows: BTreeMap<(Grade, Grade), u64> = BTreeMap::new();
    for ((_, from, to), count) in &figures.grade_moves {
        *flows.entry((*from, *to)).or_default() += count;
    }
    let mut sorted: Vec<_> = flows.into_iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let ends = |side: usize| {
        let used = move |grade: &&Grade, flows: &[((Grade, Grade), u64)]| {
            flows.iter().any(|((from, to), _)| if side == 0 { from == *grade } else { to == *grade })
        };
        let node = |grade: &Grade| {
            json!({
                "name": format!("{}{side}", grade.as_str()), "depth": side, "itemStyle": { "color": color(*grade) },
                "label": { "formatter": grade.as_str(), "position": if side == 0 { "right" } else { "left" } }
            })
        };
        Grade::ALL.iter().rev().filter(|grade| used(grade, &sorted)).map(node).collect::<Vec<_>>()
    };
    let nodes: Vec<Value> = ends(0).into_iter().chain(ends(1)).collect();
    let links: Vec<Value> = sorted
        .iter()
        .map(|((from, to), count)| json!({ "source": format!("{from}0"), "target": format!("{to}1"), "value": count }))
        .collect();
    let total: u64 = sorted.iter().map(|(_, count)| count).sum();
    let up: u64 = sorted.iter().filter(|((from, to), _)| to > from).map(|(_, count)| count).sum();
    let rows = sorted
        .iter()
        .map(|((from, to), count)| {
            let way = if to > from { "up" } else { "down" };
            let part = number::share(share(*count, total));
            vec![from.to_string(), to.to_string(), way.to_owned(), number::count(*count), part]
        })
        .collect();
    Chart {
        id: "moves",
        title: "Moves between grades in the year",
        about: format!(
            "{}: {} up and {} down; one customer can move several times. Left is the grade before a move, right the \
             grade after it.",
            number::some(total, "move"),
            number::count(up),
            number::count(total - up),
        ),
        option: json!({
            "tooltip": { "trigger": "item", "formatter": "@move" },
            "series": [{
                "type": "sankey", "left": 4, "right": 4, "top": 8, "bottom": 8, "nodeWidth": 14, "nodeGap": 14,
                "layoutIterations": 0, "draggable": false, "emphasis": { "focus": "adjacency" },
                "label": { "color": "$text", "fontSize": 12 },
                "lineStyle": { "color": "source", "opacity": 0.4, "curveness": 0.5 },
                "data": nodes, "links": links
            }]
        }),
        table: DataTable { texts: 3, headers: vec!["From", "To", "Way", "Moves", "Share"], rows },
        wide: false,
        height: 300,
    }
}
