//! Kafka's topics, groups and dead letters, broken in each way that the doctor claims to find.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use rdkafka::admin::AdminOptions;
use shopstream::stream::client::Kafka;

use crate::consultation::Consultation;
use crate::shop::Shop;
use crate::support::*;

const PATIENCE: Duration = Duration::from_secs(30);

fn doctor(topics: &ScratchTopics) -> Consultation {
    Consultation::hold(&mut topics.program(&["doctor", "--json"]))
}

/// Asks until the brokers have all heard of a change.
fn doctor_who_says(topics: &ScratchTopics, subject: &str, what: &str) -> Consultation {
    until(PATIENCE, what, || {
        let found = doctor(topics);
        let said = found.report["findings"].as_array().unwrap().iter().any(|finding| {
            finding["subject"] == subject && finding["what"].as_str().is_some_and(|said| said.contains(what))
        });
        if said { Ok(found) } else { Err(format!("{:?}", found.complaints())) }
    })
}

impl std::fmt::Debug for Consultation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {}: {:?}", self.exit, self.complaints())
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

fn delete(kafka: &Kafka, plain: &str) {
    let topic = kafka.name(plain);
    block_on(kafka.admin().unwrap().delete_topics(&[&topic], &AdminOptions::new())).unwrap();
}

#[test]
fn topics_as_they_should_be_are_well_and_nothing_is_left_in_them() {
    let topics = ScratchTopics::create();
    let found = doctor(&topics);
    found.says("kafka", "topic", "", "ok", "all 6 are there", "");
    found.says("kafka", "privileges", "", "ok", "no authorizer", "");
    found.says("kafka", "version", "", "ok", "Kafka", "");
    found.says("kafka", "broker", "1", "ok", "answers", "");
    found.says("kafka", "dead_letters", "", "ok", "none wait", "");
    for plain in ["users", "products", "orders", "users.dlq", "products.dlq", "orders.dlq"] {
        assert_eq!(topics.ends(plain), 0, "{plain}");
    }
}

#[test]
fn a_topic_that_is_missing_is_a_problem() {
    let topics = ScratchTopics::create();
    delete(topics.kafka(), "orders");
    let name = topics.name("orders");
    let found = doctor_who_says(&topics, &name, "does not exist");
    found.says("kafka", "topic", &name, "problem", "does not exist", "shopstream topics create");
}

#[test]
fn settings_that_drifted_are_told_with_the_command_that_sets_them_back() {
    let topics = ScratchTopics::create();
    topics.set("orders", "retention.ms", "60000");
    let name = topics.name("orders");
    let found = doctor_who_says(&topics, &name, "retention.ms 60000");
    found.says("kafka", "topic", &name, "warning", "instead of 2592000000", "--add-config retention.ms=2592000000");
    assert_eq!(found.exit, 0, "a warning does not fail");
    topics.set("users", "min.insync.replicas", "4");
    let name = topics.name("users");
    let found = doctor_who_says(&topics, &name, "every write is refused");
    found.says("kafka", "topic", &name, "problem", "min.insync.replicas 4", "--add-config min.insync.replicas=2");
}

