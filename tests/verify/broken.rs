//! Things broken on purpose, each of which must be found, named, and end the program with status 1.

use shopstream::verify::Request;
use shopstream::verify::report::Report;

use crate::clean::topic;
use crate::shop::{Carelessness, Shop};
use crate::support::*;

/// A shop that agrees, but for what `breaking` does; it gets the id of an order.
fn broken_by(breaking: &str) -> (Shop, Report, String) {
    let shop = Shop::new();
    shop.produce_all();
    shop.consume(Carelessness::default());
    shop.promote();
    let order = shop.orders[4].0.id.to_string();
    shop.sql(&breaking.replace(":order", &format!("'{order}'")));
    let report = shop.audit(&Request::default());
    (shop, report, order)
}

/// The one rule that is broken, by how many, and the first of what breaks it.
fn only_broken(report: &Report) -> (&str, u64, &str) {
    let broken: Vec<_> = report.invariants.iter().filter(|invariant| invariant.broken.count > 0).collect();
    assert_eq!(broken.len(), 1, "{broken:#?}");
    (broken[0].rule, broken[0].broken.count, &broken[0].broken.first[0])
}

/// Leaves no trace in the counters, so that nothing but the row itself tells.
const RECOUNT: &str = "
    UPDATE products p SET order_count = (SELECT count(*) FROM order_items i WHERE i.product_id = p.id);
    UPDATE users u SET last_ordered_at = (SELECT max(created_at) FROM orders o WHERE o.user_id = u.id);";

#[test]
fn a_deleted_row_is_missing() {
    let (shop, report, order) = broken_by(&format!("DELETE FROM orders WHERE id = :order; {RECOUNT}"));
    let orders = topic(&report, "orders");
    assert_eq!((orders.fates.missing, orders.missing_ids.first.clone()), (1, vec![order.clone()]));
    let prefix = shop.kafka.name("");
    assert_eq!(report.disagreements, [format!("1 {prefix}orders missing")]);
    let (code, printed, said) = shop.run("verify");
    assert_eq!(code, 1);
    assert!(printed.contains(&order) && said.contains("1 ") && said.contains("orders missing"), "{printed}{said}");
    assert_eq!(shop.run("verify --json").0, 1);
}

#[test]
fn the_first_of_many_missing_rows_are_named() {
    let (_shop, report, _) = broken_by(&format!("DELETE FROM orders; {RECOUNT}"));
    let orders = topic(&report, "orders");
    assert_eq!((orders.fates.missing, orders.missing_ids.count, orders.missing_ids.first.len()), (12, 12, 5));
}

#[test]
fn a_deleted_customer_or_product_is_missing() {
    let (_shop, report, _) = broken_by(
        "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey;
         ALTER TABLE order_items DROP CONSTRAINT order_items_product_id_fkey;
         ALTER TABLE grade_changes DROP CONSTRAINT grade_changes_user_id_fkey;
         DELETE FROM users WHERE grade = 'SILVER'; DELETE FROM products WHERE id = (SELECT max(id::text) FROM products)::uuid",
    );
    assert_eq!((topic(&report, "users").fates.missing, topic(&report, "products").fates.missing), (1, 1));
}

#[test]
fn a_doubled_row_is_found_where_no_key_forbids_it() {
    let (_shop, report, order) = broken_by(
        "ALTER TABLE orders DROP CONSTRAINT orders_pkey CASCADE;
         INSERT INTO orders SELECT * FROM orders WHERE id = :order",
    );
    let orders = topic(&report, "orders");
    assert_eq!((orders.doubled.count, orders.doubled.first.clone(), orders.fates.stored), (1, vec![order], 12));
    assert_eq!(orders.altered.count, 0);
}

#[test]
fn a_changed_total_is_an_alteration() {
    let change = "UPDATE orders SET shipping_fee = shipping_fee + 1, total_amount = total_amount + 1 WHERE id = :order";
    let (_shop, report, order) = broken_by(change);
    let orders = topic(&report, "orders");
    assert_eq!((orders.altered.count, orders.altered.first.clone(), orders.fates.stored), (1, vec![order], 12));
    assert_eq!(report.disagreements.len(), 1, "the sums still add up: {:?}", report.disagreements);
}

