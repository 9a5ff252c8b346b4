//! What the consumers store: everything once, with its counters.

use std::time::Duration;

use diesel::RunQueryDsl;
use serde_json::{Value, json};

use crate::shop::{PATIENCE, Shop, number, text};
use crate::support::*;

/// Facts about the tables that must hold whenever nothing is being written.
const MUST_BE_ZERO: [(&str, &str); 4] = [
    (
        "products whose order_count is not the count of their items",
        "SELECT count(*) AS n FROM products p
          WHERE order_count <> (SELECT count(*) FROM order_items i WHERE i.product_id = p.id)",
    ),
    (
        "customers whose last_ordered_at is not their latest order",
        "SELECT count(*) AS n FROM users u
          WHERE last_ordered_at IS DISTINCT FROM (SELECT max(created_at) FROM orders o WHERE o.user_id = u.id)",
    ),
    (
        "orders that do not add up",
        "SELECT count(*) AS n FROM orders o
          JOIN (SELECT order_id, sum(quantity * unit_price) AS gross, sum(discount_amount) AS off, count(*) AS lines
                  FROM order_items GROUP BY order_id) i ON i.order_id = o.id
         WHERE o.subtotal <> i.gross OR o.discount_amount <> i.off OR o.item_count <> i.lines",
    ),
    (
        "orders without items",
        "SELECT count(*) AS n FROM orders o WHERE NOT EXISTS (SELECT FROM order_items i WHERE i.order_id = o.id)",
    ),
];

/// Holds those facts.
pub fn assert_consistent(shop: &Shop) {
    let conn = &mut shop.db.connect();
    for (what, query) in MUST_BE_ZERO {
        assert_eq!(number(conn, query), 0, "{what}");
    }
}

/// A number that changes with any row of the shop.
fn fingerprint(shop: &Shop) -> String {
    let tables = ["users", "products", "orders", "order_items"];
    let of = |table| {
        let query = format!("SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS t FROM {table} t");
        text(&mut shop.db.connect(), &query)
    };
    tables.map(of).join(" ")
}

/// Waits until a consumer has said of all three partitions that it reads them, in these words.
fn until_each_is_read(consumer: &mut Running, words: &str) {
    until(PATIENCE, "each partition is read", || {
        let said = consumer.said();
        let partitions = said.lines().filter(|line| line.contains("reading") && line.contains(words)).count();
        if partitions == 3 { Ok(()) } else { Err(said) }
    });
}

#[test]
fn everything_produced_is_stored_once_and_reading_it_all_again_changes_nothing() {
    let shop = Shop::seeded(1_200, 1_200);
    shop.run("cache refresh");
    shop.run("produce --stream users --unthrottled --limit 300");
    shop.run("produce --stream products --unthrottled --limit 200");
    shop.run("produce --stream orders --unthrottled --limit 4_000 --inject duplicate=3%,late=5%");
    let mut consumers: Vec<Running> =
        ["users", "products", "orders"].map(|topic| shop.start(&format!("consume --topic {topic} --members 2"))).into();
    for topic in ["users", "products", "orders"] {
        shop.until_consumed(topic);
    }
    let conn = &mut shop.db.connect();
    assert_eq!(number(conn, "SELECT count(*) AS n FROM users"), 1_500);
    assert_eq!(number(conn, "SELECT count(*) AS n FROM products"), 1_400);
    assert_eq!(number(conn, "SELECT count(*) AS n FROM orders WHERE run_id IS NULL"), 4_000);
    assert_consistent(&shop);
    for consumer in &mut consumers {
        let status = consumer.stop(Duration::from_secs(10));
        assert!(status.success(), "{}", consumer.said());
    }
    let before = fingerprint(&shop);
    let mut again = shop.start("consume --topic orders --from-beginning --batch-size 100");
    until_each_is_read(&mut again, "next_offset=0");
    shop.until_consumed("orders");
    assert!(again.stop(Duration::from_secs(10)).success(), "{}", again.said());
    assert_eq!(fingerprint(&shop), before);
    assert_eq!(shop.topics.count("orders.dlq"), 0);
}

