//! A shop as it should be, and one with much amiss, as people read it.

use std::process::Command;

use crate::consultation::Consultation;
use crate::shop::{Shop, number};
use crate::support::*;

/// A shop with its pool, and consumers that have read the few messages there are.
fn healthy() -> (Shop, Vec<Running>) {
    let shop = Shop::seeded(300, 300);
    shop.run("cache refresh");
    let members = ["users", "products", "orders"].map(|topic| shop.start(&format!("consume --topic {topic}")));
    shop.run("produce --stream orders --rate 200/s --limit 30");
    shop.until_consumed("orders");
    (shop, members.into())
}

/// Runs the program, and returns its exit status and standard output without what changes from run to run.
fn report(shop: &Shop, command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let address = database_url();
    let address = address.split('@').next_back().unwrap().split('/').next().unwrap();
    let mut text = text
        .replace(&shop.topics.prefix, "test.")
        .replace(&shop.redis.prefix, "test:")
        .replace(shop.db.schema(), "test")
        .replace(address, "[PG]")
        .replace(&kafka_brokers(), "[BROKERS]")
        .replace(redis_url().trim_start_matches("redis://"), "[REDIS]");
    for broker in kafka_brokers().split(',') {
        text = text.replace(broker, "[BROKER]");
    }
    // How wide the table of settings is depends on what was replaced.
    let (findings, settings) = text.split_once("setting ").unwrap();
    let settings: Vec<String> = format!("setting {settings}")
        .lines()
        .map(|line| {
            line.split("  ").filter(|cell| !cell.trim().is_empty()).map(str::trim).collect::<Vec<_>>().join("  ")
        })
        .collect();
    let text = format!("{findings}{}", settings.join("\n"));
    format!("exit: {}\n{text}\n--- stderr\n{}", output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr))
}

/// Figures of this machine, these servers and this moment.
fn with_filters(assert: impl FnOnce()) {
    insta::with_settings!({filters => vec![
        (r"\d[\d.,]* (B|kB|MB|GB|TB)", "[SIZE]"),
        (r"shopstream \d+\.\d+\.\d+[^ ]* \([^)]+\)", "shopstream [VERSION]"),
        (r"version: \d+\.\d+[^\n]*", "version: [VERSION]"),
        (r"\d+ of \d+ connections", "[N] of [M] connections"),
        (r"(working|temporary) folder \([^)]*\)", "$1 folder ([FOLDER])"),
        (r"oldest transaction: [^\n]*", "oldest transaction: [SOME]"),
        (r"refreshed [\d.]+ (ms|s) ago", "refreshed [AGO]"),
        (r"refreshed \d+ min \d+ s ago", "refreshed [AGO]"),
        (r"\(0: \d+, 1: \d+, 2: \d+\)", "([BY PARTITION])"),
        (r"\d+ visits", "[N] visits"),
        (r"partition \d is stored up to", "partition [N] is stored up to"),
    ]}, { assert() });
}

#[test]
fn a_shop_as_it_should_be_is_found_to_be_well() {
    let (shop, _members) = healthy();
    let consultation = Consultation::hold(&mut shop.program("doctor --json"));
    assert_eq!(consultation.complaints(), Vec::<String>::new());
    assert_eq!((consultation.exit, consultation.stderr.as_str()), (0, ""));
    assert!(consultation.took.as_secs() < 10, "{:?}", consultation.took);
    with_filters(|| insta::assert_snapshot!("well", report(&shop, &mut shop.program("doctor"))));
}

#[test]
fn what_is_amiss_stands_with_what_mends_it() {
    let (shop, _members) = healthy();
    let conn = &mut shop.db.connect();
    for sql in [
        "REVOKE INSERT, DELETE ON orders FROM CURRENT_USER",
        "INSERT INTO backfill_runs (run_id, year, parameters, months_done, version)
              VALUES (gen_random_uuid(), 2024, '{}', '{1,2,3}', '0')",
        "UPDATE consumer_offsets SET expired = 12 WHERE topic LIKE '%orders' AND partition = 0",
    ] {
        diesel::connection::SimpleConnection::batch_execute(conn, sql).unwrap();
    }
    shop.topics.set("orders", "retention.ms", "60000");
    shop.run("scenarios activate golf --for 30m");
    shop.topics.send("orders.dlq", None, Some(b"{}"), headers(&[]));
    let mut command = shop.program("doctor");
    command.env("REDIS_URL", "redis://127.0.0.1:1");
    until(std::time::Duration::from_secs(20), "every broker knows the setting", || {
        let text = String::from_utf8(shop.program("doctor").output().unwrap().stdout).unwrap();
        if text.contains("retention.ms 60000") { Ok(()) } else { Err(text) }
    });
    assert!(number(conn, "SELECT count(*) AS n FROM consumer_offsets WHERE expired > 0") == 1);
    with_filters(|| insta::assert_snapshot!("amiss", report(&shop, &mut command)));
}
