//! The year in PostgreSQL as the specification describes it, counted by SQL.

use shopstream::backfill::postgres::Earlier;

use crate::shop::{Shop, later, midnight};

#[test]
fn the_default_year_is_there_in_full_and_agrees_with_itself() {
    let shop = Shop::seeded(10_000, 20_000);
    shop.backfill(50_000);
    assert_eq!(shop.number("SELECT count(*) FROM orders"), 50_000);
    let items = shop.number("SELECT count(*) FROM order_items");
    assert!((170_000..184_000).contains(&items), "about 177,000 items, not {items}");
    let months = [3000, 3058, 3181, 3353, 3566, 3818, 4105, 4425, 4775, 5155, 5564, 6000];
    for (month, expected) in (1..).zip(months) {
        let of_month = format!(
            "SELECT count(*) FROM orders WHERE extract(month FROM created_at AT TIME ZONE INTERVAL '9 hours') = {month}"
        );
        assert_eq!(shop.number(&of_month), expected, "month {month}");
    }
    let grades: Vec<i64> = ["BRONZE", "SILVER", "GOLD", "VIP"]
        .iter()
        .map(|grade| shop.number(&format!("SELECT count(*) FROM users WHERE grade = '{grade}'")))
        .collect();
    assert!(grades.is_sorted_by(|more, less| more > less) && grades[3] > 0, "a pyramid, not {grades:?}");
    shop.assert_consistent();
    assert_eq!(shop.number("SELECT count(*) FROM order_lines"), items, "the analysts' view has a row an item");
}

#[test]
fn a_year_that_is_not_over_stops_now_and_keeps_its_months() {
    let shop = Shop::seeded(2_000, 8_000);
    let outcome = shop.try_backfill(5_000, Earlier::Refuse, midnight(45).plus_secs(12 * 3600)).unwrap();
    let months = shop.world.month_plan(5_000);
    assert_eq!(outcome.summary.months[0].orders, months[0], "January is over");
    assert!((1..months[1]).contains(&outcome.summary.months[1].orders), "February is not");
    assert_eq!(shop.number("SELECT count(*) FROM orders") as u64, outcome.summary.orders());
    let late =
        format!("SELECT count(*) FROM orders WHERE created_at >= '{}'", midnight(45).plus_secs(12 * 3600).to_utc());
    assert_eq!(shop.number(&late), 0);
    shop.assert_consistent();
}

#[test]
fn orders_that_came_another_way_stay_when_the_year_is_taken_back() {
    let shop = Shop::seeded(1_800, 2_000);
    shop.backfill(2_000);
    shop.execute(
        "WITH model AS (SELECT * FROM orders WHERE item_count = 1 ORDER BY id LIMIT 1),
              o AS (
                  INSERT INTO orders
                  SELECT gen_random_uuid(), user_id, '2025-06-01', status, payment_method, item_count, subtotal,
                         discount_amount, shipping_fee, total_amount, scenario, region, gender, age_group, grade, NULL
                    FROM model
                  RETURNING id)
         INSERT INTO order_items
         SELECT o.id, 1, i.product_id, i.category, i.quantity, i.unit_price, i.discount_amount, i.line_amount
           FROM o, order_items i WHERE i.order_id = (SELECT id FROM model);
         UPDATE products SET order_count = order_count + 1 WHERE id = (
             SELECT product_id FROM order_items i JOIN orders o ON o.id = i.order_id WHERE o.run_id IS NULL)",
    );
    let year = shop.try_backfill(1_500, Earlier::Replace, later()).unwrap();
    assert_eq!(shop.number("SELECT count(*) FROM orders WHERE run_id IS NOT NULL"), 1_500);
    assert_eq!(shop.number("SELECT count(*) FROM orders WHERE run_id IS NULL"), 1);
    assert_eq!(year.summary.orders(), 1_500);
    let taken = "SELECT sum(order_count) - (SELECT count(*) FROM order_items) FROM products";
    assert_eq!(shop.number(taken), 0);
    let newest = "SELECT count(*) FROM users u WHERE last_ordered_at IS DISTINCT FROM
                  (SELECT max(created_at) FROM orders o WHERE o.user_id = u.id)";
    assert_eq!(shop.number(newest), 0);
}

#[test]
fn a_year_replaced_by_itself_is_the_same_to_the_byte() {
    let shop = Shop::seeded(1_800, 2_000);
    shop.backfill(2_000);
    let first = shop.digest();
    shop.try_backfill(2_000, Earlier::Replace, later()).unwrap();
    assert_eq!(shop.digest(), first);
}

#[test]
fn two_years_stand_side_by_side_and_one_can_be_taken_back() {
    let shop = Shop::seeded(3_000, 3_000);
    let mut request = shop.request(1_500);
    request.year = 2026;
    let run = |request: &_, earlier| {
        let admitted =
            shopstream::backfill::postgres::admit(&shop.world, shop.db.url(), request, earlier, midnight(800)).unwrap();
        admitted.run(2, &shopstream::backfill::Unwatched, &shopstream::interrupt::Interrupt::never()).unwrap()
    };
    run(&request, Earlier::Refuse);
    let alone = shop.number("SELECT sum(order_count) FROM products");
    shop.backfill(1_200);
    assert_eq!(shop.number("SELECT count(*) FROM orders"), 2_700);
    let sold = "SELECT sum(order_count) - (SELECT count(*) FROM order_items) FROM products";
    assert_eq!(shop.number(sold), 0);
    let newest = "SELECT count(*) FROM users u WHERE last_ordered_at IS DISTINCT FROM
                  (SELECT max(created_at) FROM orders o WHERE o.user_id = u.id)";
    assert_eq!(shop.number(newest), 0, "the earlier year does not move last orders back");
    run(&request, Earlier::Replace);
    assert_eq!(shop.number(sold), 0);
    assert!(alone > 0);
}

#[test]
fn a_year_replaced_by_a_smaller_one_is_as_if_the_first_had_never_been() {
    let shop = Shop::seeded(1_800, 2_000);
    shop.backfill(4_000);
    shop.try_backfill(1_000, Earlier::Replace, later()).unwrap();
    let fresh = Shop::seeded(1_800, 2_000);
    fresh.backfill(1_000);
    assert_eq!(shop.digest(), fresh.digest());
}
