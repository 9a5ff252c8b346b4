//! Somebody else's table of orders against the same topic.

use crate::shop::{Carelessness, Shop};

const AUDIT: &str = "verify --orders-table sink.my_orders --id-column order_id --amount-column total";

/// A shop whose orders another consumer has put into a table with ids and amounts of these types.
fn audited(id: &str, amount: &str, breaking: &str) -> (Shop, i32, serde_json::Value, String) {
    let mut shop = Shop::new();
    shop.produce_all();
    shop.inject();
    shop.consume(Carelessness::default());
    let table = format!("{}_sink", shop.scratch.schema());
    shop.sql(&format!(
        "CREATE SCHEMA {table}; CREATE TABLE {table}.my_orders (order_id {id}, total {amount});
         INSERT INTO {table}.my_orders SELECT id::text::{id}, total_amount::{amount} FROM orders;
         {}",
        breaking.replace("my_orders", &format!("{table}.my_orders"))
    ));
    let (code, json, said) = shop.run(&format!("{} --json", AUDIT.replace("sink", &table)));
    shop.sql(&format!("DROP SCHEMA {table} CASCADE"));
    (shop, code, serde_json::from_str(&json).unwrap_or_default(), said)
}

#[test]
fn a_table_that_is_right_agrees_whatever_its_types() {
    for (id, amount) in [("uuid", "bigint"), ("text", "numeric(20, 4)"), ("varchar(50)", "double precision")] {
        let (_shop, code, json, said) = audited(id, amount, "UPDATE my_orders SET order_id = order_id");
        assert_eq!((code, said.as_str()), (0, ""), "{id} {amount}");
        let orders = &json["topics"][0];
        // Two of poison, and the orphans, which others may refuse as we do.
        assert_eq!(
            (&orders["stored"], &orders["altered"]["count"], &orders["dead_lettered"]),
            (&13.into(), &0.into(), &4.into())
        );
        assert_eq!(json["invariants"], serde_json::json!([]));
        assert!(json["notes"][0].as_str().unwrap().contains("invariants"), "{json}");
    }
}

#[test]
fn missing_doubled_altered_and_unknown_rows_are_found() {
    for (breaking, what) in [
        ("DELETE FROM my_orders WHERE order_id = (SELECT min(order_id) FROM my_orders)", "missing"),
        ("INSERT INTO my_orders SELECT * FROM my_orders ORDER BY order_id LIMIT 1", "doubled"),
        ("UPDATE my_orders SET total = total + 0.01 WHERE order_id = (SELECT min(order_id) FROM my_orders)", "altered"),
        ("UPDATE my_orders SET total = NULL WHERE order_id = (SELECT min(order_id) FROM my_orders)", "altered"),
        ("INSERT INTO my_orders VALUES ('no id', 1)", "nobody produced"),
        ("INSERT INTO my_orders VALUES (NULL, 1)", "nobody produced"),
    ] {
        let (_shop, code, json, said) = audited("text", "numeric", breaking);
        assert_eq!(code, 1, "{breaking}: {json}");
        assert!(said.contains("orders") && said.contains(what), "{breaking}: {said}");
    }
}

#[test]
fn a_table_or_column_that_is_not_there_is_wrong_usage() {
    let shop = Shop::new();
    shop.sql("CREATE TABLE mine (\"Id\" text, amount numeric, at timestamptz)");
    for (line, expected) in [
        ("--orders-table nowhere --id-column a --amount-column b", "no table nowhere"),
        ("--orders-table mine --id-column id --amount-column amount", "no column id"),
        ("--orders-table mine --id-column Id --amount-column at", "type timestamp with time zone"),
        ("--orders-table mine --id-column amount --amount-column amount", "type numeric"),
        ("--orders-table mine --id-column a\"b --amount-column amount", "is no name"),
        ("--orders-table mine --id-column Id", "--amount-column"),
        ("--orders-table mine --id-column Id --amount-column amount --wait 1s", "cannot be used with"),
    ] {
        let (code, _, said) = shop.run(&format!("verify {line}"));
        assert_eq!(code, 2, "{line}: {said}");
        assert!(said.contains(expected), "{line}: {said}");
    }
}
