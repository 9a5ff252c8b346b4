//! Messages of other clients: good ones, and whatever a hostile or broken one may send.

use std::collections::HashMap;
use std::process::{Command, Stdio};

use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::audit::{EXPECTED, Expect, audit};
use crate::lab::lab;
use crate::program::{LONG, stop_all};
use crate::shop::Shop;
use crate::topics::Record;

#[derive(QueryableByName)]
struct Someone {
    #[diesel(sql_type = Text)]
    id: String,
}

/// A customer's or a product's id.
fn any(shop: &Shop<'_>, table: &str) -> String {
    let query = format!("SELECT id::text FROM {table} ORDER BY id LIMIT 1");
    diesel::sql_query(query).get_result::<Someone>(&mut shop.connect()).unwrap().id
}

/// A good order of one item.
fn order(shop: &Shop<'_>) -> Value {
    json!({
        "id": Uuid::new_v4(), "user_id": any(shop, "users"), "created_at": "2026-11-25T20:31:07.482915+09:00",
        "status": "COMPLETED", "payment_method": "NaverPay", "item_count": 1, "subtotal": 20_000, "discount_amount": 1_000,
        "shipping_fee": 3_000, "total_amount": 22_000, "scenario": "baseline", "region": "서울", "gender": "F",
        "age_group": "30s", "grade": "GOLD",
        "items": [{ "line_no": 1, "product_id": any(shop, "products"), "category": "스킨케어", "quantity": 2,
                    "unit_price": 10_000, "discount_amount": 1_000, "line_amount": 19_000 }],
    })
}

/// The order under another id, with the value at a JSON pointer changed.
fn with(order: &Value, pointer: &str, value: Value) -> Vec<u8> {
    let mut order = order.clone();
    order["id"] = json!(Uuid::new_v4());
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    order.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(last.to_owned(), value);
    order.to_string().into_bytes()
}

/// The order's text with words changed that JSON values cannot hold.
fn edited(order: &Value, from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(with(order, "/grade", json!("GOLD"))).unwrap();
    assert!(text.contains(from), "{text}");
    text.replacen(from, to, 1).into_bytes()
}

/// Messages in all partitions, each with what must become of it.
fn records(all: Vec<(&str, Option<Vec<u8>>)>) -> Vec<Record> {
    let record = |(number, (expected, payload)): (usize, (&str, Option<Vec<u8>>))| Record {
        partition: (number % 3) as i32,
        key: (number % 4 > 0).then(|| format!("key {number}").into_bytes()),
        payload,
        headers: vec![(EXPECTED.to_owned(), Some(expected.as_bytes().to_vec()))],
        ..Record::default()
    };
    all.into_iter().enumerate().map(record).collect()
}