/// A good order of a customer and a product that need not exist, numbered.
pub fn order(number: u32, user: &str, product: &str) -> Value {
    json!({
        "id": format!("019ac000-0000-7000-8000-{number:012}"),
        "user_id": user,
        "created_at": "2026-11-25T12:00:00Z",
        "status": "COMPLETED",
        "payment_method": "Card",
        "item_count": 1,
        "subtotal": 60_000,
        "discount_amount": 0,
        "shipping_fee": 0,
        "total_amount": 60_000,
        "scenario": "baseline",
        "region": "서울",
        "gender": "F",
        "age_group": "30s",
        "grade": "BRONZE",
        "items": [{
            "line_no": 1, "product_id": product, "category": "스킨케어", "quantity": 2, "unit_price": 30_000,
            "discount_amount": 0, "line_amount": 60_000,
        }],
    })
}

/// Sends it as the producer would, with a header of the test's own.
pub fn send(shop: &Shop, order: &Value) {
    let key = order["user_id"].as_str().unwrap();
    let headers = headers(&[("ce_type", "shopstream.order.created.v1"), ("x-own", "kept")]);
    shop.topics.send("orders", Some(key.as_bytes()), Some(order.to_string().as_bytes()), headers);
}

#[test]
fn the_first_message_of_an_id_counts_and_another_changes_nothing() {
    let shop = Shop::seeded(5, 5);
    let conn = &mut shop.db.connect();
    let known_user = text(conn, "SELECT min(id::text) AS t FROM users");
    let known_product = text(conn, "SELECT min(id::text) AS t FROM products");
    let first = order(1, &known_user, &known_product);
    let mut second = first.clone();
    second["status"] = json!("REFUNDED");
    second["created_at"] = json!("2026-11-26T12:00:00Z");
    let mut consumer = shop.start("consume --topic orders");
    for message in [&first, &second] {
        send(&shop, message);
        shop.until_consumed("orders");
    }
    assert_eq!(text(conn, "SELECT string_agg(status, ',') AS t FROM orders"), "COMPLETED");
    assert_consistent(&shop);
    assert!(consumer.stop(Duration::from_secs(10)).success());
}

#[test]
fn what_is_wrong_at_the_start_is_told_at_once() {
    let shop = Shop { db: ScratchDb::empty(), topics: ScratchTopics::none(), redis: ScratchRedis::new() };
    let said = |words: &str, change: &[(&str, &str)]| {
        let mut command = shop.program(words);
        for (name, value) in change {
            command.env(name, value);
        }
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, text) = said("consume --topic orders", &[]);
    assert!(code == Some(1) && text.contains("shopstream migrate"), "{text}");
    let (code, text) = said("consume --topic orders", &[("DATABASE_URL", "postgres://shop@127.0.0.1:1/x")]);
    assert!(code == Some(1) && text.contains("cannot be reached"), "{text}");
    shop.run("migrate");
    let (code, text) = said("consume --topic orders", &[]);
    assert!(code == Some(1) && text.contains("topics create"), "{text}");
    let (code, text) = said("consume --topic order", &[]);
    assert!(code == Some(2) && text.contains("orders"), "{text}");
}

#[test]
fn a_consumer_that_is_asked_to_stop_while_its_group_settles_ends_well() {
    let shop = Shop::seeded(5, 5);
    // Three members that begin together pass partitions on to each other for a second; the stop comes at six moments of it.
    for round in 1..=6 {
        let mut consumer = shop.start("consume --topic orders --members 3");
        until(PATIENCE, "a member has partitions", || {
            let said = consumer.said();
            if said.contains("assigned") { Ok(()) } else { Err(said) }
        });
        std::thread::sleep(Duration::from_millis(200 * round));
        let status = consumer.stop(Duration::from_secs(10));
        assert!(status.success(), "{status}:\n{}", consumer.said());
    }
}

#[test]
fn a_consumer_that_ends_is_missed_by_nobody() {
    let shop = Shop::seeded(5, 5);
    let group = shop.topics.name("orders_group");
    let client = shop.topics.kafka().admin().unwrap();
    // What it commits last is on its way when it leaves.
    for round in 1..=5 {
        let mut consumer = shop.start("consume --topic orders");
        until_each_is_read(&mut consumer, "next_offset");
        assert!(consumer.stop(Duration::from_secs(10)).success());
        // Much less than the 10 s after which a member is missed.
        until(Duration::from_secs(3), &format!("nobody is in the group after round {round}"), || {
            let groups = client.inner().fetch_group_list(Some(&group), PATIENCE).map_err(|error| error.to_string())?;
            let members: usize = groups.groups().iter().map(|group| group.members().len()).sum();
            if members == 0 { Ok(()) } else { Err(format!("{members} members")) }
        });
    }
}

