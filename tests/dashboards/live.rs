//! The pipeline's dashboard and the alerts on a real Prometheus, which scrapes the 14 applications at work.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::applications::{Applications, PATIENCE, names};
use crate::boards::{Board, PROMETHEUS, Panel, panels_of};
use crate::evidence::{self, Line};
use crate::prometheus::Prometheus;
use crate::support::until;
use crate::variables::{legend_labels, metrics, promql};

/// What a target of a panel shows: its series, once there are some and all of them are numbers.
fn shown(prometheus: &Prometheus, place: &str, target: &Value) -> Vec<Value> {
    let query = promql(target["expr"].as_str().unwrap());
    until(PATIENCE, &format!("{place} shows something: {query}"), || {
        let series = prometheus.query(&query);
        let is_number = |of: &Value| of["value"][1].as_str().unwrap().parse::<f64>().unwrap().is_finite();
        if !series.is_empty() && series.iter().all(is_number) { Ok(series) } else { Err(format!("{series:?}")) }
    })
}

fn assert_legend_holds(panel: &Panel<'_>, target: &Value, series: &[Value]) {
    let place = panel.place();
    let legend = target["legendFormat"].as_str().unwrap();
    let labels = |of: &Value| of["metric"].as_object().unwrap().clone();
    for one in series {
        for label in legend_labels(legend) {
            assert!(labels(one).contains_key(label), "{place}: the legend names {label}, and there is {one}");
        }
    }
    // Two series of one name could not be told apart.
    if panel.kind() != "table" {
        let named =
            |of: &Value| legend_labels(legend).iter().map(|label| labels(of)[*label].to_string()).collect::<Vec<_>>();
        let names: BTreeSet<_> = series.iter().map(named).collect();
        assert_eq!(names.len(), series.len(), "{place}: {legend} names several series alike");
    }
}

#[test]
fn the_pipelines_panels_and_the_alerts_see_the_applications_at_work() {
    let mut applications = Applications::start();
    let prometheus = Prometheus::start(&applications.places);
    assert_all_are_scraped(&prometheus);
    let boards = Board::all();
    assert_panels_show(&prometheus, &panels_of(&boards, PROMETHEUS));
    assert_rules_ask_for_what_is_there(&prometheus);
    assert_poison_is_reported(&prometheus);

    let value = |query: &str| prometheus.query(query)[0]["value"][1].as_str().unwrap().parse::<f64>().unwrap();
    let up = promql(&first_expression(&boards, "Workers up"));
    assert_eq!(value("sum(shopstream_cache_members{pool=\"customers\"})"), 1_000.0);
    assert_eq!(value(&up), 14.0);
    // One that was killed is noticed at the next scrape; that it is reported after a minute, promtool's cases hold.
    applications.kill("product-consumer-2");
    until(PATIENCE, "the dead worker is noticed", || {
        let alerts = prometheus.alerts();
        let down = alerts.iter().filter(|alert| alert["labels"]["alertname"] == "ShopstreamWorkerDown");
        let down: Vec<&Value> = down.map(|alert| &alert["labels"]["instance"]).collect();
        if down == ["product-consumer-2"] { Ok(()) } else { Err(format!("{alerts:?}")) }
    });
    assert_eq!(value(&up), 13.0);
}

/// Every application under its own name, and nothing else but Prometheus itself.
fn assert_all_are_scraped(prometheus: &Prometheus) {
    let up = until(PATIENCE, "all applications are up", || {
        let targets = prometheus.targets();
        let ours = targets.iter().filter(|target| target["labels"]["job"] != "prometheus");
        let up: Vec<Value> = ours.filter(|target| target["health"] == "up").cloned().collect();
        if up.len() == 14 { Ok(up) } else { Err(format!("{targets:?}")) }
    });
    let mut instances: Vec<&str> = up.iter().map(|target| target["labels"]["instance"].as_str().unwrap()).collect();
    let mut expected = names();
    instances.sort_unstable();
    expected.sort_unstable();
    assert_eq!(instances, expected);
    for target in &up {
        let [job, instance] = ["job", "instance"].map(|label| target["labels"][label].as_str().unwrap());
        assert_eq!(instance.trim_end_matches(['-', '1', '2', '3']), job, "a job is a role");
    }
}

fn assert_panels_show(prometheus: &Prometheus, panels: &[Panel<'_>]) {
    let mut lines = Vec::new();
    for panel in panels {
        let (mut count, mut took) = (0, Duration::ZERO);
        for target in panel.targets() {
            let series = shown(prometheus, &panel.place(), target);
            assert_legend_holds(panel, target, &series);
            let began = Instant::now();
            prometheus.query(&promql(target["expr"].as_str().unwrap()));
            took += began.elapsed();
            count += series.len();
        }
        lines.push(Line { board: panel.board.name, title: panel.title().to_owned(), count, took });
    }
    evidence::keep("panels-of-prometheus", "series", &lines);
}

fn assert_rules_ask_for_what_is_there(prometheus: &Prometheus) {
    let rules = prometheus.rules();
    assert!(rules.len() > 10, "{rules:?}");
    for rule in &rules {
        let (name, query) = (rule["name"].as_str().unwrap(), rule["query"].as_str().unwrap());
        assert_eq!(rule["health"], "ok", "{name}: {}", rule["lastError"]);
        for metric in metrics(query) {
            assert!(!prometheus.query(&format!("count({metric})")).is_empty(), "{name}: nobody serves {metric}");
        }
    }
}

/// Dead letters are reported; nothing is lost, and nothing stands still.
fn assert_poison_is_reported(prometheus: &Prometheus) {
    let is_of_poison = |alert: &Value| alert["labels"]["alertname"] == "ShopstreamDeadLetters";
    let firing = until(PATIENCE, "dead letters are reported", || {
        let alerts = prometheus.alerts();
        let firing: Vec<Value> = alerts.iter().filter(|alert| alert["state"] == "firing").cloned().collect();
        if firing.iter().any(is_of_poison) { Ok(firing) } else { Err(format!("{alerts:?}")) }
    });
    for alert in &firing {
        assert_ne!(alert["labels"]["severity"], "critical", "{alert}");
        if is_of_poison(alert) {
            assert_eq!(alert["labels"]["job"], "order-consumer", "{alert}");
            let said = alert["annotations"].to_string();
            assert!(said.contains("order-consumer") && !said.contains("no value"), "{alert}");
        }
    }
}

fn first_expression(boards: &[Board], title: &str) -> String {
    let panels = panels_of(boards, PROMETHEUS);
    let panel = panels.iter().find(|panel| panel.title() == title).unwrap();
    panel.targets()[0]["expr"].as_str().unwrap().to_owned()
}
