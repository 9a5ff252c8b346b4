//! The final check: what lies in the topics against what lies in the tables, counted by an own reading of both.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::DateTime;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::{Map, Value, json};

use crate::shop::{Shop, Told};
use crate::topics::Record;

/// Header by which a test says what must become of a message that it wrote itself: `stored`, or a dead letter's class.
pub const EXPECTED: &str = "x-test-expected";
const INJECTED: &str = "x-shopstream-injected";
/// Classes of what can never be read.
const UNREADABLE: [&str; 6] = ["empty", "not_utf8", "not_json", "schema", "inconsistent", "unknown_type"];
const LETTER: &str = "x-shopstream-dlq-";

/// What should be there besides the plain rule.
pub struct Expect<'a> {
    /// What the producers told, when all of them came to a good end.
    pub told: Option<&'a Told>,
    /// Good orders that the database refuses: they must be dead letters of class `constraint`.
    pub refused: fn(&Value) -> bool,
    /// Orders that were stored from a topic that is there no more.
    pub kept: HashSet<String>,
}

impl Default for Expect<'_> {
    fn default() -> Self {
        Self { told: None, refused: |_| false, kept: HashSet::new() }
    }
}

/// What was found, when all of it is as it should be.
#[derive(Debug, Default)]
pub struct Found {
    /// Orders of the topic that are stored.
    pub stored: HashSet<String>,
    /// Messages by what was injected; `good` and `late` ones are good.
    pub kinds: BTreeMap<String, u64>,
    /// Dead letters of orders by class, each place counted once.
    pub dead: BTreeMap<String, u64>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    json: String,
}

/// Orders with their items as one JSON object each, in the form of a message.
const ORDERS: &str = "
    SELECT o.id::text, (to_jsonb(o) - 'run_id' || jsonb_build_object('items',
               (SELECT jsonb_agg(to_jsonb(i) - 'order_id' ORDER BY line_no) FROM order_items i WHERE i.order_id = o.id)
           ))::text AS json
      FROM orders o";

/// Each must find nothing.
const CONTRADICTIONS: [(&str, &str); 5] = [
    (
        "a product's order_count is the number of its items",
        "SELECT count(*) AS count FROM products p
           LEFT JOIN (SELECT product_id, count(*) AS items FROM order_items GROUP BY product_id) i ON i.product_id = p.id
          WHERE p.order_count <> coalesce(i.items, 0)",
    ),
    (
        "a customer's last_ordered_at is the latest of their orders",
        "SELECT count(*) AS count FROM users u
           LEFT JOIN (SELECT user_id, max(created_at) AS latest FROM orders GROUP BY user_id) o ON o.user_id = u.id
          WHERE u.last_ordered_at IS DISTINCT FROM o.latest",
    ),
    (
        "an order's figures are the sums of its items",
        "SELECT count(*) AS count FROM orders o
           LEFT JOIN (SELECT order_id, count(*) AS items, sum(quantity * unit_price) AS subtotal,
                             sum(discount_amount) AS discount, sum(line_amount) AS lines
                        FROM order_items GROUP BY order_id) i ON i.order_id = o.id
          WHERE (o.item_count, o.subtotal, o.discount_amount, o.total_amount - o.shipping_fee)
                IS DISTINCT FROM (i.items, i.subtotal, i.discount, i.lines)",
    ),
    (
        "an item's amount follows from its price",
        "SELECT count(*) AS count FROM order_items WHERE line_amount <> quantity * unit_price - discount_amount",
    ),
    ("no order is parked", "SELECT count(*) AS count FROM parked_orders"),
];

