//! The figures of `docs/the-year.md` are those that the program was built with.

use toml::{Table, Value};

use crate::page::root;

fn data(name: &str) -> Table {
    std::fs::read_to_string(root().join("src/generator/data").join(name)).unwrap().parse().unwrap()
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/the-year.md")).unwrap()
}

/// A number as the page writes it.
fn number(value: &Value) -> String {
    value.as_integer().map_or_else(|| format!("{}", value.as_float().unwrap()), |whole| whole.to_string())
}

fn list(value: &Value) -> String {
    value.as_array().unwrap().iter().map(number).collect::<Vec<_>>().join(" ")
}

/// `1,500,000`
fn grouped(value: &Value) -> String {
    let digits = value.as_integer().unwrap().to_string();
    let parts: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|part| std::str::from_utf8(part).unwrap()).collect();
    parts.join(",")
}

fn has(line: &str) {
    assert!(page().lines().any(|found| found == line), "docs/the-year.md lacks the line\n{line}");
}

#[test]
fn demand_and_customers_are_as_the_page_says() {
    let (demand, customers) = (data("demand.toml"), data("customers.toml"));
    has(&format!("| weights of the hours 0 to 23 | {} |", list(&demand["hours"])));
    has(&format!("| weights of the weekdays, Monday first | {} |", list(&demand["weekdays"])));
    has(&format!("| weights of carts of 1 to 10 lines | {} |", list(&demand["cart_items"])));
    has(&format!("| status COMPLETED, CANCELLED, REFUNDED, per cent | {} |", list(&demand["order_status"])));
    let (shares, points) = (&customers["shares"], &customers["propensity"]);
    has(&format!("| gender F, M, per cent | {} |", list(&shares["gender"])));
    has(&format!("| age group teens (14–19), 20s, 30s, 40s, 50+ (50–74), per cent | {} |", list(&shares["age_group"])));
    has(&format!("| status ACTIVE, DORMANT, per cent | {} |", list(&shares["status"])));
    has(&format!("| points by age group, teens first | {} |", list(&points["age_group"])));
    has(&format!("| points by gender F, M | {} |", list(&points["gender"])));
    has(&format!("| points by status ACTIVE, DORMANT | {} |", list(&points["status"])));
    has(&format!("| points by marketing mail, welcome or not | {} |", list(&points["marketing"])));
    has(&format!("| points by grade, BRONZE first | {} |", list(&points["grade"])));
    has(&format!("| life event × 1, × 1.5, × 3, per cent | {} |", list(&points["life_event"]["weights"])));
    let ages = ["teens", "20s", "30s", "40s", "50+"];
    for (index, age) in ages.iter().enumerate() {
        has(&format!("| {age} | {} |", list(&points["hours"][index])));
        has(&format!("| {age} | {} |", list(&customers["payment"]["weights"][index])));
    }
    let regions = customers["region"].as_array().unwrap().iter();
    let regions: Vec<_> =
        regions.map(|region| format!("{} {}", region["name"].as_str().unwrap(), number(&region["weight"]))).collect();
    has(&format!("| region, per cent | {} |", regions.join(", ")));
}

#[test]
fn the_catalogue_is_as_the_page_says() {
    for category in data("catalog.toml")["category"].as_array().unwrap() {
        let text = |key: &str| category[key].as_str().unwrap();
        has(&format!(
            "| {} | {} | `{}` | {}–{} | {} | {} |",
            text("name"),
            text("english"),
            text("id"),
            grouped(&category["price"][0]),
            grouped(&category["price"][1]),
            number(&category["frequency"]),
            list(&category["quantity"]),
        ));
    }
}

#[test]
fn the_scenarios_are_as_the_page_says() {
    let (data, page) = (data("scenarios.toml"), page());
    for scenario in data["scenario"].as_array().unwrap() {
        let text = |key: &str| scenario[key].as_str().unwrap();
        let reach = scenario["reach"].as_float().unwrap() * 100.0;
        let begins = format!(
            "| `{}` | {} | {} | {reach:.0} % | {} | {} |",
            text("id"),
            text("what"),
            number(&scenario["demand"]),
            list(&scenario["gender"]),
            list(&scenario["ages"]),
        );
        let row = page.lines().find(|line| line.starts_with(&begins));
        let row = row.unwrap_or_else(|| panic!("docs/the-year.md lacks a row that begins\n{begins}"));
        let windows = data["window"].as_array().unwrap().iter().filter(|window| window["scenario"] == scenario["id"]);
        for window in windows.filter_map(Value::as_table).filter(|window| window.contains_key("from")) {
            let days = format!("{}–{}", window["from"].as_str().unwrap(), window["to"].as_str().unwrap());
            assert!(row.contains(&days), "{days} is missing: {row}");
        }
    }
}