#[test]
fn a_header_whose_name_is_not_utf8_stops_nobody() {
    use std::os::unix::ffi::OsStrExt;

    let shop = Shop::seeded(5, 5);
    let conn = &mut shop.db.connect();
    let known_user = text(conn, "SELECT min(id::text) AS t FROM users");
    let known_product = text(conn, "SELECT min(id::text) AS t FROM products");
    let file = tempfile::NamedTempFile::new().unwrap();
    let bad = json!({ "not": "an order" });
    // kcat takes any bytes for a header's name, as the brokers do; our own client would refuse to write it.
    let header = std::ffi::OsStr::from_bytes(b"\xff\xfe=1");
    for message in
        [order(1, &known_user, &known_product), order(2, &known_user, "019ac000-0000-7000-8000-00000000dead"), bad]
    {
        std::fs::write(file.path(), message.to_string()).unwrap();
        let mut kcat = std::process::Command::new("kcat");
        kcat.args(["-P", "-b", &kafka_brokers(), "-t", &shop.topics.name("orders"), "-H"]).arg(header).arg(file.path());
        let written = kcat.output().expect("kcat is installed by deploy/local/services install kcat");
        assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    }
    let mut consumer = shop.start("consume --topic orders --orphan-timeout 2s");
    shop.until_consumed("orders");
    until(PATIENCE, "the orphan is given up", || {
        let parked = number(conn, "SELECT count(*) AS n FROM parked_orders");
        if parked == 0 { Ok(()) } else { Err(parked.to_string()) }
    });
    assert_eq!(number(conn, "SELECT count(*) AS n FROM orders"), 1);
    assert_eq!(shop.topics.count("orders.dlq"), 2);
    assert!(consumer.stop(Duration::from_secs(10)).success());
    assert!(!consumer.said().contains("panicked"), "{}", consumer.said());
    let said = shop.run("verify");
    assert!(said.contains("accounted for"), "{said}");
    shop.run("dlq inspect orders");
}

#[test]
fn a_constraint_that_is_deferred_refuses_what_it_refuses_and_nothing_else() {
    let shop = Shop::seeded(1_200, 1_200);
    shop.run("cache refresh");
    // Looked at when the transaction ends, for an order comes before its items.
    diesel::connection::SimpleConnection::batch_execute(
        &mut shop.db.connect(),
        "CREATE FUNCTION complete() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             IF NEW.total_amount / 10 % 20 = 3 OR NOT EXISTS (SELECT FROM order_items WHERE order_id = NEW.id) THEN
                 RAISE check_violation USING MESSAGE = 'not complete';
             END IF;
             RETURN NULL;
         END $$;
         CREATE CONSTRAINT TRIGGER complete AFTER INSERT ON orders
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION complete()",
    )
    .unwrap();
    shop.run("produce --stream orders --unthrottled --limit 1_000");
    let sent = shop.topics.read_all("orders");
    let is_refused = |order: &&Received| order.json()["total_amount"].as_i64().unwrap() / 10 % 20 == 3;
    let refused = sent.iter().filter(is_refused).count() as i64;
    assert!(refused > 5, "{refused}");
    let mut consumer = shop.start("consume --topic orders");
    shop.until_consumed("orders");
    let stored = number(&mut shop.db.connect(), "SELECT count(*) AS n FROM orders");
    assert_eq!((stored, shop.topics.count("orders.dlq")), (1_000 - refused, refused));
    assert_consistent(&shop);
    assert!(consumer.stop(Duration::from_secs(10)).success());
}

