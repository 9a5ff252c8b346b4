//! Every query of a dashboard for PostgreSQL, run as Grafana sends it, on the year 2025 in the size that `backfill` gives it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::Value;

use crate::boards::{Board, POSTGRES, Panel, panels_of};
use crate::evidence::{self, Line};
use crate::shop::Shop;
use crate::variables::Chosen;

/// No panel may take longer.
const LONGEST: Duration = Duration::from_millis(500);
/// The best of so many runs counts: the others were held up by whatever else the machine does, tests above all.
const RUNS: usize = 5;
/// What a bigint, a numeric, … is to Grafana.
const NUMBERS: [&str; 5] = ["smallint", "integer", "bigint", "numeric", "double precision"];

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    t: String,
}

fn texts(conn: &mut PgConnection, sql: &str) -> Vec<String> {
    let rows: Vec<Words> = diesel::sql_query(sql).load(conn).unwrap_or_else(|error| panic!("{error}: {sql}"));
    rows.into_iter().map(|row| row.t).collect()
}

/// The names and types of a query's columns, in order. A view of it cannot be made when two have one name.
fn columns(conn: &mut PgConnection, sql: &str) -> Vec<(String, String)> {
    conn.batch_execute(&format!("DROP VIEW IF EXISTS pg_temp.panel; CREATE TEMP VIEW panel AS {sql}"))
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
    let named = texts(
        conn,
        "SELECT attname || '|' || format_type(atttypid, NULL) AS t FROM pg_attribute
          WHERE attrelid = 'pg_temp.panel'::regclass AND attnum > 0 ORDER BY attnum",
    );
    named.iter().map(|both| both.rsplit_once('|').unwrap()).map(|(name, of)| (name.to_owned(), of.to_owned())).collect()
}

fn rows(conn: &mut PgConnection, sql: &str) -> Vec<Value> {
    let rows = texts(conn, &format!("SELECT row_to_json(panel)::text AS t FROM ({sql}) panel"));
    rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
}

/// How long it takes until all rows are here.
fn fastest(conn: &mut PgConnection, sql: &str) -> Duration {
    let run = |_| {
        let began = Instant::now();
        conn.batch_execute(sql).unwrap();
        began.elapsed()
    };
    (0..RUNS).map(run).min().unwrap()
}

/// A shop with the year 2025, and what a dashboard chooses when it opens.
struct Year {
    shop: Shop,
    all: Chosen,
}

impl Year {
    /// As `backfill` makes it unless it is told otherwise.
    fn of_default_size() -> Self {
        Self::new(10_000, 20_000, 50_000)
    }

