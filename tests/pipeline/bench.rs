//! `bench` on the real services: figures that can be, and nothing left behind.

use redis::Commands;
use serde_json::Value;

use crate::shop::{Shop, number};
use crate::support::*;

#[test]
fn a_deployment_is_measured_and_left_as_it_was() {
    let shop = Shop::seeded(1_200, 1_200);
    let mut command = shop.program("bench --orders 1_000 --users 1_000 --products 1_000 --json");
    // Of the whole server: it makes a schema of its own.
    let output = command.env("DATABASE_URL", database_url()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let lines = report["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 9, "{report}");
    let line = |what: &str| lines.iter().find(|line| line["what"].as_str().unwrap().contains(what)).unwrap();
    // Two queries a refresh, 1.2 refreshes a minute; two queries for each of 15 orders.
    assert_eq!(line("at an order every 4 s")["measured"], "2.4 (2 a refresh)");
    assert_eq!(line("at an order every 4 s")["times"], 12.5);
    assert!(line("drawn in the producer's memory")["times"].as_f64().unwrap() > 10.0);
    assert!(report["words"][0].as_str().unwrap().contains("92.0 % at an order every 4 s"), "{report}");

    let conn = &mut shop.db.connect();
    let schemas = "SELECT count(*) AS n FROM pg_namespace WHERE nspname LIKE 'shopstream\\_bench\\_%'";
    assert_eq!(number(conn, schemas), 0);
    let keys: Vec<String> = shop.redis.connect().keys("shopstream_bench_*").unwrap();
    assert_eq!(keys, Vec::<String>::new());
    let metadata = shop.topics.kafka().metadata(&shop.topics.kafka().admin().unwrap()).unwrap();
    let topics = metadata.topics().iter().filter(|topic| topic.name().starts_with("shopstream_bench_")).count();
    assert_eq!(topics, 0);
}