#[test]
fn every_column_of_an_order_and_its_lines_is_compared() {
    let (shop, _, _) = broken_by("SELECT 1");
    let (row, lines) = shop.orders[4].clone();
    for change in [
        "UPDATE orders SET region = '제주' WHERE id = :order",
        "UPDATE orders SET grade = 'VIP' WHERE id = :order",
        "UPDATE orders SET status = 'REFUNDED' WHERE id = :order",
        "UPDATE orders SET created_at = created_at - interval '1 microsecond' WHERE id = :order",
        "UPDATE order_items SET category = '항공' WHERE order_id = :order AND line_no = 2",
        "UPDATE order_items SET line_no = 3 WHERE order_id = :order AND line_no = 2",
        // What one line loses the other gains: every sum stays.
        "UPDATE order_items SET unit_price = unit_price + CASE line_no WHEN 1 THEN 5 ELSE -5 END,
                line_amount = line_amount + CASE line_no WHEN 1 THEN 5 ELSE -5 END WHERE order_id = :order",
    ] {
        shop.sql(&format!("{}; {RECOUNT}", change.replace(":order", &format!("'{}'", row.id))));
        let report = shop.audit(&Request::default());
        let orders = topic(&report, "orders");
        assert_eq!((orders.altered.count, orders.altered.first.clone()), (1, vec![row.id.to_string()]), "{change}");
        assert_eq!(report.disagreements.len(), 1, "{change}: {:?}", report.disagreements);
        shop.sql(&format!("DELETE FROM orders WHERE id = '{}'", row.id));
        store(&mut shop.connect(), &[row]).unwrap();
        store(&mut shop.connect(), &lines).unwrap();
    }
}

#[test]
fn a_lost_line_alters_its_order_and_breaks_its_sums() {
    let (_shop, report, order) =
        broken_by(&format!("DELETE FROM order_items WHERE order_id = :order AND line_no = 2; {RECOUNT}"));
    assert_eq!(topic(&report, "orders").altered.first, std::slice::from_ref(&order));
    let (rule, count, first) = only_broken(&report);
    assert_eq!((rule, count), ("orders add up to their items", 1));
    assert!(first.starts_with(&order) && first.contains("items 2") && first.contains("its items make 1"), "{first}");
}

#[test]
fn altered_customers_and_products_are_found() {
    let (shop, report, _) = broken_by(
        "UPDATE users SET region = '부산' WHERE grade = 'SILVER';
         UPDATE products SET stock = stock + 1 WHERE id = (SELECT max(id::text) FROM products)::uuid",
    );
    assert_eq!(topic(&report, "users").altered.first, [shop.users[2].id.to_string()]);
    assert_eq!(topic(&report, "products").altered.first, [shop.products[4].id.to_string()]);
}

#[test]
fn an_order_count_off_by_one_is_found() {
    let (_shop, report, _) = broken_by(
        "UPDATE products SET order_count = order_count + 1 WHERE id = (SELECT min(id::text) FROM products)::uuid",
    );
    let (rule, count, first) = only_broken(&report);
    assert_eq!((rule, count), ("order_count is the number of stored items", 1));
    assert!(first.contains("order_count 6; stored items 5"), "{first}");
    assert!(report.disagreements[0].contains("order_count"), "{:?}", report.disagreements);
}

#[test]
fn a_last_order_that_was_moved_is_found() {
    for change in ["last_ordered_at + interval '1 second'", "NULL"] {
        let (shop, report, _) =
            broken_by(&format!("UPDATE users SET last_ordered_at = {change} WHERE grade = 'SILVER'"));
        let (rule, count, first) = only_broken(&report);
        assert_eq!((rule, count), ("last_ordered_at is the latest order", 1));
        assert!(first.starts_with(&shop.users[2].id.to_string()), "{first}");
    }
}

#[test]
fn a_grade_changed_by_hand_is_found() {
    for (from, to) in [("SILVER", "GOLD"), ("BRONZE", "SILVER")] {
        let (_shop, report, _) = broken_by(&format!(
            "UPDATE users SET grade = '{to}' WHERE id = (SELECT min(id::text) FROM users WHERE grade = '{from}')::uuid"
        ));
        let (rule, count, first) = only_broken(&report);
        assert_eq!((rule, count), ("a grade is that of its latest change", 1));
        assert!(first.contains(&format!("grade {to}")), "{first}");
    }
}

