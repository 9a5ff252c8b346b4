//! `dlq inspect` and `dlq replay` on letters that the test writes itself.

use std::time::{Duration, Instant};

use serde_json::Value;
use shopstream::follow::Amount;
use shopstream::interrupt::Interrupt;
use shopstream::stream::dead_letter::DeadLetter;
use shopstream::stream::dlq::inspect::survey;
use shopstream::stream::dlq::replay::{Replay, Wish};
use shopstream::stream::message::{DecodeError, ErrorClass};

use crate::said;
use crate::support::{Followed, ScratchTopics, headers};

/// Writes the dead letter of a message that lay at `offset` of partition 0 of `orders`.
fn write(topics: &ScratchTopics, offset: i64, class: ErrorClass, payload: &[u8]) {
    let why = DecodeError { class, text: format!("mistake {offset}") };
    let letter = DeadLetter::new(&topics.name("orders"), 0, offset, &why);
    // A letter that was sent back once before has the mark of it.
    let original = headers(&[("ce_type", "shopstream.order.created.v1"), ("x-shopstream-replayed", "orders/9/9")]);
    let key = format!("key-{offset}");
    topics.send("orders.dlq", Some(key.as_bytes()), Some(payload), letter.headers(Some(&original)));
}

fn run(topics: &ScratchTopics, words: &[&str]) -> (i32, String, String) {
    said(&topics.program(&[&["dlq"], words].concat()).output().unwrap())
}

