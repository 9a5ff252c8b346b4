//! Streams that are stored right, however dirty, and those that are not stored yet.

use std::time::Duration;

use diesel::prelude::*;
use serde_json::Value;
use shopstream::follow::Amount;
use shopstream::verify::Request;
use shopstream::verify::report::{Fates, Report, TopicReport};

use crate::shop::{Carelessness, Shop};
use crate::support::*;

pub fn topic<'a>(report: &'a Report, name: &str) -> &'a TopicReport {
    report.topics.iter().find(|topic| topic.table == name).unwrap()
}

#[test]
fn how_far_an_audit_is_can_be_followed() {
    let shop = Shop::new();
    shop.produce_all();
    shop.consume(Carelessness::default());
    shop.sql("ANALYZE");
    let followed = Followed::default();
    let report = shop.audit_followed(&Request::default(), &followed);
    for found in &report.topics {
        let read = followed.part(&format!("reading {}", found.topic));
        assert_eq!((read.amount, read.done), (Amount::Exactly(found.messages), found.messages), "{read:?}");
        let compared = followed.part(&format!("comparing the rows of {}", found.table));
        assert!(matches!(compared.amount, Amount::About(1..)), "{compared:?}");
    }
    let invariants = followed.part("checking the invariants");
    assert_eq!(invariants.amount, Amount::Exactly(invariants.done));
    assert_eq!(invariants.done, report.invariants.len() as u64);
}

#[test]
fn a_dirty_stream_that_was_stored_right_comes_out_clean() {
    let mut shop = Shop::new();
    shop.produce_all();
    shop.inject();
    shop.consume(Carelessness::default());
    shop.promote();
    // What the shop changes itself is no alteration.
    shop.sql("UPDATE users SET last_login_at = last_login_at + interval '1 day', updated_at = now()");

    let report = shop.audit(&Request::default());
    assert_eq!(report.disagreements, Vec::<String>::new());
    assert_eq!(report.notes, Vec::<String>::new());
    for name in ["users", "products"] {
        let found = topic(&report, name);
        assert_eq!((found.produced, found.fates.stored, found.elsewhere), (3, 3, 2), "{name}");
    }
    let orders = topic(&report, "orders");
    assert_eq!((orders.messages, orders.produced, orders.duplicates, orders.unreadable), (18, 15, 1, 2));
    let fates = Fates { stored: 13, dead_lettered: 3, waiting: 1, ..Fates::default() };
    assert_eq!(orders.fates, fates);
    assert_eq!(orders.fates.total(), orders.produced + orders.unreadable);
    let injected: Vec<_> = orders.injected.iter().map(|(kind, fates)| (*kind, *fates)).collect();
    let none = Fates::default();
    let expected = [
        ("duplicate", Fates { stored: 1, ..none }),
        ("late", Fates { stored: 1, ..none }),
        ("orphan", Fates { dead_lettered: 1, waiting: 1, ..none }),
        ("poison", Fates { dead_lettered: 2, ..none }),
    ];
    assert_eq!(injected, expected);
    assert!(report.invariants.iter().all(|invariant| invariant.broken.count == 0), "{:#?}", report.invariants);

    let (code, printed, said) = shop.run("verify");
    assert_eq!((code, said.as_str()), (0, ""));
    assert!(printed.contains("poison") && printed.contains("once and unaltered"), "{printed}");
    let (code, json, _) = shop.run("verify --json");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["agrees"], &json["topics"][2]["stored"]), (0, &true.into(), &13.into()));
}