#[test]
fn what_the_topic_did_not_keep_is_counted_for_ever() {
    let shop = Shop::seeded(1_200, 1_200);
    shop.run("cache refresh");
    shop.run("produce --stream orders --unthrottled --limit 300");
    let mut consumer = shop.start("consume --topic orders");
    shop.until_consumed("orders");
    assert!(consumer.stop(Duration::from_secs(10)).success());
    shop.run("produce --stream orders --unthrottled --limit 200");
    delete_records(shop.topics.kafka(), "orders");
    // Of each partition, so that each has a gap to see.
    shop.run("produce --stream orders --unthrottled --limit 100");
    let mut consumer = shop.start("consume --topic orders");
    shop.until_consumed("orders");
    let conn = &mut shop.db.connect();
    let expired = || number(&mut shop.db.connect(), "SELECT sum(expired)::bigint AS n FROM consumer_offsets");
    assert_eq!((number(conn, "SELECT count(*) AS n FROM orders"), expired()), (400, 200), "{}", consumer.said());
    assert!(consumer.stop(Duration::from_secs(10)).success());
    let said = consumer.said();
    assert!(said.contains("the topic did not keep them"), "{said}");
    let output = shop.program("verify").output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && told.contains("200 "), "{told}");

    // Reading everything that is left once more brings nothing back.
    let mut again = shop.start("consume --topic orders --from-beginning");
    until_each_is_read(&mut again, "");
    // Not before the messages behind the gap have come.
    shop.until_consumed("orders");
    assert_eq!(expired(), 200);
    assert!(again.stop(Duration::from_secs(10)).success());
}

#[test]
fn a_database_that_comes_back_older_than_it_was_is_filled_up_again() {
    let shop = Shop::seeded(1_200, 1_200);
    shop.run("cache refresh");
    shop.run("produce --stream orders --unthrottled --limit 900");
    // A name by which this test's own sessions are told from those of others.
    let name = shop.db.schema().to_owned();
    let mut command = shop.program("consume --topic orders --members 2");
    command.env("DATABASE_URL", format!("{}&application_name={name}", shop.db.url()));
    let mut consumer = Running::start(&mut command);
    shop.until_consumed("orders");
    let conn = &mut shop.db.connect();
    assert_eq!(number(conn, "SELECT count(*) AS n FROM orders"), 900);
    // As a replica that had not yet heard of the last orders: half of each partition is gone, and the sessions too.
    diesel::connection::SimpleConnection::batch_execute(
        conn,
        "BEGIN;
         UPDATE consumer_offsets SET next_offset = next_offset / 2, last_hash = NULL;
         TRUNCATE orders, order_items;
         UPDATE products SET order_count = 0 WHERE order_count > 0;
         UPDATE users SET last_ordered_at = NULL WHERE last_ordered_at IS NOT NULL;
         COMMIT",
    )
    .unwrap();
    let kept = number(conn, "SELECT sum(next_offset)::bigint AS n FROM consumer_offsets");
    let ended = number(
        conn,
        &format!(
            "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity WHERE application_name = '{name}'"
        ),
    );
    assert_eq!(ended, 2);
    shop.run("produce --stream orders --unthrottled --limit 300");
    shop.until_consumed("orders");
    assert_eq!(number(conn, "SELECT count(*) AS n FROM orders"), 1_200 - kept, "{}", consumer.said());
    assert_consistent(&shop);
    assert!(consumer.stop(Duration::from_secs(10)).success());
}

#[test]
fn a_right_that_is_missing_is_told_with_the_grant_and_waited_for() {
    let shop = Shop::seeded(1_800, 2_000);
    shop.run("cache refresh");
    diesel::sql_query("REVOKE INSERT ON orders FROM CURRENT_USER").execute(&mut shop.db.connect()).unwrap();
    let mut members = shop.start("consume --topic orders");
    shop.run("produce --stream orders --rate 500/s --limit 20");
    until(PATIENCE, "they say what is missing", || match members.said() {
        said if said.contains("paused, to be tried again") => Ok(said),
        said => Err(said),
    })
    .lines()
    .filter(|line| line.contains("paused, to be tried again"))
    .for_each(|line| assert!(line.contains("lacks INSERT on table") && line.contains("GRANT INSERT ON"), "{line}"));
    diesel::sql_query("GRANT INSERT ON orders TO CURRENT_USER").execute(&mut shop.db.connect()).unwrap();
    shop.until_consumed("orders");
    members.stop(PATIENCE);
    assert_eq!(number(&mut shop.db.connect(), "SELECT count(*) AS n FROM orders"), 20);
}
