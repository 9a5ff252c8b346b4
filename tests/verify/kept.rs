//! What a topic no longer keeps, or what was not asked for, is left out and said.

use chrono::Utc;
use rdkafka::message::Message as _;
use shopstream::domain::Timestamp;
use shopstream::verify::Request;

use crate::clean::topic;
use crate::shop::{Carelessness, Shop};
use crate::support::*;

#[test]
fn rows_whose_messages_are_no_longer_kept_are_left_out_and_that_is_said() {
    let mut shop = Shop::new();
    shop.produce_all();
    shop.consume(Carelessness::default());
    delete_records(&shop.kafka, "orders");
    let report = shop.audit(&Request::default());
    assert!(report.agrees(), "{:?}", report.disagreements);
    let orders = topic(&report, "orders");
    assert_eq!((orders.messages, orders.older, orders.whole), (0, 12, false));
    assert!(report.notes.iter().any(|note| note.contains("12 messages are no longer kept")), "{:?}", report.notes);

    // What came afterwards is audited as ever.
    let first = shop.add_orders(6);
    shop.produce_orders(first);
    let report = shop.audit(&Request::default());
    assert_eq!((report.agrees(), topic(&report, "orders").fates.not_read), (true, 6));
    shop.commit("orders");
    let report = shop.audit(&Request::default());
    assert_eq!(topic(&report, "orders").fates.missing, 6);
}

#[test]
fn what_a_topic_deleted_before_it_was_read_is_a_loss() {
    let mut shop = Shop::new();
    shop.produce_all();
    shop.consume(Carelessness::default());
    let first = shop.add_orders(6);
    shop.produce_orders(first);
    delete_records(&shop.kafka, "orders");
    let report = shop.audit(&Request::default());
    assert_eq!(topic(&report, "orders").expired, 6);
    assert!(report.disagreements[0].contains("6 ") && report.disagreements[0].contains("before they were read"));

    // It stays one when the consumer has gone past the gap.
    shop.commit("orders");
    shop.sql("UPDATE consumer_offsets SET expired = 6 WHERE topic LIKE '%orders' AND \"partition\" = 0");
    assert_eq!(topic(&shop.audit(&Request::default()), "orders").expired, 6);
}

#[test]
fn since_leaves_out_what_was_sent_before() {
    let mut shop = Shop::new();
    shop.produce_all();
    let newest = shop.messages_of("orders").iter().filter_map(|message| message.timestamp().to_millis()).max();
    let since = Timestamp::from_micros((newest.unwrap() + 1) * 1_000);
    while Timestamp::from(Utc::now()) <= since {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let first = shop.add_orders(4);
    shop.produce_orders(first);
    shop.consume(Carelessness::default());
    // Of those that are left out, nobody asks.
    shop.sql(&format!("UPDATE orders SET region = '제주' WHERE id = '{}'", shop.orders[0].0.id));
    let request = Request { since: Some(since), ..Request::default() };
    let report = shop.audit(&request);
    assert!(report.agrees(), "{:?}", report.disagreements);
    let orders = topic(&report, "orders");
    assert_eq!((orders.produced, orders.fates.stored, orders.older, orders.whole), (4, 4, 12, false));
    assert!(!shop.audit(&Request::default()).agrees());
}

#[test]
fn a_topic_that_was_made_again_is_noticed() {
    let shop = Shop::new();
    shop.produce_all();
    shop.consume(Carelessness::default());
    shop.sql("UPDATE consumer_offsets SET next_offset = next_offset + 1000; DELETE FROM orders WHERE false");
    let report = shop.audit(&Request::default());
    assert!(report.agrees(), "{:?}", report.disagreements);
    assert!(report.notes.iter().any(|note| note.contains("made again")), "{:?}", report.notes);
}
