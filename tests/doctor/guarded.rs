//! Rights on Kafka, on a broker of this test's own that has rules about them.

use std::time::Duration;

use crate::consultation::Consultation;
use crate::support::*;

const PATIENCE: Duration = Duration::from_secs(90);
const TOPICS: [&str; 6] = ["users", "products", "orders", "users.dlq", "products.dlq", "orders.dlq"];

fn doctor(broker: &GuardedBroker, user: &str) -> Consultation {
    Consultation::hold(&mut broker.program(user, "doctor --json"))
}

#[test]
fn each_right_that_a_user_lacks_is_found_by_trying_and_no_message_is_left() {
    let broker = GuardedBroker::start();
    until(PATIENCE, "the topics are made", || {
        let output = broker.program("admin", "topics create --replication 1").output().unwrap();
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    });

    let nothing = doctor(&broker, "shop");
    for topic in TOPICS {
        nothing.says("kafka", "topic", topic, "problem", "may not see it", "--operation Describe");
    }
    nothing.says(
        "kafka",
        "privileges",
        "producer",
        "problem",
        "no producer gets an id",
        "--allow-principal User:shop --operation Write --topic orders",
    );

    nothing.says(
        "kafka",
        "privileges",
        "orders",
        "note",
        "only topics create and init need",
        "--operation Create --topic orders",
    );
    nothing.says("kafka", "privileges", "bench", "note", "bench alone needs", "--topic shopstream_bench_");

    broker.allow("shop", "--operation Describe --topic *");
    until(PATIENCE, "the topics are seen", || {
        let found = doctor(&broker, "shop");
        let text = found.report.to_string();
        let told = text.matches("its settings may not be seen").count();
        if told == TOPICS.len() { Ok(found) } else { Err(text) }
    })
    .says(
        "kafka",
        "topic",
        "orders",
        "warning",
        "its settings may not be seen",
        "--operation DescribeConfigs --topic orders",
    );
    broker.allow("shop", "--operation DescribeConfigs --topic *");
    // Each broker hears of a new rule a little later.
    let seen = until(PATIENCE, "the rules are known", || {
        let found = doctor(&broker, "shop");
        let text = found.report.to_string();
        let told = |what: &str| text.matches(what).count() == TOPICS.len();
        if told("it cannot be read") && told("it may not be written") { Ok(found) } else { Err(text) }
    });
    for topic in TOPICS {
        seen.says("kafka", "privileges", topic, "problem", "cannot be read", "--operation Read");
        seen.says("kafka", "privileges", topic, "problem", "may not be written", "--operation Write");
    }
    seen.says(
        "kafka",
        "group",
        "orders_group",
        "problem",
        "lacks Read on group",
        "--operation Read --group orders_group",
    );

    broker.allow("shop", "--operation Read --topic * --group *");
    broker.allow("shop", "--operation Write --topic *");
    let able = until(PATIENCE, "the rules are known", || {
        let found = doctor(&broker, "shop");
        let text = found.report.to_string();
        // The first producer's id takes a busy broker longer than a doctor waits: then it could not be tried yet.
        let is_tried = !text.contains("got no id within");
        if found.report["counts"]["problems"] == 0 && is_tried { Ok(found) } else { Err(text) }
    });
    able.says("kafka", "privileges", "", "ok", "may be read and written", "");
    able.says("kafka", "version", "", "note", "cannot be read", "");
    doctor(&broker, "admin").says("kafka", "version", "", "ok", "Kafka 4.0 or newer", "");
    for topic in TOPICS {
        able.says("kafka", "topic", topic, "warning", "replication 1 instead of 3", "kafka-reassign-partitions.sh");
    }

    let mut dump = broker.program("admin", "dlq inspect orders");
    let said = String::from_utf8(dump.output().unwrap().stdout).unwrap();
    assert!(said.contains("There are no dead letters"), "{said}");
    let mut verified = broker.program("admin", "doctor");
    let said = String::from_utf8(verified.output().unwrap().stdout).unwrap();
    assert_eq!(said.matches("nothing waiting").count(), 3, "the topics are empty: {said}");

    let wrong = Consultation::hold(broker.program("shop", "doctor --json").env(
        "KAFKA_OPTION",
        "security.protocol=SASL_PLAINTEXT sasl.mechanism=PLAIN sasl.username=shop sasl.password=geheim",
    ));
    wrong.says("kafka", "reachable", "", "problem", "", "--kafka-option security.protocol");
    assert!(!wrong.report.to_string().contains("geheim"));
}
