//! The doctor while a broker is dead: it names the broker and what lacks it, in time, and examines the rest.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::brokers::await_in_sync;
use crate::lab::lab;
use crate::shop::Shop;

#[test]
fn a_doctor_names_the_broker_that_was_killed() {
    let lab = lab();
    let shop = Shop::open(&lab);
    let ask = || {
        let began = Instant::now();
        let output = shop.command("doctor --json").output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}: {report:#}", began.elapsed());
        report
    };
    let bad = |report: &Value, check: &str| {
        let of_check = |finding: &&Value| finding["service"] == "kafka" && finding["check"] == check;
        let found: Vec<String> =
            report["findings"].as_array().unwrap().iter().filter(of_check).map(Value::to_string).collect();
        found.into_iter().filter(|text| !text.contains(r#""level":"ok""#)).collect::<Vec<_>>()
    };
    assert_eq!(bad(&ask(), "broker"), Vec::<String>::new());
    // Topics of which each partition is on one broker alone.
    let lonely = |words: &str| {
        let mut command = shop.command(words);
        command.env("SHOPSTREAM_TOPIC_PREFIX", format!("{}alone.", shop.topics.prefix()));
        command.output().unwrap()
    };
    assert!(lonely("topics create --replication 1").status.success());
    lab.kill("kafka2", "KILL");
    // Named at once: by its number while the cluster still counts on it, by its address afterwards.
    let named = bad(&ask(), "broker");
    assert!(named.len() == 1 && named[0].contains("does not answer"), "{named:?}");
    shop.wait("the copies it had are missed", || {
        bad(&ask(), "topic").iter().filter(|text| text.contains("under-replicated")).count() == 6
    });
    shop.wait("some of the others have no leader", || {
        let report: Value = serde_json::from_slice(&lonely("doctor --json").stdout).unwrap();
        let leaderless = bad(&report, "topic");
        leaderless
            .iter()
            .any(|text| text.contains("without a leader: nobody can write") && text.contains(r#""level":"problem""#))
    });
    let report = ask();
    for (service, check) in [("postgresql", "migrations"), ("redis", "privileges"), ("kafka", "privileges")] {
        let found =
            report["findings"].as_array().unwrap().iter().find(|f| f["service"] == service && f["check"] == check);
        assert_eq!(found.unwrap()["level"], "ok", "{report:#}");
    }
    lab.up(&["kafka2"]);
    await_in_sync(&shop);
    assert_eq!(bad(&ask(), "topic"), Vec::<String>::new());
}
