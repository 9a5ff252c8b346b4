//! Binary COPY: what goes in is what is stored.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use shopstream::db::copy::{CopyBuffer, copy_in};
use shopstream::db::schema::{grade_changes, order_items, orders, products, users};
use shopstream::domain::rows::{Order, Product, User};
use shopstream::domain::{CustomerStatus, Gender, Grade, Timestamp};
use uuid::Uuid;

use crate::support::*;

type Instant = DateTime<Utc>;

#[test]
fn every_field_of_every_table_comes_back_as_it_went_in() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    let (t, names, run) = (at(2025, 3, 1), names(), Uuid::from_u128(7));

    let mut bought = user(at(1999, 12, 31));
    bought.last_ordered_at = Some(Timestamp::from_micros(t.micros() + 123_456));
    (bought.gender, bought.status, bought.grade) = (Gender::Male, CustomerStatus::Dormant, Grade::Vip);
    (bought.region, bought.marketing_agree, bought.random_seed) = (1, false, 0.1 + 0.2);
    let new = user(t);
    assert_eq!(store(conn, &[bought.clone(), new.clone()]).unwrap(), 2);
    type UserFields = (
        (Uuid, String, String, NaiveDate, String, String, String, String),
        (String, bool, f64, Instant, Instant, Option<Instant>, Instant),
    );
    let stored: Vec<UserFields> = users::table
        .order(users::id)
        .select((
            (
                users::id,
                users::name,
                users::gender,
                users::birth_date,
                users::email,
                users::region,
                users::address,
                users::grade,
            ),
            (
                users::status,
                users::marketing_agree,
                users::random_seed,
                users::created_at,
                users::last_login_at,
                users::last_ordered_at,
                users::updated_at,
            ),
        ))
        .load(conn)
        .unwrap();
    let expected = |u: &User| -> UserFields {
        (
            (
                u.id,
                u.name.clone(),
                u.gender.to_string(),
                u.birth_date,
                u.email.clone(),
                names.regions[usize::from(u.region)].clone(),
                u.address.clone(),
                u.grade.to_string(),
            ),
            (
                u.status.to_string(),
                u.marketing_agree,
                u.random_seed,
                u.created_at.to_utc(),
                u.last_login_at.to_utc(),
                u.last_ordered_at.map(Timestamp::to_utc),
                u.updated_at.to_utc(),
            ),
        )
    };
    assert_eq!(stored, [expected(&bought), expected(&new)]);

    let mut p = product(t);
    (p.discount_rate, p.order_count, p.category) = (-12, 1 << 40, 1);
    store(conn, &[p.clone()]).unwrap();
    type ProductFields =
        ((Uuid, String, String, String, String, i64, i64, i16), (i32, f64, i32, bool, i64, Instant, Instant, Instant));
    let stored: ProductFields = products::table
        .select((
            (
                products::id,
                products::category,
                products::brand,
                products::name,
                products::description,
                products::list_price,
                products::price,
                products::discount_rate,
            ),
            (
                products::stock,
                products::rating,
                products::review_count,
                products::is_best,
                products::order_count,
                products::created_at,
                products::withdrawn_at,
                products::updated_at,
            ),
        ))
        .get_result(conn)
        .unwrap();
    let Product { id, brand, name, description, list_price, price, discount_rate, .. } = p.clone();
    let head = (id, "항공".into(), brand.to_string(), name, description, list_price, price, discount_rate);
    let Product { stock, rating, review_count, is_best, order_count, .. } = p;
    let times = (p.created_at.to_utc(), p.withdrawn_at.to_utc(), p.updated_at.to_utc());
    assert_eq!(stored, (head, (stock, rating, review_count, is_best, order_count, times.0, times.1, times.2)));

    let generated = Order { run_id: Some(run), scenario: 1, ..order(new.id, t.plus_secs(1), 70_000) };
    let live = order(bought.id, t.plus_secs(2), 10_000);
    store(conn, &[generated, live]).unwrap();
    type OrderFields = (
        (Uuid, Uuid, Instant, String, String, i16, i64, i64),
        (i64, i64, String, String, String, String, String, Option<Uuid>),
    );
    let stored: Vec<OrderFields> = orders::table
        .order(orders::id)
        .select((
            (
                orders::id,
                orders::user_id,
                orders::created_at,
                orders::status,
                orders::payment_method,
                orders::item_count,
                orders::subtotal,
                orders::discount_amount,
            ),
            (
                orders::shipping_fee,
                orders::total_amount,
                orders::scenario,
                orders::region,
                orders::gender,
                orders::age_group,
                orders::grade,
                orders::run_id,
            ),
        ))
        .load(conn)
        .unwrap();
    let expected = |o: &Order, scenario: &str| -> OrderFields {
        let texts = (o.status.to_string(), o.payment_method.to_string());
        (
            (o.id, o.user_id, o.created_at.to_utc(), texts.0, texts.1, o.item_count, o.subtotal, o.discount_amount),
            (
                o.shipping_fee,
                o.total_amount,
                scenario.into(),
                "서울".into(),
                o.gender.to_string(),
                o.age_group.to_string(),
                o.grade.to_string(),
                o.run_id,
            ),
        )
    };
    assert_eq!(stored, [expected(&generated, "black-friday"), expected(&live, "baseline")]);

    let line = item(&generated, p.id);
    store(conn, &[line]).unwrap();
    let stored: (Uuid, i16, Uuid, String, i16, i64, i64, i64) = order_items::table.get_result(conn).unwrap();
    assert_eq!(stored, (generated.id, 1, p.id, "스킨케어".into(), 1, 70_000, 0, 70_000));

    let mut change = grade_change(new.id, t, Grade::Gold, Grade::Silver);
    (change.amount_6m, change.orders_6m, change.run_id) = (1_999_999, 40, Some(run));
    store(conn, &[change, grade_change(bought.id, t, Grade::Bronze, Grade::Vip)]).unwrap();
    type ChangeFields = (i64, Uuid, Instant, String, String, i64, i64, String, Option<Uuid>);
    let stored: Vec<ChangeFields> = grade_changes::table.order(grade_changes::seq).load(conn).unwrap();
    let text = str::to_owned;
    assert_eq!(
        stored,
        [
            (1, new.id, t.to_utc(), text("GOLD"), text("SILVER"), 1_999_999, 40, text("orders"), Some(run)),
            (2, bought.id, t.to_utc(), text("BRONZE"), text("VIP"), 0, 0, text("orders"), None),
        ]
    );
}