/// Checks everything, and that `verify` comes to the same end; the pipeline must be at rest.
///
/// # Panics
/// When anything is missing, doubled or altered, with the first of it.
pub fn audit(shop: &Shop<'_>, expect: &Expect<'_>) -> Found {
    let mut letters = letters(shop, "orders");
    let mut rows = rows(shop, ORDERS);
    let mut found = Found::default();
    shop.topics.read("orders", |record| {
        let place = (record.partition, record.offset);
        let expected = expected(&record, expect.refused);
        let letters = letters.remove(&place).unwrap_or_default();
        let kind = if record.header(EXPECTED).is_some() { "test" } else { record.header(INJECTED).unwrap_or("good") };
        *found.kinds.entry(kind.to_owned()).or_default() += 1;
        if expected == ["stored"] {
            assert!(letters.is_empty(), "the good order at {place:?} is a dead letter: {:?}", letters[0]);
            let message = read(&record);
            let id = message["id"].as_str().unwrap().to_lowercase();
            let new = found.stored.insert(id.clone());
            if kind == "duplicate" {
                assert!(!new, "the repeated order {id} has no original before it");
            } else if kind != "test" {
                assert!(new, "the topic has the order {id} twice, and nobody asked for it");
            }
            if new {
                let row = rows.remove(&id).unwrap_or_else(|| panic!("the order {id} at {place:?} is not stored"));
                assert_same(&id, &message, &row, &[]);
            }
        } else {
            assert!(!letters.is_empty(), "the message at {place:?}, {expected:?}, is no dead letter");
            for letter in &letters {
                assert_letter(shop, "orders", &record, letter, &expected);
            }
            *found.dead.entry(letters[0].header("x-shopstream-dlq-class").unwrap().to_owned()).or_default() += 1;
        }
    });
    assert!(letters.is_empty(), "dead letters of messages that are not there: {:?}", letters.keys());
    rows.retain(|id, _| !expect.kept.contains(id));
    assert!(rows.is_empty(), "{} orders are stored that no topic has, such as {:?}", rows.len(), rows.keys().next());
    let of_topic = shop.count("SELECT count(*) AS count FROM orders") as usize;
    assert_eq!(of_topic, found.stored.union(&expect.kept).count(), "orders that are stored");

    check_others(shop, "users", &["grade", "last_login_at"]);
    check_others(shop, "products", &[]);
    for (rule, sql) in CONTRADICTIONS {
        assert_eq!(shop.count(sql), 0, "rows against the rule that {rule}");
    }
    assert_eq!(shop.deadlocks(), 0, "deadlocks in PostgreSQL's log");
    if let Some(told) = expect.told {
        check_told(shop, told, &found);
    }
    if expect.kept.is_empty() {
        // A further check, and of `verify` too.
        let output = shop.command("verify").output().unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        let disagrees = said.split_once("disagree: ").map_or("", |(_, what)| what.lines().next().unwrap());
        assert_eq!((disagrees, output.status.success()), ("", true), "{said}");
    }
    println!("{}: {:?} in the topic, {} stored, dead {:?}", shop.name, found.kinds, found.stored.len(), found.dead);
    found
}

/// A good order's JSON. Our reader refuses what is nested more deeply than 127 levels, so brackets by the thousand go.
fn read(record: &Record) -> Value {
    let text = std::str::from_utf8(record.payload.as_deref().unwrap()).unwrap();
    let shallow = text.replace(&"[".repeat(1_000), "").replace(&"]".repeat(1_000), "");
    serde_json::from_str(&shallow).unwrap()
}

/// What must become of a message: stored, or a dead letter of one of these classes.
fn expected(record: &Record, refused: fn(&Value) -> bool) -> Vec<&str> {
    if let Some(expected) = record.header(EXPECTED) {
        return expected.split('|').collect();
    }
    match record.header(INJECTED) {
        Some("poison") => UNREADABLE.to_vec(),
        Some("orphan") => vec!["orphan"],
        _ => {
            let message = serde_json::from_slice(record.payload.as_deref().unwrap()).unwrap();
            vec![if refused(&message) { "constraint" } else { "stored" }]
        }
    }
}

/// Every dead letter of a topic, by the place of its original.
fn letters(shop: &Shop<'_>, plain: &str) -> HashMap<(i32, i64), Vec<Record>> {
    let mut letters: HashMap<_, Vec<Record>> = HashMap::new();
    shop.topics.read(&format!("{plain}.dlq"), |record| {
        let number = |name| record.header(name).unwrap().parse().unwrap();
        let place = (number("x-shopstream-dlq-partition") as i32, number("x-shopstream-dlq-offset"));
        letters.entry(place).or_default().push(record);
    });
    letters
}

/// A dead letter is its original, byte for byte, with six headers more.
fn assert_letter(shop: &Shop<'_>, plain: &str, original: &Record, letter: &Record, classes: &[&str]) {
    assert_eq!((&letter.key, &letter.payload), (&original.key, &original.payload), "{letter:?}");
    let (own, kept): (Vec<_>, Vec<_>) = letter.headers.iter().cloned().partition(|(key, _)| key.starts_with(LETTER));
    assert_eq!(kept, original.headers);
    let names: Vec<&str> = own.iter().map(|(key, _)| key.strip_prefix(LETTER).unwrap()).collect();
    assert_eq!(names, ["topic", "partition", "offset", "timestamp", "class", "error"]);
    assert_eq!(letter.header("x-shopstream-dlq-topic"), Some(shop.topics.name(plain).as_str()));
    let class = letter.header("x-shopstream-dlq-class").unwrap();
    let error = letter.header("x-shopstream-dlq-error").unwrap();
    assert!(classes.contains(&class) && !error.is_empty(), "{class}: {error}, and not one of {classes:?}");
}

