//! The database itself refuses what must not be, whoever writes it.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::Text;

use crate::support::*;

/// A statement's `SET` that breaks a row, and the constraint that has to refuse it.
const REFUSED: &[(&str, &str, &str)] = &[
    ("users", "name = ''", "users_name_given"),
    ("users", "gender = 'X'", "users_gender_known"),
    ("users", "birth_date = '2025-02-01'", "users_born_before_sign_up"),
    ("users", "email = 'someone@gmail.com'", "users_email_is_an_example"),
    ("users", "email = 'someone@notexample.com'", "users_email_is_an_example"),
    ("users", "email = 'someone@example.com.evil.net'", "users_email_is_an_example"),
    ("users", "email = 'some one@example.com'", "users_email_is_an_example"),
    ("users", "email = '@example.com'", "users_email_is_an_example"),
    ("users", "region = ''", "users_region_given"),
    ("users", "address = ''", "users_address_given"),
    ("users", "grade = 'PLATINUM'", "users_grade_known"),
    ("users", "status = 'active'", "users_status_known"),
    ("users", "random_seed = -0.001", "users_random_seed_in_range"),
    ("users", "random_seed = 1.001", "users_random_seed_in_range"),
    ("users", "random_seed = 'NaN'", "users_random_seed_in_range"),
    ("users", "last_login_at = created_at - interval '1 microsecond'", "users_login_after_sign_up"),
    ("users", "updated_at = created_at - interval '1 microsecond'", "users_update_after_sign_up"),
    ("products", "category = ''", "products_category_given"),
    ("products", "brand = ''", "products_brand_given"),
    ("products", "name = ''", "products_name_given"),
    ("products", "description = ''", "products_description_given"),
    ("products", "list_price = 0", "products_list_price_positive"),
    ("products", "price = -1", "products_price_not_negative"),
    ("products", "discount_rate = 101", "products_discount_rate_in_range"),
    ("products", "stock = -1", "products_stock_not_negative"),
    ("products", "rating = -0.1", "products_rating_in_range"),
    ("products", "rating = 5.1", "products_rating_in_range"),
    ("products", "rating = 'NaN'", "products_rating_in_range"),
    ("products", "review_count = -1", "products_reviews_not_negative"),
    ("products", "order_count = -1", "products_order_count_not_negative"),
    ("products", "withdrawn_at = created_at", "products_withdrawn_after_created"),
    ("products", "updated_at = created_at - interval '1 microsecond'", "products_updated_after_created"),
    ("orders", "user_id = gen_random_uuid()", "orders_user_id_fkey"),
    ("orders", "status = 'PAID'", "orders_status_known"),
    ("orders", "payment_method = 'Cash'", "orders_payment_method_known"),
    ("orders", "item_count = 0", "orders_item_count_in_range"),
    ("orders", "item_count = 11", "orders_item_count_in_range"),
    ("orders", "subtotal = -1, discount_amount = -1, total_amount = 3000", "orders_discount_in_range"),
    ("orders", "subtotal = -1, total_amount = 2999", "orders_discount_in_range"),
    ("orders", "discount_amount = -1, total_amount = total_amount + 1", "orders_discount_in_range"),
    ("orders", "discount_amount = subtotal + 1, total_amount = 2999", "orders_discount_in_range"),
    ("orders", "shipping_fee = -1, total_amount = subtotal - 1", "orders_shipping_not_negative"),
    ("orders", "total_amount = total_amount + 1", "orders_total_adds_up"),
    ("orders", "scenario = ''", "orders_scenario_given"),
    ("orders", "region = ''", "orders_region_given"),
    ("orders", "gender = 'f'", "orders_gender_known"),
    ("orders", "age_group = '60s'", "orders_age_group_known"),
    ("orders", "grade = ''", "orders_grade_known"),
    ("order_items", "order_id = gen_random_uuid()", "order_items_order_id_fkey"),
    ("order_items", "product_id = gen_random_uuid()", "order_items_product_id_fkey"),
    ("order_items", "line_no = 0", "order_items_line_no_in_range"),
    ("order_items", "line_no = 11", "order_items_line_no_in_range"),
    ("order_items", "category = ''", "order_items_category_given"),
    ("order_items", "quantity = 0, line_amount = 0", "order_items_quantity_positive"),
    ("order_items", "unit_price = -1, line_amount = -1", "order_items_amount_not_negative"),
    ("order_items", "discount_amount = -1, line_amount = line_amount + 1", "order_items_discount_not_negative"),
    ("order_items", "discount_amount = unit_price + 1, line_amount = -1", "order_items_amount_not_negative"),
    ("order_items", "line_amount = line_amount + 1", "order_items_amount_adds_up"),
    ("grade_changes", "user_id = gen_random_uuid()", "grade_changes_user_id_fkey"),
    ("grade_changes", "from_grade = 'IRON'", "grade_changes_from_grade_known"),
    ("grade_changes", "to_grade = 'IRON'", "grade_changes_to_grade_known"),
    ("grade_changes", "to_grade = from_grade", "grade_changes_grade_moves"),
    ("grade_changes", "amount_6m = -1", "grade_changes_amount_not_negative"),
    ("grade_changes", "orders_6m = -1", "grade_changes_orders_not_negative"),
    ("grade_changes", "counted = 'lines'", "grade_changes_counted_known"),
    ("seed_runs", "users = -1", "seed_runs_users_not_negative"),
    ("seed_runs", "products = -1", "seed_runs_products_not_negative"),
    ("seed_runs", "version = ''", "seed_runs_version_given"),
    ("backfill_runs", "year = 1974", "backfill_runs_year_in_range"),
    ("backfill_runs", "year = 2101", "backfill_runs_year_in_range"),
    ("backfill_runs", "parameters = '[]'", "backfill_runs_parameters_named"),
    ("backfill_runs", "state = 'stopped'", "backfill_runs_state_known"),
    ("backfill_runs", "months_done = '{0}'", "backfill_runs_months_in_range"),
    ("backfill_runs", "months_done = '{13}'", "backfill_runs_months_in_range"),
    ("backfill_runs", "orders = -1", "backfill_runs_orders_not_negative"),
    ("backfill_runs", "items = -1", "backfill_runs_items_not_negative"),
    ("backfill_runs", "version = ''", "backfill_runs_version_given"),
    ("backfill_runs", "state = 'complete'", "backfill_runs_complete_is_finished"),
    ("backfill_runs", "finished_at = now()", "backfill_runs_complete_is_finished"),
    ("consumer_offsets", "consumer_group = ''", "consumer_offsets_group_given"),
    ("consumer_offsets", "topic = ''", "consumer_offsets_topic_given"),
    ("consumer_offsets", "\"partition\" = -1", "consumer_offsets_partition_counted"),
    ("consumer_offsets", "next_offset = -1", "consumer_offsets_offset_not_negative"),
    ("consumer_offsets", "expired = -1", "consumer_offsets_expired_counted"),
    ("parked_orders", "topic = ''", "parked_orders_topic_given"),
    ("parked_orders", "\"partition\" = -1", "parked_orders_partition_counted"),
    ("parked_orders", "\"offset\" = -1", "parked_orders_offset_not_negative"),
    ("parked_orders", "headers = '{}'", "parked_orders_headers_listed"),
    ("parked_orders", "missing = '{}'", "parked_orders_something_missing"),
];