/// Sends back what is asked for, and returns the counts that are printed.
fn replay(topics: &ScratchTopics, words: &[&str]) -> Value {
    let (exit, out, err) = run(topics, &[&["replay", "orders", "--yes", "--json"], words].concat());
    assert_eq!(exit, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

/// Keys of the originals' topic, in order.
fn keys(topics: &ScratchTopics) -> Vec<String> {
    let mut keys: Vec<String> = topics.read_all("orders").iter().map(|m| m.key_text().to_owned()).collect();
    keys.sort();
    keys
}

#[test]
fn dead_letters_are_shown_by_class_and_one_by_one() {
    let topics = ScratchTopics::create();
    let (exit, out, _) = run(&topics, &["inspect", "orders"]);
    assert_eq!((exit, out), (0, format!("There are no dead letters in {}.\n", topics.name("orders.dlq"))));

    write(&topics, 1, ErrorClass::NotUtf8, b"\xff\x1b[2J");
    for offset in 2..6 {
        write(&topics, offset, ErrorClass::Schema, "{\"이름\": 1}".repeat(50).as_bytes());
    }
    write(&topics, 6, ErrorClass::Orphan, b"{}");
    topics.send("orders.dlq", None, Some(b"no letter"), headers(&[]));

    let (exit, out, err) = run(&topics, &["inspect", "orders.dlq", "--limit", "3"]);
    assert_eq!(exit, 0, "{err}");
    let (classes, letters) = out.split_once("\n\n").unwrap();
    let counted: Vec<Vec<&str>> =
        classes.lines().skip(1).map(|line| line.split_whitespace().take(2).collect()).collect();
    assert_eq!(counted, [["not_utf8", "1"], ["orphan", "1"], ["schema", "4"]]);
    let places: Vec<&str> = letters.lines().skip(1).map(|line| line.split_whitespace().next().unwrap()).collect();
    let expected = [4, 5, 6].map(|offset| format!("{}/0/{offset}", topics.name("orders")));
    assert_eq!(places, expected);
    assert!(letters.contains("mistake 6") && letters.contains("key-6"), "{letters}");
    assert!(err.contains("1 message in") && err.contains("dlq replay orders"), "{err}");

    let (_, out, _) = run(&topics, &["inspect", "orders", "--class", "not_utf8", "--payload"]);
    assert!(out.contains("\u{fffd}\\u{1b}[2J"), "{out}");
    let (_, short, _) = run(&topics, &["inspect", "orders", "--class", "schema", "--payload", "--limit", "1"]);
    let (_, full, _) = run(&topics, &["inspect", "orders", "--class", "schema", "--payload", "--full", "--limit", "1"]);
    assert!(short.ends_with("…\n") && full.ends_with("1}\n"), "{short}{full}");

    let (_, out, _) = run(&topics, &["inspect", "orders", "--json"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(found["letters"].as_array().unwrap().len(), 6);
    assert_eq!(found["letters"][0]["payload_hex"], "ff1b5b324a");
    assert_eq!(found["letters"][5]["payload"], "{}");
    assert_eq!(found["letters"][5]["offset"], 6);
    assert_eq!(found["others"], 1);
}

#[test]
fn how_far_the_reading_and_the_sending_back_are_can_be_followed() {
    let topics = ScratchTopics::create();
    for offset in 0..7 {
        write(&topics, offset, ErrorClass::Schema, b"{}");
    }
    let (kafka, followed, interrupt) = (topics.kafka(), Followed::default(), Interrupt::never());
    survey(kafka, "orders", None, 0, &interrupt, &followed).unwrap();
    let read = followed.part("reading dead letters");
    assert_eq!((read.amount, read.done), (Amount::Exactly(7), 7));
    let wish = Wish { class: None, limit: Some(5), from_beginning: false };
    Replay::plan(kafka, "orders", wish, &interrupt, &followed).unwrap().send(&interrupt, &followed).unwrap();
    let sent = followed.part("sending them back");
    assert_eq!((sent.amount, sent.done), (Amount::Exactly(5), 5));
}

#[test]
fn a_letter_goes_back_as_it_was_and_only_once() {
    let topics = ScratchTopics::create();
    write(&topics, 1, ErrorClass::Orphan, b"{\"one\": 1}");
    write(&topics, 2, ErrorClass::Schema, b"\xff");
    // Written twice, as after a crash between the letter and the commit.
    write(&topics, 2, ErrorClass::Schema, b"\xff");
    let dry = run(&topics, &["replay", "orders", "--dry-run"]);
    assert!(dry.1.contains("to send: schema"), "{dry:?}");
    assert_eq!(topics.count("orders"), 0);

    let first = replay(&topics, &[]);
    assert_eq!((&first["sent"], &first["doubles"]), (&2.into(), &1.into()), "{first}");
    let again = replay(&topics, &[]);
    assert_eq!((&again["sent"], &again["sent_before"]), (&0.into(), &3.into()), "{again}");

    let back = topics.read_all("orders");
    assert_eq!(back.len(), 2);
    for (offset, payload) in [(1, &b"{\"one\": 1}"[..]), (2, b"\xff")] {
        let message = back.iter().find(|m| m.key_text() == format!("key-{offset}")).unwrap();
        assert_eq!(message.payload.as_deref(), Some(payload));
        let place = format!("{}/0/{offset}", topics.name("orders"));
        let expected = [("ce_type", "shopstream.order.created.v1"), ("x-shopstream-replayed", &place)];
        let expected = expected.map(|(key, value)| (key.to_owned(), Some(value.as_bytes().to_vec())));
        assert_eq!(message.headers, expected);
    }

    // A double that comes later is known too; a new letter is sent.
    write(&topics, 1, ErrorClass::Orphan, b"{\"one\": 1}");
    write(&topics, 3, ErrorClass::Orphan, b"{}");
    let since = replay(&topics, &[]);
    assert_eq!((&since["sent"], &since["doubles"]), (&1.into(), &1.into()), "{since}");
    assert_eq!(replay(&topics, &["--from-beginning"])["sent"], 3);
    assert_eq!(keys(&topics), ["key-1", "key-1", "key-2", "key-2", "key-3", "key-3"]);
    assert_eq!(replay(&topics, &[])["sent"], 0);
}

#[test]
fn a_replay_of_one_class_or_of_a_few_letters_passes_over_no_other() {
    let topics = ScratchTopics::create();
    for offset in 0..6 {
        let class = if offset % 2 == 0 { ErrorClass::Schema } else { ErrorClass::Orphan };
        write(&topics, offset, class, b"{}");
    }
    let orphans = replay(&topics, &["--class", "orphan", "--limit", "2"]);
    assert_eq!(orphans["sent"], 2);
    assert_eq!((&orphans["other_classes"], &orphans["beyond_limit"]), (&3.into(), &1.into()), "{orphans}");
    assert_eq!(keys(&topics), ["key-1", "key-3"]);
    assert_eq!(replay(&topics, &["--class", "orphan"])["sent"], 1);
    assert_eq!(replay(&topics, &["--class", "orphan"])["sent"], 0);
    // Those of the other class are all still to be sent, and only they.
    assert_eq!(replay(&topics, &["--limit", "1"])["sent"], 1);
    assert_eq!(replay(&topics, &[])["sent"], 2);
    assert_eq!(replay(&topics, &["--class", "schema"])["sent"], 0);
    assert_eq!(keys(&topics), (0..6).map(|offset| format!("key-{offset}")).collect::<Vec<_>>());
}

#[test]
fn a_letter_that_the_brokers_refuse_is_not_remembered_as_sent() {
    let topics = ScratchTopics::create_with("orders", "max.message.bytes", "1000");
    // Too long for the topic however well it is compressed.
    let long: String = (1..600_u64).map(|n| format!("{:016x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    write(&topics, 1, ErrorClass::Orphan, long.as_bytes());
    let (exit, out, err) = run(&topics, &["replay", "orders", "--yes"]);
    assert_eq!((exit, out.as_str()), (1, ""), "{err}");
    assert!(err.starts_with("error: 1 dead letter was not delivered ("), "{err}");
    topics.set("orders", "max.message.bytes", "100000");
    let deadline = Instant::now() + Duration::from_secs(30);
    while run(&topics, &["replay", "orders", "--yes"]).0 != 0 {
        assert!(Instant::now() < deadline, "the brokers did not hear of the topic's setting");
    }
    assert_eq!(topics.read_all("orders")[0].payload.as_deref(), Some(long.as_bytes()));
    assert_eq!(replay(&topics, &[])["sent"], 0);
    assert_eq!(topics.count("orders"), 1);
}

#[test]
fn nothing_is_sent_without_somebodys_word_nor_to_a_topic_that_is_not_its_own() {
    let topics = ScratchTopics::create();
    let foreign = DeadLetter::new("somewhere", 0, 1, &DecodeError { class: ErrorClass::Schema, text: "x".to_owned() });
    topics.send("users.dlq", None, None, foreign.headers(Some(&headers(&[]))));
    let (exit, _, err) = run(&topics, &["replay", "users"]);
    assert_eq!(exit, 2);
    assert!(err.contains("--yes") && err.contains("--dry-run"), "{err}");
    let (exit, out, _) = run(&topics, &["replay", "users", "--yes"]);
    assert_eq!(exit, 0);
    assert!(out.contains("not of this topic"), "{out}");
    assert_eq!(topics.count("users"), 0);

    let (exit, _, err) = run(&topics, &["inspect", "oders"]);
    assert_eq!(exit, 2);
    assert!(err.contains("did you mean orders?"), "{err}");
    let none = ScratchTopics::none();
    let (exit, _, err) = run(&none, &["inspect", "orders"]);
    assert_eq!(exit, 1);
    assert!(err.contains("shopstream topics create"), "{err}");
}