fn rows(shop: &Shop<'_>, sql: &str) -> HashMap<String, String> {
    let rows: Vec<Row> = diesel::sql_query(sql).load(&mut shop.connect()).unwrap();
    rows.into_iter().map(|row| (row.id, row.json)).collect()
}

/// Customers or products: each message is stored, as it was sent but for these columns, which the shop changes later.
fn check_others(shop: &Shop<'_>, plain: &str, changing: &[&str]) {
    let mut letters = letters(shop, plain);
    let mut rows = rows(shop, &format!("SELECT id::text, to_jsonb(r)::text AS json FROM {plain} r"));
    shop.topics.read(plain, |record| {
        let expected = expected(&record, |_| false);
        let letters = letters.remove(&(record.partition, record.offset)).unwrap_or_default();
        if expected != ["stored"] {
            assert!(!letters.is_empty(), "{record:?} is no dead letter");
            letters.iter().for_each(|letter| assert_letter(shop, plain, &record, letter, &expected));
            return;
        }
        assert!(letters.is_empty(), "{letters:?}");
        let message: Value = serde_json::from_slice(record.payload.as_deref().unwrap()).unwrap();
        let id = message["id"].as_str().unwrap();
        let row = rows.remove(id).unwrap_or_else(|| panic!("{id} of {plain} is not stored, or came twice"));
        assert_same(id, &message, &row, changing);
    });
    assert!(letters.is_empty(), "{:?}", letters.keys());
}

/// Field by field; fields that we do not know are none of ours.
fn assert_same(id: &str, message: &Value, row: &str, changing: &[&str]) {
    let row: Value = serde_json::from_str(row).unwrap();
    let (message, row) = (message.as_object().unwrap(), row.as_object().unwrap());
    let compare = |message: &Map<String, Value>, row: &Map<String, Value>| {
        for (field, stored) in row.iter().filter(|(field, _)| !changing.contains(&field.as_str())) {
            // Columns that follow from others have no field: they are checked by themselves.
            if let Some(sent) = message.get(field).filter(|_| field != "items") {
                assert_eq!(plain(field, sent), plain(field, stored), "{field} of {id}");
            }
        }
    };
    compare(message, row);
    let items =
        |of: &Map<String, Value>| of.get("items").map_or_else(Vec::new, |items| items.as_array().unwrap().clone());
    let mut sent = items(message);
    sent.sort_by_key(|line| line["line_no"].as_i64());
    let stored = items(row);
    assert_eq!(sent.len(), stored.len(), "items of {id}");
    for (sent, stored) in sent.iter().zip(&stored) {
        let fields: HashSet<&String> = stored.as_object().unwrap().keys().collect();
        assert!(fields.iter().all(|field| sent.get(field.as_str()).is_some()), "{sent} against {stored}");
        compare(sent.as_object().unwrap(), stored.as_object().unwrap());
    }
}

/// A value in a form that does not depend on who wrote it: a moment in microseconds, an id in small letters.
fn plain(field: &str, value: &Value) -> Value {
    match value.as_str() {
        Some(text) if field.ends_with("_at") => DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros().into(),
        Some(text) if field == "id" || field.ends_with("_id") => text.to_lowercase().into(),
        // 4 and 4.0 are one number.
        _ if value.is_f64() || ["rating", "random_seed"].contains(&field) => json!(value.as_f64()),
        _ => value.clone(),
    }
}

/// What the producers said they delivered is what lies there.
fn check_told(shop: &Shop<'_>, told: &Told, found: &Found) {
    let kind = |name: &str| found.kinds.get(name).copied().unwrap_or(0);
    let lies = [
        ("orders", kind("good") + kind("late")),
        ("duplicates", kind("duplicate")),
        ("poison", kind("poison")),
        ("orphans", kind("orphan")),
        ("users", shop.topics.count("users") as u64),
        ("products", shop.topics.count("products") as u64),
    ];
    for (name, lies) in lies {
        assert_eq!(told.delivered(name), lies, "{name} delivered, as the producers told and as they lie in the topic");
    }
    assert_eq!(told.late(), kind("late"));
}
