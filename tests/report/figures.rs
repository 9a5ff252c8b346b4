//! The figures against others that the report has no part in: the generator's own summary, plain SQL, the calendar.

use shopstream::backfill::dataset::FileFormat;
use shopstream::backfill::request::{DEFAULT_SEED, Request, Sizes};
use shopstream::domain::{AgeGroup, Gender, Grade};
use shopstream::generator::calendar::days_of_year;
use shopstream::generator::scenarios::BASELINE;
use shopstream::report::figures::{VALUE_LIMITS, value_class};
use shopstream::report::{charts, events};
use shopstream::sink::compress::Compression;

use crate::shop::{Shop, YEAR, of_folder, world, write};

#[test]
fn months_and_grades_are_those_that_backfill_counted_while_it_wrote() {
    let base = tempfile::tempdir().unwrap();
    let request = Request::new(YEAR, DEFAULT_SEED, Sizes::default()).unwrap();
    let summary = write(&request, FileFormat::Parquet, Compression::Zstd, base.path()).summary;
    let figures = of_folder(base.path()).unwrap().figures;
    let month_of = figures.months();
    for (month, (ours, theirs)) in figures.by_month().iter().zip(&summary.months).enumerate() {
        assert_eq!((ours.orders, ours.items, ours.revenue), (theirs.orders, theirs.items, theirs.revenue), "{month}");
        let (name, sales) = events::top(&figures, |day| month_of[day] == month).unwrap();
        let (scenario, orders) = theirs.top_scenario().unwrap();
        assert_eq!((name, sales.orders), (world().names.scenarios[usize::from(scenario)].as_str(), orders), "{month}");
    }
    assert_eq!(*figures.grades_by_day().last().unwrap(), summary.grades);
    assert_eq!(figures.grade_moves.values().sum::<u64>(), summary.grade_changes);

    // The calendar is not read by the report: it finds the same events in the orders.
    let calendar = world().scenarios.calendar(YEAR);
    let mut found = vec![None; calendar.len()];
    for event in events::of(&figures) {
        found[event.first..=event.last].fill(Some(event.scenario.clone()));
    }
    let name = |scenario: u8| (scenario != BASELINE).then(|| world().names.scenarios[usize::from(scenario)].clone());
    for (day, (found, scenario)) in days_of_year(YEAR).iter().zip(found.into_iter().zip(calendar)) {
        assert_eq!(found, name(scenario), "{day}");
    }
}

#[test]
fn each_figure_is_what_plain_sql_counts() {
    let shop = Shop::backfilled(3_000);
    let figures = shop.report(YEAR).unwrap().figures;
    let year = "created_at >= '2025-01-01T00:00+09' AND created_at < '2026-01-01T00:00+09'";
    let orders = |condition: &str| shop.number(&format!("SELECT count(*) FROM orders WHERE {year} AND {condition}"));
    let revenue = |condition: &str| {
        let paid = format!("{year} AND status = 'COMPLETED' AND {condition}");
        shop.number(&format!("SELECT COALESCE(sum(total_amount), 0) FROM orders WHERE {paid}"))
    };
    let same = |sales: &shopstream::report::figures::Sales, condition: &str| {
        assert_eq!((sales.orders as i64, sales.revenue), (orders(condition), revenue(condition)), "{condition}");
    };
    same(&figures.total(), "true");
    same(&figures.by_day()[331], "created_at >= '2025-11-28T00:00+09' AND created_at < '2025-11-29T00:00+09'");
    // Saturday, 20:00 to 21:00 in Korea is 11:00 in UTC.
    same(&figures.hours[5][20], "to_char(created_at AT TIME ZONE 'UTC', 'Dy HH24') = 'Sat 11'");
    // Monday, 02:00 in Korea is still Sunday in UTC.
    same(&figures.hours[0][2], "to_char(created_at AT TIME ZONE 'UTC', 'Dy HH24') = 'Sun 17'");
    same(&figures.baskets[&3], "item_count = 3");
    same(&figures.regions["경기"], "region = '경기'");
    same(&figures.buyers[&(AgeGroup::Thirties, Gender::Female)], "age_group = '30s' AND gender = 'F'");
    same(&figures.grades[&Grade::Silver], "grade = 'SILVER'");
    let class = value_class(200_000);
    let limits = format!("total_amount >= {} AND total_amount < {}", VALUE_LIMITS[class - 1], VALUE_LIMITS[class]);
    same(&figures.values[&class], &limits);

    let november = &figures.categories["건강식품"][10];
    let lines = "FROM order_lines WHERE category = '건강식품' AND to_char(ordered_at_business, 'YYYY-MM') = '2025-11'";
    assert_eq!(november.lines as i64, shop.number(&format!("SELECT count(*) {lines}")));
    assert_eq!(november.pieces as i64, shop.number(&format!("SELECT sum(quantity) {lines}")));
    assert_eq!(november.revenue, shop.number(&format!("SELECT sum(line_amount) {lines} AND status = 'COMPLETED'")));
    let bought = shop.number(&format!("SELECT count(DISTINCT user_id) FROM orders WHERE {year}"));
    assert_eq!(figures.customers_who_bought as i64, bought);
    let until_june = shop.number("SELECT count(*) FROM users WHERE created_at < '2025-07-01T00:00+09'");
    assert_eq!(figures.sign_ups[..7].iter().sum::<u64>() as i64, until_june);
    let grades = *figures.grades_by_day().last().unwrap();
    for grade in Grade::ALL {
        let now = shop.number(&format!("SELECT count(*) FROM users WHERE grade = '{grade}'"));
        assert_eq!(grades[usize::from(grade.code())] as i64, now, "{grade}");
    }
}

#[test]
fn the_figures_beside_a_chart_are_those_that_it_draws() {
    let base = tempfile::tempdir().unwrap();
    write(&crate::shop::request(2_000), FileFormat::Ndjson, Compression::None, base.path());
    let figures = of_folder(base.path()).unwrap().figures;
    let sections = charts::all(&figures);
    let charts: Vec<_> = sections.iter().flat_map(|section| &section.charts).collect();
    assert_eq!(charts.len(), 14);
    for chart in &charts {
        assert!(!chart.about.is_empty() && !chart.table.rows.is_empty(), "{}", chart.id);
        assert!(chart.table.rows.iter().all(|row| row.len() == chart.table.headers.len()), "{}", chart.id);
    }
    let chart = |id: &str| charts.iter().find(|chart| chart.id == id).unwrap();
    let won = |amount: &serde_json::Value| shopstream::output::number::won(amount.as_i64().unwrap());
    let revenue = chart("days").option["series"][0]["data"].as_array().unwrap();
    assert!(revenue.iter().zip(&chart("days").table.rows).all(|(value, row)| won(value) == row[2]));
    let regions = chart("regions").option["series"][0]["data"].as_array().unwrap();
    assert!(regions.iter().zip(&chart("regions").table.rows).all(|(bar, row)| won(&bar["value"]) == row[1]));
    assert_eq!(regions.len(), 13);
}