    fn new(users: u32, products: u32, orders: u64) -> Self {
        let shop = Shop::seeded(users, products);
        shop.backfill(orders);
        // What autovacuum does within a minute or so.
        shop.execute("ANALYZE users, products, orders, order_items, grade_changes");
        let board = Board::read("sales");
        let chosen = |variable: &str| {
            let variable = board.variables().iter().find(|of| of["name"] == variable).unwrap();
            texts(
                &mut shop.db.connect(),
                &format!("SELECT * FROM ({}) AS choices (t)", variable["query"].as_str().unwrap()),
            )
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let all = Chosen {
            from: text(&board.json["time"]["from"]),
            to: text(&board.json["time"]["to"]),
            regions: chosen("region"),
            categories: chosen("category"),
            scenario: "black-friday".to_owned(),
        };
        assert_eq!((all.regions.len(), all.categories.len()), (13, 19));
        Self { shop, all }
    }

    /// A connection with the memory that PostgreSQL gives a query unless it is told otherwise, as in the compose file.
    fn connect(&self) -> PgConnection {
        let mut conn = self.shop.db.connect();
        conn.batch_execute("SET work_mem = '4MB'").unwrap();
        conn
    }
}

fn query(panel: &Panel<'_>) -> String {
    let [target] = panel.targets() else { panic!("{}: more than one query", panel.place()) };
    assert!(target["rawQuery"] == true && target["editorMode"] == "code", "{}", panel.place());
    target["rawSql"].as_str().unwrap().to_owned()
}

/// What the kind of panel needs of the columns, or it shows nothing.
fn assert_fits(panel: &Panel<'_>, columns: &[(String, String)], rows: &[Value]) {
    let place = panel.place();
    let is_number = |of: &(String, String)| NUMBERS.contains(&of.1.as_str());
    let format = panel.targets()[0]["format"].as_str().unwrap();
    let [first, others @ ..] = columns else { panic!("{place}: no columns") };
    match panel.kind() {
        "timeseries" => {
            assert_eq!(format, "time_series", "{place}");
            assert_eq!((first.0.as_str(), first.1.as_str()), ("time", "timestamp with time zone"), "{place}");
            // Wide: a series a column. Long: the series' name in the column `metric`.
            let values = if others[0].0 == "metric" { &others[1..] } else { others };
            assert!(!values.is_empty() && values.iter().all(is_number), "{place}: {columns:?}");
            assert!(
                rows.is_sorted_by_key(|row| row["time"].as_str().unwrap().to_owned()),
                "{place}: not in order of time"
            );
        }
        "barchart" => {
            assert_eq!(format, "table", "{place}");
            assert_eq!(panel.json["options"]["xField"], first.0, "{place}");
            assert_eq!(first.1, "text", "{place}: bars stand on texts");
            assert!(!others.is_empty() && others.iter().all(is_number), "{place}: {columns:?}");
        }
        "stat" | "piechart" => {
            assert_eq!(format, "table", "{place}");
            assert!(columns.iter().all(is_number), "{place}: {columns:?}");
            assert_eq!(rows.len(), 1, "{place}");
        }
        "table" => assert!(format == "table" && columns.iter().any(is_number), "{place}: {columns:?}"),
        other => panic!("{place}: {other} does not ask PostgreSQL"),
    }
    for name in panel.overridden() {
        let is_series = rows.iter().any(|row| row["metric"] == name);
        assert!(is_series || columns.iter().any(|(column, _)| column == name), "{place}: there is no {name} to set");
    }
    // A column of nothing is a query that asks for what is not there.
    for (name, _) in columns {
        let said = |row: &Value| !row[name].is_null() && row[name] != 0;
        assert!(rows.iter().any(said) || panel.title() == "From grade to grade", "{place}: nothing in {name}");
    }
}

#[test]
fn every_panel_shows_the_year_within_half_a_second() {
    let year = Year::of_default_size();
    let conn = &mut year.connect();
    let boards = Board::all();
    let (mut shapes, mut lines) = (String::new(), Vec::new());
    for panel in panels_of(&boards, POSTGRES) {
        let place = panel.place();
        let sql = year.all.sql(&query(&panel));
        let columns = columns(conn, &sql);
        let rows = rows(conn, &sql);
        assert!(!rows.is_empty(), "{place} shows nothing");
        assert_fits(&panel, &columns, &rows);
        let named: Vec<String> = columns.iter().map(|(name, of)| format!("{name} {of}")).collect();
        shapes += &format!("{place}: {}\n", named.join(", "));
        let took = fastest(conn, &sql);
        assert!(took < LONGEST, "{place} takes {took:?}");
        lines.push(Line { board: panel.board.name, title: panel.title().to_owned(), count: rows.len(), took });

        // One region and one category: the query stays one, and what is narrower is not more.
        let narrow = Chosen {
            regions: vec!["서울".to_owned()],
            categories: vec!["스킨케어".to_owned()],
            scenario: "golf".to_owned(),
            ..year.all.clone()
        };
        let fewer = self::rows(conn, &narrow.sql(&query(&panel)));
        assert!(!fewer.is_empty() && fewer.len() <= rows.len(), "{place}: {} of {} rows", fewer.len(), rows.len());
    }
    insta::assert_snapshot!("columns", shapes);
    evidence::keep("panels-of-postgresql", "rows", &lines);
}

#[test]
fn panels_agree_with_each_other_and_with_the_tables() {
    let year = Year::of_default_size();
    let conn = &mut year.connect();
    let boards = Board::all();
    let panels = panels_of(&boards, POSTGRES);
    let mut shown = |place: &str, chosen: &Chosen| {
        let panel = panels.iter().find(|panel| panel.place() == place).unwrap_or_else(|| panic!("no panel {place}"));
        rows(conn, &chosen.sql(&query(panel)))
    };
    let sum = |rows: &[Value], names: &[&str]| -> i64 {
        rows.iter().flat_map(|row| names.iter().map(|name| row[*name].as_i64().unwrap())).sum()
    };
    let seoul = Chosen { regions: vec!["서울".to_owned()], ..year.all.clone() };
    for (chosen, whose) in [(&year.all, "true"), (&seoul, "region = '서울'")] {
        let paid =
            year.shop.number(&format!("SELECT sum(total_amount) FROM orders WHERE status = 'COMPLETED' AND {whose}"));
        for (place, names) in [
            ("sales / The period at a glance", &["Revenue"][..]),
            ("sales / Revenue by month", &["Revenue"]),
            ("sales / Revenue by week", &["Revenue"]),
            ("sales / Revenue by hour", &["Revenue"]),
            ("sales / Revenue by region", &["Revenue"]),
            ("sales / Revenue by age and gender", &["Women", "Men"]),
            ("scenarios / All scenarios of the period", &["Revenue"]),
            ("customers / Revenue by grade and month", &["BRONZE", "SILVER", "GOLD", "VIP"]),
        ] {
            assert_eq!(sum(&shown(place, chosen), names), paid, "{place} where {whose}");
        }
        let orders = year.shop.number(&format!("SELECT count(*) FROM orders WHERE {whose}"));
        let hours: Vec<String> = (0..24).map(|hour| format!("{hour:02}")).collect();
        let hours: Vec<&str> = hours.iter().map(String::as_str).collect();
        for (place, names) in [
            ("sales / Orders by month", &["Completed", "Cancelled", "Refunded"][..]),
            ("sales / Orders by weekday and hour", &hours),
            ("sales / Orders by payment", &["Card", "NaverPay", "KakaoPay", "Bank"]),
            ("scenarios / Orders a day", &["Ordinary", "Scenario chosen", "Other scenarios"]),
            ("customers / First and further orders by week", &["First orders", "Further orders"]),
        ] {
            assert_eq!(sum(&shown(place, chosen), names), orders, "{place} where {whose}");
        }
        let goods = year
            .shop
            .number(&format!("SELECT sum(line_amount) FROM order_lines WHERE status = 'COMPLETED' AND {whose}"));
        assert_eq!(sum(&shown("sales / Goods by category", chosen), &["Goods"]), goods, "{whose}");
        assert_eq!(sum(&shown("sales / Goods by category and week", chosen), &["value"]), goods, "{whose}");

        let pyramid = shown("customers / Customers by grade", chosen).pop().unwrap();
        for grade in ["BRONZE", "SILVER", "GOLD", "VIP"] {
            let now = year.shop.number(&format!("SELECT count(*) FROM users WHERE grade = '{grade}' AND {whose}"));
            assert_eq!(pyramid[grade], now, "{grade} at the end of the year, where {whose}");
        }
    }
    // A part of the year: what was before counts in the pyramid, and nowhere else.
    let autumn = Chosen { from: "2025-08-31T15:00:00Z".to_owned(), ..year.all.clone() };
    let pyramid = shown("customers / Customers by grade", &autumn);
    let before = year.shop.number("SELECT count(*) FROM users WHERE created_at < '2025-09-01T00:00+09'");
    let first = ["BRONZE", "SILVER", "GOLD", "VIP"].map(|grade| pyramid[0][grade].as_i64().unwrap());
    assert!(first.iter().sum::<i64>() - before < 30 && first[3] > 0, "{first:?} and {before} signed up before");
    assert_eq!(shown("sales / Revenue by month", &autumn).len(), 4);

    // What the scenario does to the categories it names: holiday gifts are health food (tests/generator holds by how much).
    let gifts = Chosen { scenario: "holiday-gifts".to_owned(), ..year.all.clone() };
    let shares = shown("scenarios / Category shares", &gifts);
    let health = shares.iter().find(|row| row["category"] == "건강식품").unwrap();
    assert!(health["Scenario"].as_f64().unwrap() > 1.8 * health["Ordinary"].as_f64().unwrap(), "{health}");
    let friday = shown("scenarios / ${scenario} at a glance", &year.all).pop().unwrap();
    assert!(friday["Orders a day, against other days"].as_f64().unwrap() > 2.0, "{friday}");
}

#[test]
fn what_a_dashboard_lets_choose_comes_from_the_shop() {
    let year = Year::new(1_900, 2_500, 3_000);
    let conn = &mut year.connect();
    let mut counts = BTreeMap::new();
    for board in Board::all() {
        for variable in board.variables() {
            let name = variable["name"].as_str().unwrap();
            let sql = year.all.sql(variable["query"].as_str().unwrap());
            assert_eq!(variable["query"], variable["definition"], "{}: {name}", board.name);
            let columns = columns(conn, &sql);
            assert!(columns.len() == 1 && columns[0].1 == "text", "{}: {name}: {columns:?}", board.name);
            let choices = rows(conn, &sql).len();
            assert_eq!(*counts.entry(name.to_owned()).or_insert(choices), choices, "{}: {name}", board.name);
            assert!(fastest(conn, &sql) < LONGEST, "{}: {name}", board.name);
        }
    }
    let expected = [("category", 19), ("region", 13), ("scenario", 20)].map(|(name, count)| (name.to_owned(), count));
    assert_eq!(counts, BTreeMap::from(expected));
}