#[test]
fn topics_with_too_few_partitions_are_told() {
    let topics = ScratchTopics::none();
    let made = topics.program(&["topics", "create", "--partitions", "2"]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let name = topics.name("orders");
    let found = doctor_who_says(&topics, &name, "2 partitions instead of 3");
    found.says("kafka", "topic", &name, "warning", "2 partitions instead of 3", "kafka-topics.sh");
    found.says("kafka", "topic", &name, "warning", "2 partitions instead of 3", "--partitions 3");
}

#[test]
fn a_group_with_idle_members_and_one_that_is_slow_are_told() {
    let shop = Shop::seeded(50, 50);
    let group = shop.topics.name("orders_group");
    let ask = || Consultation::hold(&mut shop.program("doctor --json"));
    let joined = |members: &str| {
        until(PATIENCE, "all have joined", || {
            let found = ask();
            let said = found.finding("kafka", "group", &group)["what"].to_string();
            if said.contains(members) && !said.contains("changing hands") { Ok(()) } else { Err(said) }
        });
    };
    let mut idle = shop.start("consume --topic orders --members 4");
    joined("4 members");
    ask().says("kafka", "group", &group, "note", "1 more than there are partitions, and idle", "");
    idle.stop(PATIENCE);
    let members = shop.start("consume --topic orders --members 3");
    joined("3 members");
    // They stand still, and the group has not missed them yet.
    members.signal("STOP");
    shop.topics.flood("orders", 100_001);
    ask().says("kafka", "group", &group, "warning", "100,001 messages waiting", "--members 3");
    members.signal("KILL");
}

#[test]
fn dead_letters_wait_until_they_are_sent_back() {
    let shop = Shop::seeded(50, 50);
    let conn = &mut shop.db.connect();
    let mut members = shop.start("consume --topic orders");
    shop.topics.send("orders", None, Some(b"not JSON"), headers(&[("ce_type", "shopstream.order.created.v1")]));
    shop.until_consumed("orders");
    let letters = shop.topics.name("orders.dlq");
    let found = Consultation::hold(&mut shop.program("doctor --json"));
    found.says("kafka", "dead_letters", &letters, "warning", "1 message of orders", "shopstream dlq inspect orders");
    members.stop(PATIENCE);
    shop.run("dlq replay orders --yes");
    let found = Consultation::hold(&mut shop.program("doctor --json"));
    found.says("kafka", "dead_letters", "", "ok", "none wait", "");
    drop(conn.batch_execute("SELECT 1"));
}

#[test]
fn orders_whose_customer_does_not_come_are_told_with_what_ends_their_wait() {
    let shop = Shop::seeded(300, 300);
    let (orders, conn) = (shop.topics.name("orders"), &mut shop.db.connect());
    let ask = || Consultation::hold(&mut shop.program("doctor --json"));
    // A group misses a member that has left a little later.
    let waiting = |what: &str, mend: &str| {
        let found = until(PATIENCE, what, || {
            let found = ask();
            let said = found.finding("postgresql", "parked_orders", "")["what"].to_string();
            if said.contains(what) { Ok(found) } else { Err(said) }
        });
        found.says("postgresql", "parked_orders", &orders, "note", what, mend);
    };
    let until_none_waits = || {
        until(PATIENCE, "no order waits", || match ask().finding("postgresql", "parked_orders", "") {
            found if found["level"] == "ok" => Ok(()),
            found => Err(found.to_string()),
        });
    };
    shop.run("cache refresh");
    conn.batch_execute("CREATE TABLE backup AS TABLE users; DELETE FROM users").unwrap();
    let mut members = shop.start("consume --topic orders");
    shop.run("produce --stream orders --rate 500/s --limit 20");
    shop.until_consumed("orders");
    waiting("20 orders waiting", "after --orphan-timeout they are dead letters");
    waiting("what they wait for is not on its way", "shopstream dlq replay orders --class orphan");
    members.stop(PATIENCE);
    waiting("for 0 of them it has come", "shopstream consume --topic orders");
    shop.topics.send("users", Some(b"k"), Some(b"{}"), headers(&[]));
    waiting("not stored yet: 1 message", "shopstream consume --topic users");

    // All that is named does help: those that were given up are stored once their customers are there.
    let mut members = shop.start("consume --topic orders --orphan-timeout 1s");
    until_none_waits();
    ask().says("kafka", "dead_letters", &format!("{orders}.dlq"), "warning", "20 messages", "dlq inspect orders");
    conn.batch_execute("INSERT INTO users TABLE backup").unwrap();
    shop.run("dlq replay orders --class orphan --yes");
    shop.until_consumed("orders");
    assert_eq!(crate::shop::number(conn, "SELECT count(*) AS n FROM orders"), 20);
    until_none_waits();
    members.stop(PATIENCE);
}

#[test]
fn a_group_without_members_is_told_with_what_waits_for_it() {
    let shop = Shop::seeded(300, 300);
    let group = shop.topics.name("orders_group");
    let ask = || Consultation::hold(&mut shop.program("doctor --json"));
    ask().says("kafka", "group", &group, "note", "no members, nothing waiting", "shopstream consume --topic orders");
    shop.run("cache refresh");
    shop.run("produce --stream orders --rate 500/s --limit 40");
    ask().says(
        "kafka",
        "group",
        &group,
        "warning",
        "no members, 40 messages waiting",
        "shopstream consume --topic orders",
    );
    let mut member = shop.start("consume --topic orders");
    shop.until_consumed("orders");
    ask().says("kafka", "group", &group, "ok", "1 member, nothing waiting", "");
    member.stop(PATIENCE);
}

#[test]
fn offsets_that_do_not_fit_the_topic_are_told() {
    let shop = Shop::seeded(50, 50);
    let (orders, users) = (shop.topics.name("orders"), shop.topics.name("users"));
    shop.topics.send("users", Some(b"k"), Some(b"{}"), headers(&[]));
    delete_records(shop.topics.kafka(), "users");
    let row = |topic: &str, group: &str, partition: i32, next: i64| {
        format!(
            "INSERT INTO consumer_offsets (consumer_group, topic, partition, next_offset)
                  VALUES ('{}', '{topic}', {partition}, {next});",
            shop.topics.name(group)
        )
    };
    let rows: String = (0..3).map(|partition| row(&users, "users_group", partition, 0)).collect();
    shop.db.connect().batch_execute(&(rows + &row(&orders, "orders_group", 1, 500))).unwrap();
    let found = Consultation::hold(&mut shop.program("doctor --json"));
    found.says(
        "kafka",
        "offsets",
        &orders,
        "warning",
        "partition 1 is stored up to 500 and ends at 0",
        "--topic orders",
    );
    found.says("kafka", "offsets", &users, "warning", "1 message left the topic", "retention.ms");
}
