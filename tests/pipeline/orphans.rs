//! Orders that come before their customer or product: parked, adopted or given up.

use std::time::Duration;

use crate::consuming::{assert_consistent, order, send};
use crate::shop::{PATIENCE, Shop, number, text};
use crate::support::*;

#[test]
fn an_order_waits_for_its_customer_and_is_given_up_when_nobody_comes() {
    let shop = Shop::seeded(5, 5);
    let conn = &mut shop.db.connect();
    let known_user = text(conn, "SELECT min(id::text) AS t FROM users");
    let known_product = text(conn, "SELECT min(id::text) AS t FROM products");
    let late_user = user(at(2026, 3, 1));
    let nobody = "019ac000-0000-7000-8000-00000000dead";
    send(&shop, &order(1, &late_user.id.to_string(), &known_product));
    send(&shop, &order(2, &known_user, nobody));
    send(&shop, &order(3, &known_user, &known_product));
    let mut consumer = shop.start("consume --topic orders --orphan-timeout 6s");
    shop.until_consumed("orders");
    // The partition goes on: the good one is stored, the others wait.
    assert_eq!(number(conn, "SELECT count(*) AS n FROM orders"), 1);
    assert_eq!(number(conn, "SELECT count(*) AS n FROM parked_orders"), 2);
    store(conn, std::slice::from_ref(&late_user)).unwrap();
    until(PATIENCE, "the first is adopted, the second given up", || {
        let left = number(conn, "SELECT count(*) AS n FROM parked_orders");
        if left == 0 { Ok(()) } else { Err(left.to_string()) }
    });
    assert_eq!(number(conn, "SELECT count(*) AS n FROM orders"), 2);
    assert_consistent(&shop);
    let dead = shop.topics.read_all("orders.dlq");
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].json(), order(2, &known_user, nobody));
    assert_eq!(dead[0].key_text(), known_user);
    for (name, value) in [
        ("x-own", "kept"),
        ("ce_type", "shopstream.order.created.v1"),
        ("x-shopstream-dlq-class", "orphan"),
        ("x-shopstream-dlq-topic", &shop.topics.name("orders")),
    ] {
        assert_eq!(dead[0].header(name), Some(value.as_bytes()), "{name}");
    }
    let error = String::from_utf8(dead[0].header("x-shopstream-dlq-error").unwrap().to_vec()).unwrap();
    assert!(error.contains(nobody), "{error}");
    assert!(consumer.stop(Duration::from_secs(10)).success());
}

#[test]
fn when_the_parking_is_full_the_partition_waits_and_goes_on_when_there_is_room() {
    let shop = Shop::seeded(5, 5);
    let conn = &mut shop.db.connect();
    let known_product = text(conn, "SELECT min(id::text) AS t FROM products");
    let users = [user(at(2026, 3, 1)), user(at(2026, 3, 2)), user(at(2026, 3, 3))];
    for (number, user) in (1..).zip(&users) {
        send(&shop, &order(number, &user.id.to_string(), &known_product));
    }
    // One batch each, so that the limit is met one by one.
    let mut consumer = shop.start("consume --topic orders --orphan-limit 2 --batch-size 1 --orphan-timeout 10m");
    until(PATIENCE, "two are parked", || {
        let parked = number(conn, "SELECT count(*) AS n FROM parked_orders");
        if parked == 2 { Ok(()) } else { Err(parked.to_string()) }
    });
    until(PATIENCE, "it says that it waits", || {
        let said = consumer.said();
        if said.contains("--orphan-limit") { Ok(()) } else { Err(said) }
    });
    store(conn, &users).unwrap();
    shop.until_consumed("orders");
    until(PATIENCE, "all are stored", || {
        let stored = number(conn, "SELECT count(*) AS n FROM orders");
        if stored == 3 { Ok(()) } else { Err(stored.to_string()) }
    });
    assert_consistent(&shop);
    assert_eq!(shop.topics.count("orders.dlq"), 0);
    assert!(consumer.stop(Duration::from_secs(10)).success());
}