#[test]
fn no_message_however_hostile_stops_a_partition() {
    let lab = lab();
    let shop = Shop::open(&lab);
    let mut consumer = shop.consumer("orders", "--orphan-timeout 2s");
    let good = order(&shop);
    let bytes = |text: &str| Some(text.as_bytes().to_vec());
    let changed = |pointer: &str, value: Value| Some(with(&good, pointer, value));
    let text = |from: &str, to: &str| Some(edited(&good, from, to));
    let mebibyte = 1 << 20;
    // A message of exactly the most that is allowed, all of it, with a field that nobody knows.
    let padding = mebibyte - with(&good, "/padding", json!("")).len();
    let largest = with(&good, "/padding", json!("x".repeat(padding)));
    assert_eq!(largest.len(), mebibyte);
    let nobody = Uuid::new_v4().to_string();
    let deep = |depth: usize| format!("\"deep\":{}0{},\"grade\"", "[".repeat(depth), "]".repeat(depth));
    let mut all = records(vec![
        ("stored", Some(largest)),
        ("not_json|schema", Some(vec![b'['; mebibyte])),
        ("not_utf8", Some((0..mebibyte).map(|n| (n * n % 251) as u8 | 0x80).collect())),
        ("not_json|schema", bytes(&"{\"id\":".repeat(10_000))),
        ("not_json|schema", bytes(&"[".repeat(100_000))),
        ("stored", text("\"grade\"", &deep(60))),
        // What nobody reads is passed over, however deep it is.
        ("stored", text("\"grade\"", &deep(100_000))),
        ("empty", None),
        ("empty|not_json", bytes("")),
        ("not_json", bytes("NaN")),
        ("not_json", text("22000", "NaN")),
        ("not_json|schema", text("22000", "1e999")),
        ("schema", text("22000", "22000.0")),
        ("schema", text("22000", "9223372036854775808")),
        ("inconsistent", text("22000", "-22000")),
        ("inconsistent", changed("/shipping_fee", json!(-3_000))),
        ("inconsistent", changed("/items/0/unit_price", json!(i64::MAX))),
        ("inconsistent", changed("/created_at", json!("9999-12-31T23:59:60Z"))),
        ("inconsistent", changed("/created_at", json!("1969-12-31T23:59:59Z"))),
        ("inconsistent", changed("/items/0/quantity", json!(0))),
        ("schema", changed("/items/0/quantity", json!(40_000))),
        ("stored", changed("/created_at", json!("9999-12-31T23:59:59.999999Z"))),
        ("inconsistent", changed("/created_at", json!("0001-01-01T00:00:00Z"))),
        ("schema", changed("/created_at", json!("10000-01-01T00:00:00Z"))),
        ("schema", changed("/created_at", json!(1_764_070_267))),
        ("schema", text("\"grade\"", "\"grade\":\"VIP\",\"grade\"")),
        ("schema", text("\"id\"", "\"id\":\"019ac000-0000-7000-8000-000000000001\",\"id\"")),
        ("stored", text("\"grade\"", "\"unknown\":1,\"unknown\":2,\"grade\"")),
        ("not_utf8", Some([&b"\xff\xfe"[..], &with(&good, "/grade", json!("GOLD"))].concat())),
        ("not_json", Some([&b"\xef\xbb\xbf"[..], &with(&good, "/grade", json!("GOLD"))].concat())),
        ("not_json|schema", text("\"baseline\"", "\"\\ud800\"")),
        ("inconsistent", text("\"baseline\"", "\"a\\u0000b\"")),
        ("inconsistent", changed("/scenario", json!("가".repeat(501)))),
        ("stored", changed("/scenario", json!("'; DROP TABLE orders; --\u{202e}\t\\N\\.\n"))),
        ("inconsistent", changed("/items", json!([]))),
        ("orphan", changed("/user_id", json!(nobody))),
        ("orphan", changed("/items/0/product_id", json!(nobody))),
        ("schema", bytes("null")),
        ("schema", bytes("[]")),
        ("not_json|schema", bytes("{} {}")),
    ]);
    // What headers can do wrong.
    let typed = |expected: &str, value: Option<&[u8]>| {
        let mut record = records(vec![(expected, changed("/grade", json!("VIP")))]).remove(0);
        record.headers.push(("ce_type".to_owned(), value.map(<[u8]>::to_vec)));
        record
    };
    all.extend([
        typed("unknown_type", Some(b"shopstream.order.created.v2")),
        typed("unknown_type", Some(b"shopstream.user.created.v1")),
        typed("unknown_type", Some(b"")),
        typed("unknown_type", Some(b"\xff\0")),
        typed("stored", None),
        typed("stored", Some(b"shopstream.order.created.v1")),
    ]);
    let many: Vec<(String, Option<Vec<u8>>)> = (0..500).map(|n| (format!("h{n}"), Some(vec![n as u8; 50]))).collect();
    let mut crowded = typed("not_json", None);
    crowded.payload = bytes("{");
    crowded.headers.extend(many);
    all.push(crowded);
    shop.topics.write("orders", &all);
    // Each partition goes on: a good order in each is stored.
    shop.topics.write("orders", &records((0..3).map(|_| ("stored", changed("/grade", json!("VIP")))).collect()));
    shop.settle();
    consumer.assert_runs();
    let found = audit(&shop, &Expect::default());
    println!("{} hostile messages: {} stored, {:?}", all.len(), found.stored.len() - 3, found.dead);
    assert_eq!(shop.topics.count("orders"), all.len() as i64 + 3);
    stop_all([consumer]);
}

