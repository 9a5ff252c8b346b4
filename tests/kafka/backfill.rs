//! `backfill --to kafka`: everything arrives, in order of time, and what is said of it is so.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use rdkafka::mocking::MockCluster;
use serde_json::Value;
use shopstream::backfill::kafka::Replay;
use shopstream::backfill::request::Sizes;
use shopstream::backfill::{Request, Watch};
use shopstream::generator::World;
use shopstream::generator::year::Batch;
use shopstream::interrupt::Interrupt;
use shopstream::stream::message::{Message, OrderCreated, ProductCreated, UserCreated, decode};

use crate::said;
use crate::support::{Received, ScratchTopics, kafka_at};

const SMALL: [&str; 10] =
    ["backfill", "--year", "2025", "--orders", "1_500", "--users", "2_000", "--products", "2_000", "--seed=7"];

fn small(more: &[&'static str]) -> Vec<&'static str> {
    [&SMALL, more].concat()
}

fn moment(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// Checks what holds for every message of a topic, and returns the ids.
fn checked<M: Message>(messages: &[Received], key_field: &str, since: DateTime<Utc>) -> BTreeSet<String> {
    let mut last: BTreeMap<i32, DateTime<Utc>> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for message in messages {
        decode::<M>(message.payload.as_deref(), message.header("ce_type")).unwrap();
        let body = message.json();
        let text = |field: &str| body[field].as_str().unwrap().to_owned();
        assert_eq!(message.key_text(), text(key_field));
        assert_eq!(message.header("ce_id"), Some(text("id").as_bytes()));
        assert_eq!(message.header("ce_type"), Some(M::TYPE.as_bytes()));
        assert_eq!(message.header("ce_time"), Some(text("created_at").as_bytes()));
        // The moment of sending, or a past year's messages would be too old to keep.
        assert!(message.sent_at >= since.timestamp_millis(), "{message:?}");
        // All keys of a partition are in order of time, hence each one is.
        let at = moment(&text("created_at"));
        assert!(last.insert(message.partition, at).is_none_or(|before| before <= at), "{message:?}");
        assert!(ids.insert(text("id")), "{} came twice", text("id"));
    }
    ids
}

#[test]
fn a_year_arrives_complete_in_order_and_as_it_is_in_files() {
    let topics = ScratchTopics::create();
    let since = Utc::now();
    let (exit, out, err) = said(&topics.program(&small(&["--to", "kafka", "--json"])).output().unwrap());
    assert_eq!(exit, 0, "{err}");
    let result: Value = serde_json::from_str(&out).unwrap();
    let users = checked::<UserCreated>(&topics.read_all("users"), "id", since);
    let products = checked::<ProductCreated>(&topics.read_all("products"), "id", since);
    let messages = topics.read_all("orders");
    let orders = checked::<OrderCreated>(&messages, "user_id", since);

    let folder = tempfile::tempdir().unwrap();
    let mut command = topics.program(&small(&["--to", "ndjson", "--out"]));
    assert!(command.arg(folder.path()).output().unwrap().status.success());
    let rows = |table: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(folder.path().join(format!("{table}.ndjson"))).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let manifest: Value = serde_json::from_slice(&std::fs::read(folder.path().join("manifest.json")).unwrap()).unwrap();
    let in_files = |table: &str| {
        let files = manifest["files"].as_array().unwrap();
        files.iter().find(|file| file["table"] == table).unwrap()["rows"].as_u64().unwrap()
    };
    for (at, (table, ids)) in [("users", &users), ("products", &products), ("orders", &orders)].iter().enumerate() {
        assert_eq!(result["topics"][at]["topic"], topics.name(table));
        assert_eq!(result["topics"][at]["delivered"], in_files(table));
        let there: BTreeSet<String> = rows(table).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(**ids, there, "{table}");
    }
    // An order is the row it is in files, with its items.
    let mut items: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for mut item in rows("order_items") {
        let order = item.as_object_mut().unwrap().remove("order_id").unwrap();
        items.entry(order.as_str().unwrap().to_owned()).or_default().push(item);
    }
    let mut expected: BTreeMap<String, Value> = BTreeMap::new();
    for mut row in rows("orders") {
        let id = row["id"].as_str().unwrap().to_owned();
        row.as_object_mut().unwrap().remove("run_id");
        row["items"] = items.remove(&id).unwrap().into();
        expected.insert(id, row);
    }
    for message in &messages {
        let body = message.json();
        assert_eq!(Some(&body), expected.get(body["id"].as_str().unwrap()));
    }
    assert_eq!(result["summary"]["orders"], 1_500);
}

#[test]
fn a_year_that_is_stopped_says_how_much_of_it_was_delivered() {
    // One that is held back between two orders, and one at the brokers' pace with much on its way.
    let paced = small(&["--to", "kafka", "--speed", "100_000"]);
    let full =
        ["backfill", "--year", "2025", "--orders", "3_000_000", "--users=3_000", "--products=3_000", "--to=kafka"];
    for (words, orders, signal, exit, word) in
        [(&paced[..], 5, "TERM", 143, "asked to stop"), (&full[..], 1_000, "INT", 130, "interrupted")]
    {
        let topics = ScratchTopics::create();
        let child = topics.program(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while topics.count("orders") < orders {
            assert!(Instant::now() < deadline, "no orders came");
            std::thread::sleep(Duration::from_millis(20));
        }
        let killed = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let (code, out, err) = said(&child.wait_with_output().unwrap());
        assert_eq!((code, out.as_str()), (exit, ""), "{err}");
        assert!(err.contains(&format!("because: {word}")), "{err}");
        let (before, _) = err.split_once(" messages were delivered").unwrap();
        let told: i64 = before.rsplit(' ').next().unwrap().replace(',', "").parse().unwrap();
        let there: i64 = ["users", "products", "orders"].map(|topic| topics.count(topic)).iter().sum();
        assert_eq!(told, there, "{err}");
    }
}

#[test]
fn a_year_that_is_not_over_stops_at_now_and_a_future_one_is_refused() {
    let topics = ScratchTopics::create();
    let year = Utc::now().format("%Y").to_string();
    let words = ["backfill", "--year", &year, "--orders=1_500", "--users=3_000", "--products=3_000", "--to=kafka"];
    let (exit, out, err) = said(&topics.program(&words).output().unwrap());
    assert_eq!(exit, 0, "{err}");
    assert!(out.contains("until now is in Kafka"), "{out}");
    let now = Utc::now();
    for (topic, fields) in
        [("users", &["created_at", "last_login_at"][..]), ("products", &["created_at"]), ("orders", &["created_at"])]
    {
        let messages = topics.read_all(topic);
        assert!(!messages.is_empty() || topic == "orders");
        for message in messages {
            for field in fields {
                assert!(moment(message.json()[field].as_str().unwrap()) < now, "{message:?}");
            }
        }
    }
    let (exit, _, err) = said(&topics.program(&["backfill", "--year", "2100", "--to", "kafka"]).output().unwrap());
    assert_eq!(exit, 2);
    assert!(err.starts_with("error: the year 2100 has not begun; "), "{err}");
}

#[test]
fn topics_that_are_missing_are_told_how_to_be_made() {
    let topics = ScratchTopics::none();
    let (exit, _, err) = said(&topics.program(&small(&["-q", "--to", "kafka"])).output().unwrap());
    assert_eq!(exit, 1);
    assert!(err.contains(&topics.name("users")), "{err}");
    assert!(err.ends_with("help: make the topics with: shopstream topics create\n"), "{err}");
}

#[test]
fn messages_that_the_brokers_refuse_are_counted_and_end_with_1() {
    // No order is that small.
    let topics = ScratchTopics::create_with("orders", "max.message.bytes", "100");
    let words = small(&["-q", "--to", "kafka"]);
    let (exit, out, err) = said(&topics.program(&words).output().unwrap());
    assert_eq!((exit, out.as_str()), (1, ""), "{err}");
    assert!(err.contains(" messages were not delivered; 4,000 messages were delivered (the first error: "), "{err}");
    assert_eq!(topics.count("orders"), 0);
}

/// Has the only broker taken away when the orders begin, and brought back once it was said that it is missed.
struct Away {
    /// To whoever has the brokers: whether they are to be there, and how to say that it was done.
    brokers: Sender<(bool, Sender<()>)>,
    gone: AtomicBool,
    missed: AtomicU64,
}

impl Away {
    fn set(&self, up: bool) {
        let (done, is_done) = channel();
        self.brokers.send((up, done)).unwrap();
        is_done.recv().unwrap();
    }
}

impl Watch for Away {
    fn batch(&self, _: &Batch) {
        if !self.gone.swap(true, Ordering::Relaxed) {
            self.set(false);
        }
    }

    fn waiting(&self, messages: u64) {
        self.missed.store(messages, Ordering::Relaxed);
        self.set(true);
    }
}

#[test]
fn brokers_that_go_away_are_waited_for_and_that_is_said() {
    // librdkafka's own brokers in memory: those of other tests are nobody's to stop. They stay in one thread.
    let brokers = MockCluster::new(1).unwrap();
    for topic in ["users", "products", "orders"] {
        brokers.create_topic(topic, 3, 1).unwrap();
    }
    let kafka = kafka_at(&brokers.bootstrap_servers(), "");
    let sizes = Sizes { orders: Some(1_500), users: Some(2_000), products: Some(2_000), as_of: None };
    let request = Request::new(2025, 7, sizes).unwrap();
    let (commands, asked) = channel();
    let running = std::thread::spawn(move || {
        let away = Away { brokers: commands, gone: AtomicBool::new(false), missed: AtomicU64::new(0) };
        let replay = Replay { kafka: &kafka, speed: None, now: Utc::now().into() };
        let world = World::new(None, None).unwrap();
        let outcome = replay.run(&world, &request, &away, &Interrupt::never()).unwrap();
        (outcome.topics.map(|(_, delivered)| delivered), away.missed.into_inner())
    });
    for (up, done) in asked {
        if up { brokers.broker_up(1) } else { brokers.broker_down(1) }.unwrap();
        done.send(()).unwrap();
    }
    let (delivered, missed) = running.join().unwrap();
    assert_eq!(delivered, [2_000, 2_000, 1_500]);
    assert!(missed > 0);
}