#[test]
fn a_change_of_grade_that_its_figures_do_not_bear_out_is_found() {
    for (figures, holds) in [
        ("amount_6m = 499999", false),
        ("orders_6m = 4", false),
        ("amount_6m = 2000000, orders_6m = 15", false),
        ("amount_6m = 1999999, orders_6m = 99", true),
    ] {
        let (_shop, report, _) = broken_by(&format!("UPDATE grade_changes SET {figures}"));
        assert_eq!(report.agrees(), holds, "{figures}");
        if !holds {
            assert_eq!(only_broken(&report).0, "a change of grade follows from its figures", "{figures}");
        }
    }
}

#[test]
fn demotions_walk_one_step_and_the_chain_of_grades_has_no_gap() {
    let add = |from: &str, to: &str, amount: i64| {
        format!(
            "INSERT INTO grade_changes (user_id, changed_at, from_grade, to_grade, amount_6m, orders_6m, counted)
             SELECT user_id, max(changed_at) + interval '8 days', '{from}', '{to}', {amount}, 40, 'orders'
               FROM grade_changes GROUP BY user_id;
             UPDATE users SET grade = '{to}' WHERE grade <> 'BRONZE';"
        )
    };
    let up_and_down = [add("SILVER", "VIP", 9_000_000), add("VIP", "GOLD", 0), add("GOLD", "SILVER", 0)].concat();
    let (_shop, report, _) = broken_by(&up_and_down);
    assert!(report.agrees(), "{:?}", report.disagreements);

    let (_shop, report, _) = broken_by(&[add("SILVER", "VIP", 9_000_000), add("VIP", "SILVER", 0)].concat());
    assert_eq!(only_broken(&report).0, "a change of grade follows from its figures");

    let (_shop, report, _) = broken_by(&add("GOLD", "VIP", 9_000_000));
    let (rule, _, first) = only_broken(&report);
    assert_eq!(rule, "a change of grade begins where the last ended");
    assert!(first.contains("from GOLD; before it was SILVER"), "{first}");
}

#[test]
fn an_order_from_before_the_sign_up_is_found() {
    // A seeded customer, whom no message contradicts.
    let (shop, report, _) = broken_by(
        "UPDATE users SET created_at = '2026-02-15Z', last_login_at = '2026-02-15Z', updated_at = '2026-02-15Z'
          WHERE id = (SELECT min(id::text) FROM users)::uuid",
    );
    let (rule, count, first) = only_broken(&report);
    assert_eq!((rule, count), ("nobody orders before signing up", 3));
    assert!(first.contains(&shop.users[0].id.to_string()), "{first}");
}

#[test]
fn a_row_that_nobody_produced_is_found() {
    let shop = Shop::new();
    shop.produce_all();
    shop.consume(Carelessness::default());
    let stray = order(shop.users[0].id, at(2026, 1, 20), 7_000);
    let conn = &mut shop.connect();
    store(conn, &[stray]).unwrap();
    store(conn, &[item(&stray, shop.products[0].id)]).unwrap();
    shop.sql(RECOUNT);
    let report = shop.audit(&Request::default());
    assert_eq!(topic(&report, "orders").unknown.first, [stray.id.to_string()]);
    assert!(report.disagreements[0].contains("stored that nobody produced"), "{:?}", report.disagreements);
}

#[test]
fn poison_without_a_dead_letter_is_missing() {
    let mut shop = Shop::new();
    shop.produce_all();
    shop.inject();
    shop.consume(Carelessness { loses_poison: true });
    let report = shop.audit(&Request::default());
    let orders = topic(&report, "orders");
    assert_eq!((orders.fates.missing, orders.injected["poison"].missing), (2, 2));
    assert!(orders.missing_ids.first.iter().all(|place| place.starts_with("partition ")), "{:?}", orders.missing_ids);
    assert_eq!(report.disagreements.len(), 1, "{:?}", report.disagreements);
}