#[test]
fn customers_and_products_of_other_clients_are_stored_or_dead_letters_too() {
    let lab = lab();
    let shop = Shop::open(&lab);
    let consumers = ["users", "products"].map(|topic| shop.consumer(topic, ""));
    let user = |field: &str, value: Value| {
        let id = Uuid::new_v4();
        let mut user = json!({
            "id": id, "name": "김서연", "gender": "F", "birth_date": "1994-02-28", "email": format!("{id}@example.com"),
            "region": "경기", "address": "경기도 성남시", "grade": "BRONZE", "status": "ACTIVE", "marketing_agree": true,
            "random_seed": 0.25, "created_at": "2026-11-25T11:31:12Z", "last_login_at": "2026-11-25T11:31:12Z",
        });
        user[field] = value;
        Some(user.to_string().into_bytes())
    };
    shop.topics.write(
        "users",
        &records(vec![
            ("stored", user("email", json!("first@example.org"))),
            ("inconsistent", user("grade", json!("VIP"))),
            ("stored", user("unknown", json!([1, { "two": 3 }]))),
            // In the first one's partition, that it comes later.
            ("constraint", user("email", json!("first@example.org"))),
            ("constraint", user("email", json!("somebody@real-company.com"))),
            ("inconsistent", user("last_login_at", json!("2026-11-24T11:31:12Z"))),
            ("schema", user("random_seed", json!("0.5"))),
            ("inconsistent", user("random_seed", json!(1.5))),
            ("schema", user("birth_date", json!("1994-02-30"))),
            ("inconsistent", user("birth_date", json!("-5000-01-01"))),
            ("stored", user("name", json!("\\N"))),
        ]),
    );
    let product = |field: &str, value: Value| {
        let mut product = json!({
            "id": Uuid::new_v4(), "category": "IT/게이밍", "brand": "노바링크", "name": "키보드", "description": "저소음",
            "list_price": 189_000, "price": 149_300, "discount_rate": 21, "stock": 214, "rating": 4.6, "review_count": 1_284,
            "is_best": true, "created_at": "2026-11-25T11:31:19Z", "withdrawn_at": "2027-06-14T02:07:45Z",
        });
        product[field] = value;
        Some(product.to_string().into_bytes())
    };
    shop.topics.write(
        "products",
        &records(vec![
            ("stored", product("discount_rate", json!(-30_000))),
            ("inconsistent", product("price", json!(-1))),
            ("inconsistent", product("withdrawn_at", json!("2026-11-25T11:31:19Z"))),
            ("schema", product("stock", json!(3_000_000_000_u64))),
            ("inconsistent", product("rating", json!(5.1))),
            ("stored", product("brand", json!("미지의 상표"))),
        ]),
    );
    shop.settle();
    audit(&shop, &Expect::default());
    stop_all(consumers);
}

#[test]
fn kcat_writes_what_we_store_and_reads_what_we_write() {
    let lab = lab();
    lab.install_kcat();
    let shop = Shop::open(&lab);
    let kcat = |words: &[&str]| {
        let mut command = Command::new("kcat");
        command.args(["-b", &lab.brokers(), "-t", &shop.topics.name("orders")]).args(words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let consumer = shop.consumer("orders", "");
    let orders: Vec<Value> = (0..20).map(|_| order(&shop)).collect();
    let lines: String =
        orders.iter().map(|order| format!("{}\t{order}\n", order["user_id"].as_str().unwrap())).collect();
    let file = lab.path("kcat.txt");
    std::fs::write(&file, lines).unwrap();
    // Compressed in another way than ours, without any header.
    let written = kcat(&["-P", "-K", "\\t", "-z", "gzip", "-l", file.to_str().unwrap()]).output().unwrap();
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    shop.producer("--stream orders --unthrottled --limit 200").end(LONG);
    shop.settle();
    let found = audit(&shop, &Expect::default());
    assert_eq!(found.stored.len(), 220);

    let read = kcat(&["-C", "-e", "-q", "-f", "%k\\t%h\\t%s\\n"]).output().unwrap();
    let text = String::from_utf8(read.stdout).unwrap();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for line in text.lines() {
        let [key, headers, payload] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let order: Value = serde_json::from_str(payload).unwrap();
        assert_eq!(order["user_id"], key);
        if headers.contains("ce_type=shopstream.order.created.v1") {
            assert!(headers.contains(&format!("ce_id={}", order["id"].as_str().unwrap())), "{headers}");
            assert!(headers.contains("content-type=application/json"), "{headers}");
        }
        *seen.entry(order["id"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(seen.len(), 220);
    assert!(found.stored.iter().all(|id| seen.get(id) == Some(&1)));
    stop_all([consumer]);
}
