//! `topics create` and `topics describe` on topics that the test sets otherwise.

use std::time::Duration;

use serde_json::Value;

use crate::said;
use crate::support::{ScratchTopics, until};

#[test]
fn what_differs_is_told_with_what_mends_it() {
    let topics = ScratchTopics::create();
    topics.set("orders", "retention.ms", "60000");
    let run = |words: &[&str]| said(&topics.program(&[&["topics"], words].concat()).output().unwrap());
    let (code, _, told) = until(Duration::from_secs(30), "the setting is seen", || match run(&["describe"]) {
        told if told.2.contains("retention.ms 60000 instead of 2592000000") => Ok(told),
        told => Err(told.2),
    });
    let name = topics.name("orders");
    let mend = format!("--alter --entity-type topics --entity-name {name} --add-config retention.ms=2592000000");
    let is_remedy = |line: &str| line.starts_with("help: kafka-configs.sh") && line.ends_with(&mend);
    assert_eq!((code, told.lines().filter(|line| is_remedy(line)).count()), (1, 1), "{told}");
    assert!(told.contains("help: mend each as said above; what was set otherwise on purpose can stay"), "{told}");

    let (code, json, _) = run(&["describe", "--json"]);
    let found: Vec<Value> = serde_json::from_str(&json).unwrap();
    let of = |topic: &str| found.iter().find(|found| found["name"] == topics.name(topic)).unwrap();
    let (orders, users) = (of("orders"), of("users"));
    let [drift, remedies] = ["drift", "remedies"].map(|key| orders[key].as_array().unwrap());
    assert_eq!((code, drift.len()), (1, remedies.len()), "{orders}");
    // Each stands at the place of its difference.
    let at = drift.iter().position(|drift| drift == "retention.ms 60000 instead of 2592000000").unwrap();
    assert!(remedies[at].as_str().unwrap().ends_with(&mend), "{orders}");
    assert_eq!(users["remedies"], Value::Array(Vec::new()));

    let (code, _, told) = run(&["create"]);
    assert!(code == 0 && told.contains(&mend), "what is there is compared, and left: {told}");
}

#[test]
fn topics_that_are_missing_are_told_with_one_remedy() {
    let topics = ScratchTopics::none();
    let (code, json, told) = said(&topics.program(&["topics", "describe", "--json"]).output().unwrap());
    let found: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert!(found.iter().all(|found| found["remedies"][0] == "shopstream topics create"), "{json}");
    assert_eq!((code, told.matches("help: ").count()), (1, 1), "{told}");
    let (_, _, told) = said(&topics.program(&["topics", "describe"]).output().unwrap());
    assert_eq!(told.matches("help: ").count(), 1, "{told}");
}
