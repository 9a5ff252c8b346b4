//! Without a terminal: lines, JSON and metrics, of real services.

use std::time::Duration;

use serde_json::Value;
use shopstream::telemetry::{Address, probe};

use crate::exposition::assert_documented;
use crate::shop::{PATIENCE, Shop};
use crate::support::*;
use crate::terminal::OwnRedis;

/// What the monitor serves, once it has said where.
fn address(monitor: &mut Running) -> Address {
    until(PATIENCE, "it says where it serves", || {
        let said = monitor.said();
        let address = said.split("address=").nth(1).and_then(|rest| rest.split_whitespace().next());
        address.and_then(|address| address.parse().ok()).ok_or(said.clone())
    })
}

fn get(address: &Address, page: &str) -> String {
    probe::get(address, page, Duration::from_secs(5)).unwrap().body
}

#[test]
fn one_snapshot_has_the_figures_of_every_service() {
    let shop = Shop::seeded(1_300, 1_400);
    shop.run("cache refresh");
    shop.run("scenarios activate mz-trend --for 10m");
    shop.run("produce --stream orders --unthrottled --limit 50 --inject poison=20%");
    let mut consumer = shop.start("consume --topic orders --members 2");
    let seen = until(Duration::from_secs(60), "all orders are stored, and seen", || {
        let seen: Value = serde_json::from_str(&shop.run("monitor --once --json")).unwrap();
        let orders = &seen["kafka"]["groups"][2];
        let done = orders["lag"] == 0
            && orders["members"] == 2
            && seen["postgres"]["last_orders"].as_array().is_some_and(|orders| orders.len() >= 30)
            && seen["postgres"]["tables"][2]["rows"].as_i64() > Some(0);
        if done { Ok(seen) } else { Err(seen.to_string()) }
    });
    assert_eq!((&seen["cache"]["state"], &seen["cache"]["pool"]["generation"]), (&"up".into(), &1.into()));
    assert_eq!(seen["cache"]["by_hand"]["id"], "mz-trend");
    assert_eq!((&seen["scenario"]["id"], &seen["scenario"]["by_hand"]), (&"mz-trend".into(), &true.into()));
    let kafka = &seen["kafka"];
    assert_eq!((&kafka["brokers"], &kafka["under_replicated"]), (&3.into(), &0.into()));
    let written = kafka["topics"][2]["written"].as_u64().unwrap();
    let letters = kafka["dead_letters"][2]["letters"].as_u64().unwrap();
    assert!(letters > 0 && written == 50 + letters, "{kafka}");
    assert_eq!(kafka["topics"][0]["written"], 0);
    assert_eq!(kafka["groups"][0]["members"], 0);
    let grades: i64 =
        seen["postgres"]["grades"].as_array().unwrap().iter().map(|g| g["customers"].as_i64().unwrap()).sum();
    assert_eq!(grades, 1_300);
    let drawn = shop.run("monitor --once");
    for words in ["generation 1", "scenario mz-trend by hand for 9 min", "BRONZE", "orders"] {
        assert!(drawn.contains(words), "{words}: {drawn}");
    }
    assert!(consumer.stop(Duration::from_secs(10)).success());
}

#[test]
fn in_a_log_each_interval_is_a_line_and_prometheus_gets_the_same() {
    let shop = Shop::seeded(1_200, 1_200);
    let mut monitor = Running::start(
        &mut shop.program("monitor --every 1s --metrics-addr 127.0.0.1:0 --redis-url redis://127.0.0.1:1"),
    );
    let address = address(&mut monitor);
    let metrics = until(Duration::from_secs(20), "Kafka is seen", || {
        let text = get(&address, "/metrics");
        if text.contains("shopstream_service_up{service=\"kafka\"} 1") { Ok(text) } else { Err(text) }
    });
    assert!(metrics.contains("shopstream_service_up{service=\"redis\"} 0"), "{metrics}");
    assert_documented(&metrics);
    assert!(metrics.contains("shopstream_topic_written_messages{topic=\"orders\"} 0"), "{metrics}");
    assert!(!metrics.contains("shopstream_pool_age_seconds"), "{metrics}");
    assert!(get(&address, "/readyz").contains("redis: Redis at"));
    until(Duration::from_secs(20), "three lines", || {
        let said = monitor.said();
        let lines = said.lines().filter(|line| line.contains("| orders") && line.contains("cache AWAY")).count();
        if lines >= 3 { Ok(()) } else { Err(said) }
    });
    assert!(monitor.stop(Duration::from_secs(5)).success());
}

#[test]
fn an_address_that_is_none_is_wrong_usage_and_not_a_service_that_was_not_configured() {
    let shop = Shop::seeded(1_200, 1_200);
    for (variable, value) in [("REDIS_URL", "127.0.0.1:6379"), ("DATABASE_URL", "mysql://x")] {
        let output = shop.program("monitor --once").env(variable, value).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(variable) && said.contains("help: write it as"), "{said}");
    }
}

#[test]
fn a_service_that_is_away_makes_a_single_look_fail() {
    let shop = Shop::seeded(1_200, 1_200);
    let mut command = shop.program("monitor cache --once --json");
    let output = command.env("REDIS_URL", "redis://127.0.0.1:1").output().unwrap();
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &seen["cache"]["state"]), (Some(1), &"away".into()));
    assert!(seen["cache"]["why"].as_str().unwrap().contains("cannot be reached") && seen.get("kafka").is_none());
    assert!(String::from_utf8_lossy(&output.stderr).contains("help: start it"));
}