#[test]
fn many_buffers_make_one_copy() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    let names = names();
    let buffers = (0..5).map(|_| {
        let mut buffer = CopyBuffer::with_capacity(1 << 16);
        (0..200).for_each(|_| buffer.push(&user(at(2025, 1, 1)), &names));
        assert_eq!(buffer.rows(), 200);
        buffer
    });
    assert_eq!(copy_in::<User, _>(conn, buffers).unwrap(), 1_000);
    assert_eq!(copy_in::<User, &[u8]>(conn, []).unwrap(), 0);
    assert_eq!(users::table.count().get_result::<i64>(conn).unwrap(), 1_000);
}

#[test]
fn a_refused_row_stores_nothing_names_the_constraint_and_leaves_the_connection_usable() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    let good = user(at(2025, 1, 1));
    let bad = User { random_seed: 1.5, ..user(at(2025, 1, 1)) };
    let report = store(conn, &[good.clone(), bad]).unwrap_err();
    assert!(report.to_string().contains("users"), "{report}");
    match report.downcast_ref::<Error>() {
        Some(Error::DatabaseError(DatabaseErrorKind::CheckViolation, info)) => {
            assert_eq!(info.constraint_name(), Some("users_random_seed_in_range"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(users::table.count().get_result::<i64>(conn).unwrap(), 0);
    assert_eq!(store(conn, &[good]).unwrap(), 1);
}
