//! The doctor while a broker is dead or hangs: it names the broker and what lacks it, in time, and examines the rest.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::brokers::await_in_sync;
use crate::lab::lab;
use crate::shop::Shop;

/// What the doctor says of a shop, in time.
fn ask(shop: &Shop<'_>) -> Value {
    let began = Instant::now();
    let output = shop.command("doctor --json").output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}: {report:#}", began.elapsed());
    report
}

#[test]
fn a_broker_that_hangs_is_one_problem_and_what_it_alone_could_tell_is_said_once() {
    let lab = lab();
    let shop = Shop::open(&lab);
    // What is bad about Kafka: name, level, words and remedy.
    let bad = || -> Vec<[String; 4]> {
        let report = ask(&shop);
        let of_kafka = report["findings"].as_array().unwrap().iter().filter(|finding| finding["service"] == "kafka");
        let bad = of_kafka.filter(|finding| finding["level"] == "problem" || finding["level"] == "warning");
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
        bad.map(|finding| ["check", "level", "what", "mend"].map(|key| text(finding, key))).collect()
    };
    for (broker, address) in (1..).zip(lab.brokers().split(',')) {
        let server = format!("kafka{broker}");
        // The broker that comes back from a halt tells of the others as they were before it, for a moment.
        shop.wait("nothing is bad", || bad().is_empty());
        lab.signal_all(&server, "STOP");
        // The cluster counts on it for some seconds still: nobody else leads what it leads.
        let first = bad();
        let mut then = Vec::new();
        shop.wait("the cluster goes on without it", || {
            then = bad();
            then.iter().any(|[_, _, what, _]| what.contains("the cluster goes on without it"))
        });
        // Before anything is held against the doctor: other tests need the broker.
        lab.signal_all(&server, "CONT");
        await_in_sync(&shop);
        for (said, check, what) in [
            (&first, "unanswered", shop.topics.name("orders_group")),
            (&then, "topic", format!("12 partitions lack the copy of broker {broker}")),
        ] {
            let [hangs, lack] = &said[..] else { panic!("{said:#?}") };
            assert_eq!((&*hangs[0], &*hangs[1]), ("broker", "problem"), "{said:#?}");
            assert!(hangs[2].starts_with(&format!("broker {broker} at {address} does not answer")), "{said:#?}");
            assert!(hangs[3].starts_with("it may hang: look at its log and its machine"), "{said:#?}");
            assert_eq!((&*lack[0], &*lack[1]), (check, "warning"), "{said:#?}");
            assert!(lack[2].contains(&what), "{said:#?}");
            assert!(lack[3].starts_with(&format!("see broker {broker} above")), "{said:#?}");
        }
    }
}

#[test]
fn a_doctor_names_the_broker_that_was_killed() {
    let lab = lab();
    let shop = Shop::open(&lab);
    let bad = |report: &Value, check: &str| {
        let of_check = |finding: &&Value| finding["service"] == "kafka" && finding["check"] == check;
        let found: Vec<String> =
            report["findings"].as_array().unwrap().iter().filter(of_check).map(Value::to_string).collect();
        found.into_iter().filter(|text| !text.contains(r#""level":"ok""#)).collect::<Vec<_>>()
    };
    assert_eq!(bad(&ask(&shop), "broker"), Vec::<String>::new());
    // Topics of which each partition is on one broker alone.
    let lonely = |words: &str| {
        let mut command = shop.command(words);
        command.env("SHOPSTREAM_TOPIC_PREFIX", format!("{}alone.", shop.topics.prefix()));
        command.output().unwrap()
    };
    assert!(lonely("topics create --replication 1").status.success());
    lab.kill("kafka2", "KILL");
    // Named at once: by its number while the cluster still counts on it, by its address afterwards.
    let named = bad(&ask(&shop), "broker");
    assert!(named.len() == 1 && named[0].contains("does not answer"), "{named:?}");
    shop.wait("the copies it had are missed", || {
        let topics = bad(&ask(&shop), "topic");
        topics.len() == 1 && topics[0].contains("12 partitions lack the copy of broker 2")
    });
    shop.wait("some of the others have no leader", || {
        let report: Value = serde_json::from_slice(&lonely("doctor --json").stdout).unwrap();
        let leaderless = bad(&report, "topic");
        leaderless
            .iter()
            .any(|text| text.contains("without a leader: nobody can write") && text.contains(r#""level":"problem""#))
    });
    let report = ask(&shop);
    for (service, check) in [("postgresql", "migrations"), ("redis", "privileges"), ("kafka", "privileges")] {
        let found =
            report["findings"].as_array().unwrap().iter().find(|f| f["service"] == service && f["check"] == check);
        assert_eq!(found.unwrap()["level"], "ok", "{report:#}");
    }
    lab.up(&["kafka2"]);
    await_in_sync(&shop);
    assert_eq!(bad(&ask(&shop), "topic"), Vec::<String>::new());
}
