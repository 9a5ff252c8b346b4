//! What `examples/` holds works: its files make a year, its programs do what their first lines say.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "an example's main is not called here")]
#[path = "../examples/day_of_orders.rs"]
mod day_of_orders;
#[allow(dead_code, reason = "an example's main is not called here")]
#[path = "../examples/own_sink.rs"]
mod own_sink;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::NaiveDate;
use shopstream::backfill::request::{DEFAULT_SEED, Sizes};
use shopstream::backfill::{Request, Unwatched, files};
use shopstream::commands::own_files::OwnFiles;
use shopstream::domain::rows::TABLES;
use shopstream::generator::calendar::{FIRST_YEAR, LAST_YEAR};
use shopstream::interrupt::Interrupt;
use shopstream::sink::null::Null;

const SMALL: Sizes = Sizes { orders: Some(3_000), users: Some(2_000), products: Some(2_500), as_of: None };

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// Makes a small year, and holds that every scenario of the files is followed by some order.
fn makes_a_year_with_all_its_scenarios(own: &OwnFiles) {
    let world = own.world().unwrap();
    let mut request = Request::new(2025, DEFAULT_SEED, SMALL).unwrap();
    (request.catalog, request.scenarios) = (Some(1), Some(2));
    let outcome = files::run(&world, &request, &Null, 1, &Unwatched, &Interrupt::never()).unwrap();
    assert_eq!(outcome.summary.orders(), 3_000);
    assert_eq!(outcome.tables.iter().map(|table| table.table).collect::<Vec<_>>(), TABLES);
    let followed: BTreeSet<u8> =
        outcome.summary.months.iter().flat_map(|month| month.scenarios.keys().copied()).collect();
    assert_eq!(followed.len(), world.scenarios.all.len(), "of {:?}", world.names.scenarios);
    for year in FIRST_YEAR..=LAST_YEAR {
        assert!(world.scenarios.calendar(year).iter().any(|&scenario| scenario != 0), "{year} is all baseline");
    }
}

#[test]
fn the_scenario_file_makes_a_year() {
    makes_a_year_with_all_its_scenarios(&OwnFiles { catalog: None, scenarios: Some(example("scenarios.toml")) });
}

#[test]
fn the_bookshop_makes_a_year() {
    let own = OwnFiles { catalog: Some(example("catalog.toml")), scenarios: Some(example("scenarios-bookshop.toml")) };
    makes_a_year_with_all_its_scenarios(&own);
}

#[test]
fn the_validate_commands_in_the_files_succeed() {
    for (scenarios, catalog) in [("scenarios.toml", None), ("scenarios-bookshop.toml", Some("catalog.toml"))] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
        command.args(["scenarios", "validate"]).arg(example(scenarios));
        if let Some(catalog) = catalog {
            command.arg("--catalog").arg(example(catalog));
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_bookshop_needs_its_own_scenarios() {
    let own = OwnFiles { catalog: Some(example("catalog.toml")), scenarios: None };
    let failure = own.world().unwrap_err();
    assert!(failure.remedy().is_some_and(|help| help.contains("--scenarios FILE")), "{failure}");
}

#[test]
fn a_day_of_orders_is_the_same_each_time_and_adds_up() {
    let day = NaiveDate::from_ymd_opt(2025, 2, 3).unwrap();
    let [first, second] = [(); 2].map(|()| {
        let mut out = Vec::new();
        day_of_orders::write_day(day, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    });
    assert_eq!(first, second);
    let orders: Vec<serde_json::Value> = first.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!((50..250).contains(&orders.len()), "{} orders", orders.len());
    for order in &orders {
        let items = order["items"].as_array().unwrap();
        assert_eq!(items.len() as i64, order["item_count"].as_i64().unwrap());
        assert!(items.iter().all(|item| item["order_id"] == order["id"]));
        let lines: i64 = items.iter().map(|item| item["line_amount"].as_i64().unwrap()).sum();
        assert_eq!(lines + order["shipping_fee"].as_i64().unwrap(), order["total_amount"].as_i64().unwrap());
    }
}

#[test]
fn the_own_sink_counts_every_item_of_every_category() {
    let sales = own_sink::sales_of(2025, SMALL).unwrap();
    assert_eq!(sales.len(), 19);
    let items: u64 = sales.values().map(|(items, _)| items).sum();
    assert!((9_000..12_500).contains(&items), "{items} items of 3,000 orders");
    assert!(sales.values().all(|&(_, amount)| amount > 0));
}