#[test]
fn what_the_consumers_have_not_come_to_is_not_missing() {
    let mut shop = Shop::new();
    shop.produce_all();
    shop.consume(Carelessness::default());
    let first = shop.add_orders(5);
    shop.produce_orders(first);
    let report = shop.audit(&Request::default());
    assert!(report.agrees(), "{:?}", report.disagreements);
    assert_eq!((report.not_read(), topic(&report, "orders").fates.not_read), (5, 5));
    assert!(report.notes.iter().any(|note| note.contains("have not read 5 of them yet")), "{:?}", report.notes);

    // Nobody reads them: the wait ends by itself, and that is said. Nothing disagrees, and who waited is not content.
    let request = Request { wait: Some(Duration::from_millis(1)), ..Request::default() };
    let report = shop.audit(&request);
    assert_eq!((report.agrees(), report.not_read_in_time), (true, 5), "{:?}", report.disagreements);
    assert!(report.notes.iter().any(|note| note == "5 messages were waited for in vain"), "{:?}", report.notes);
    let (code, printed, said) = shop.run("verify --wait 1s");
    assert_eq!(code, 1, "{printed}{said}");
    assert!(
        said.contains("error: after 1.0 s the consumers have not read 5 messages that they were waited for"),
        "{said}"
    );
    assert!(said.contains("help: look whether they run"), "{said}");
    let (code, json, _) = shop.run("verify --wait 1s --json");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["agrees"], &json["not_read_in_time"]), (1, &true.into(), &5.into()));
    assert_eq!(shop.run("verify").0, 0, "who does not wait is told what there is");
    shop.commit("orders");
    let waited = shop.audit(&Request { wait: Some(Duration::from_secs(120)), ..Request::default() });
    assert_eq!(waited.not_read_in_time, 0, "{:?}", waited.notes);
}

#[test]
fn the_consumers_are_waited_for() {
    let mut shop = Shop::new();
    shop.produce_all();
    shop.add_orders(1);
    shop.produce_orders(12);
    let request = Request { wait: Some(Duration::from_secs(120)), ..Request::default() };
    let report = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| shop.audit(&request));
        shop.consume(Carelessness::default());
        waiting.join().unwrap()
    });
    // The offsets are written first here: what came of the rows is another test's affair.
    assert_eq!((report.not_read(), report.not_read_in_time), (0, 0), "{:?}", report.notes);
}

#[test]
fn orders_of_a_backfill_are_told_apart_also_when_they_went_through_kafka_too() {
    let shop = Shop::new();
    shop.produce_all();
    shop.consume(Carelessness::default());
    let (mut old, lines) = (order(shop.users[0].id, at(2026, 1, 20), 7_000), shop.products[0].id);
    old.run_id = Some(fresh_id(at(2026, 1, 1)));
    let conn = &mut shop.connect();
    store(conn, &[old]).unwrap();
    store(conn, &[item(&old, lines)]).unwrap();
    shop.sql("UPDATE products p SET order_count = (SELECT count(*) FROM order_items i WHERE i.product_id = p.id)");
    let report = shop.audit(&Request::default());
    assert_eq!((report.agrees(), topic(&report, "orders").elsewhere), (true, 1), "{:?}", report.disagreements);

    // The year's writer was faster than the consumer with one of them.
    let both = shop.orders[3].0.id;
    shop.sql(&format!("UPDATE orders SET run_id = '{both}' WHERE id = '{both}'"));
    let report = shop.audit(&Request::default());
    let orders = topic(&report, "orders");
    assert_eq!((report.agrees(), orders.elsewhere, orders.fates.stored), (true, 1, 12), "{:?}", report.disagreements);
}

#[test]
fn a_backfill_that_has_not_ended_does_not_count_yet() {
    let shop = Shop::new();
    shop.produce_all();
    shop.consume(Carelessness::default());
    let mut new = order(shop.users[0].id, at(2026, 4, 1), 7_000);
    new.run_id = Some(fresh_id(at(2026, 1, 1)));
    let conn = &mut shop.connect();
    shop.sql(&format!(
        "INSERT INTO backfill_runs (run_id, year, parameters, version) VALUES ('{}', 2026, '{{}}', 'test')",
        new.run_id.unwrap()
    ));
    store(conn, &[new]).unwrap();
    store(conn, &[item(&new, shop.products[0].id)]).unwrap();
    let report = shop.audit(&Request::default());
    assert!(report.agrees(), "{:?}", report.disagreements);
    assert!(report.notes.iter().any(|note| note.contains("the backfill of 2026 has not ended")));
    diesel::sql_query("UPDATE backfill_runs SET state = 'complete', finished_at = now()").execute(conn).unwrap();
    assert_eq!(shop.audit(&Request::default()).disagreements.len(), 2, "its counters were never added");
}