#[test]
fn looking_whether_a_scenario_is_switched_on_is_no_miss_of_the_cache() {
    let (shop, redis) = crate::terminal::shop();
    let with = |words: &str| {
        let mut command = shop.program(words);
        command.env("REDIS_URL", redis.url());
        command
    };
    for words in [
        // A visit that waits makes the visits' key.
        "produce --stream orders --unthrottled --limit 200",
        "scenarios activate golf --for 10m",
        "scenarios deactivate",
    ] {
        let output = with(words).output().unwrap();
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let _producer = Running::start(&mut with("produce --stream orders --rate 5/s"));
    let mut monitor = Running::start(&mut with("monitor cache --json --every 1s"));
    // In the steady state: each line tells of the look-ups since the one before.
    let steady = until(PATIENCE, "five lines after the producer's first looks", || {
        let said = monitor.said();
        let seen: Vec<Value> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        if seen.len() >= 10 { Ok(seen[5..10].to_vec()) } else { Err(said) }
    });
    for seen in &steady {
        assert_eq!((&seen["cache"]["hit_share"], &seen["cache"]["by_hand"]), (&1.0.into(), &Value::Null), "{seen:#}");
    }
}

#[test]
fn who_is_not_let_in_is_refused_and_told_what_to_correct() {
    let shop = Shop::seeded(1_200, 1_200);
    let redis = OwnRedis::start();
    let locked = redis::Client::open(redis.url()).unwrap();
    until(PATIENCE, "Redis wants a password", || {
        let mut conn = locked.get_connection().map_err(|error| error.to_string())?;
        redis::cmd("CONFIG").arg(&["SET", "requirepass", "right"]).exec(&mut conn).map_err(|error| error.to_string())
    });
    let wrong = shop.db.url().replacen(":shopstream@", ":wrong@", 1);
    assert_ne!(wrong, shop.db.url());
    for redis_url in [redis.url(), redis.url().replacen("//", "//:wrong@", 1)] {
        let mut command = shop.program("monitor --once --json");
        let output = command.env("DATABASE_URL", &wrong).env("REDIS_URL", &redis_url).output().unwrap();
        let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1));
        for (service, setting) in [("cache", "REDIS_URL"), ("postgres", "DATABASE_URL")] {
            let (state, why, help) = (&seen[service]["state"], &seen[service]["why"], &seen[service]["help"]);
            assert_eq!(state, "refused", "{seen:#}");
            assert!(why.to_string().contains("does not") && !why.to_string().contains("wrong@"), "{why}");
            assert!(help.to_string().contains("check user") && help.to_string().contains(setting), "{help}");
        }
        assert_eq!((&seen["kafka"]["state"], &seen["scenario"]), (&"up".into(), &Value::Null));
    }
}

#[test]
fn what_is_missing_has_no_figures() {
    let shop = Shop { db: ScratchDb::migrated(), topics: ScratchTopics::none(), redis: ScratchRedis::new() };
    let seen: Value = serde_json::from_str(&shop.run("monitor --once --json")).unwrap();
    let kafka = &seen["kafka"];
    assert_eq!((&kafka["brokers"], &kafka["silent_brokers"]), (&3.into(), &serde_json::json!([])));
    for at in 0..3 {
        assert_eq!(kafka["dead_letters"][at]["exists"], false, "{kafka:#}");
        assert_eq!(
            (&kafka["dead_letters"][at]["letters"], &kafka["topics"][at]["written"]),
            (&Value::Null, &Value::Null)
        );
    }
    let drawn = shop.run("monitor --once");
    assert!(drawn.contains("missing: shopstream topics create") && !drawn.contains("quit"), "{drawn}");
}

#[test]
fn once_takes_no_words_that_it_would_ignore() {
    let topics = ScratchTopics::none();
    for words in [["--every", "2s"], ["--metrics-addr", "127.0.0.1:0"]] {
        let output = topics.program(&[&["monitor", "--once"], &words[..]].concat()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2));
        assert!(said.contains(words[0]) && said.contains("--once"), "{said}");
    }
}

#[test]
fn a_property_that_cannot_be_is_no_broker_that_is_away() {
    let topics = ScratchTopics::none();
    for words in [&["monitor", "--once"][..], &["monitor"], &["monitor", "--json"]] {
        let output = topics.program(&[&["--kafka-option", "no.such=1"], words].concat()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("Kafka property no.such: ") && said.contains("correct --kafka-option"), "{said}");
    }
    // Each for itself is good, and a client needs more: `start it` would help nobody.
    for words in [&["topics", "describe"][..], &["dlq", "inspect", "orders"], &["monitor", "--once"]] {
        let output =
            topics.program(&[&["--kafka-option", "security.protocol=SASL_SSL"], words].concat()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("no client of Kafka can be made") && said.contains("sasl.mechanism"), "{said}");
    }
}

#[test]
fn who_has_configured_nothing_is_told_what_to_do() {
    let shop = ScratchTopics::none();
    let output = shop.program(&["monitor"]).env_remove("KAFKA_BROKERS").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("no service is configured") && said.contains("make up"), "{said}");
}