/// One row in each table.
fn fill(conn: &mut PgConnection) {
    let (u, p) = (user(at(2025, 1, 1)), product(at(2025, 1, 1)));
    let o = order(u.id, at(2025, 1, 2), 10_000);
    store(conn, std::slice::from_ref(&u)).unwrap();
    store(conn, std::slice::from_ref(&p)).unwrap();
    store(conn, &[o]).unwrap();
    store(conn, &[item(&o, p.id)]).unwrap();
    store(
        conn,
        &[grade_change(u.id, at(2025, 1, 3), shopstream::domain::Grade::Silver, shopstream::domain::Grade::Gold)],
    )
    .unwrap();
    conn.batch_execute(
        "INSERT INTO seed_runs (seed, as_of, users, products, version) VALUES (42, '2026-01-01', 1, 1, '0');
         INSERT INTO backfill_runs (run_id, year, parameters, version) VALUES (gen_random_uuid(), 2025, '{}', '0');
         INSERT INTO consumer_offsets (consumer_group, topic, \"partition\") VALUES ('g', 't', 0);
         INSERT INTO parked_orders (topic, \"partition\", \"offset\", payload, headers, order_id, missing)
         VALUES ('t', 0, 0, 'x', '[]', gen_random_uuid(), ARRAY[gen_random_uuid()])",
    )
    .unwrap();
}

fn constraint_of(result: QueryResult<()>) -> String {
    match result {
        Err(Error::DatabaseError(_, info)) => {
            info.constraint_name().map_or_else(|| info.message().to_owned(), str::to_owned)
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn each_constraint_refuses_what_it_is_there_for() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    fill(conn);
    for (table, set, constraint) in REFUSED {
        assert_eq!(
            constraint_of(conn.batch_execute(&format!("UPDATE {table} SET {set}"))),
            *constraint,
            "{table}: {set}"
        );
    }
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[test]
fn no_check_and_no_foreign_key_is_left_untried() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    let all: Vec<Name> = diesel::sql_query(
        "SELECT conname::text AS name FROM pg_constraint
          WHERE connamespace = current_schema()::regnamespace AND contype IN ('c', 'f') ORDER BY conname",
    )
    .load(conn)
    .unwrap();
    let untried: Vec<_> =
        all.iter().map(|c| c.name.as_str()).filter(|name| REFUSED.iter().all(|(_, _, tried)| tried != name)).collect();
    assert!(untried.is_empty(), "{untried:?}");
}

#[test]
fn keys_and_addresses_are_unique() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    fill(conn);
    for (table, key) in [
        ("users", "users_pkey"),
        ("products", "products_pkey"),
        ("orders", "orders_pkey"),
        ("order_items", "order_items_pkey"),
        ("seed_runs", "seed_runs_pkey"),
        ("backfill_runs", "backfill_runs_pkey"),
        ("consumer_offsets", "consumer_offsets_pkey"),
        ("parked_orders", "parked_orders_pkey"),
    ] {
        let twice = conn.batch_execute(&format!("INSERT INTO {table} SELECT * FROM {table}"));
        assert_eq!(constraint_of(twice), key);
    }
    let mailbox = conn.batch_execute(
        "INSERT INTO users SELECT (jsonb_populate_record(u, jsonb_build_object('id', gen_random_uuid()))).* FROM users u",
    );
    assert_eq!(constraint_of(mailbox), "users_email_key");
    let year = conn.batch_execute(
        "INSERT INTO backfill_runs (run_id, year, parameters, version) VALUES (gen_random_uuid(), 2025, '{}', '0')",
    );
    assert_eq!(constraint_of(year), "backfill_runs_year_key");
}

#[test]
fn what_is_deliberate_or_at_the_edge_is_accepted() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    fill(conn);
    for (table, set) in [
        ("users", "email = 'a+b.c@mail.example.org', random_seed = 0"),
        ("users", "random_seed = 1, region = '어디든', last_ordered_at = NULL"),
        ("products", "list_price = 100, price = 200, discount_rate = -100, category = 'anything'"),
        ("orders", "discount_amount = subtotal, total_amount = shipping_fee, scenario = 'my-own'"),
        ("order_items", "line_no = 10, quantity = 32767, line_amount = 32767 * unit_price"),
        ("backfill_runs", "state = 'complete', finished_at = now(), months_done = '{1,12}', year = 2100"),
    ] {
        conn.batch_execute(&format!("UPDATE {table} SET {set}"))
            .unwrap_or_else(|error| panic!("{table}: {set}: {error}"));
    }
}

#[test]
fn the_view_shows_each_item_once_with_its_order_and_buyer() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    fill(conn);
    let line: Name = diesel::sql_query(
        "SELECT concat_ws('|', ordered_at_business, user_name, product_name, line_amount, order_total_amount, grade_now)
                AS name
           FROM order_lines",
    )
    .get_result(conn)
    .unwrap();
    assert_eq!(line.name, "2025-01-02 00:00:00|김서연|[특가] 하늘결 수분 크림 50ml|10000|13000|BRONZE");
}
