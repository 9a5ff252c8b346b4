//! Rows that every constraint accepts, for tests to bend.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::NaiveDate;
use diesel::PgConnection;
use shopstream::db::copy::{CopyBuffer, CopyRow, copy_in};
use shopstream::domain::id::uuid_v7;
use shopstream::domain::rows::{Counted, GradeChange, Names, Order, OrderItem, Product, User};
use shopstream::domain::{AgeGroup, CustomerStatus, Gender, Grade, OrderStatus, Payment, Timestamp};
use uuid::Uuid;

static SERIAL: AtomicU64 = AtomicU64::new(1);

/// An id nobody else has, in order of creation for one instant.
pub fn fresh_id(at: Timestamp) -> Uuid {
    uuid_v7(at, SERIAL.fetch_add(1, Ordering::Relaxed), 0)
}

/// 00:00 of business time on a day.
pub fn at(year: i32, month: u32, day: u32) -> Timestamp {
    Timestamp::business_midnight(NaiveDate::from_ymd_opt(year, month, day).unwrap())
}

/// Two names of each sort.
pub fn names() -> Names {
    let list = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
    Names {
        categories: list(["스킨케어", "항공"]),
        scenarios: list(["baseline", "black-friday"]),
        regions: list(["서울", "제주"]),
    }
}

/// A customer who signed up at `created_at` and has not bought.
pub fn user(created_at: Timestamp) -> User {
    let id = fresh_id(created_at);
    User {
        id,
        name: "김서연".into(),
        gender: Gender::Female,
        birth_date: NaiveDate::from_ymd_opt(1960, 2, 29).unwrap(),
        email: format!("{id}@example.com"),
        region: 0,
        address: "서울특별시 강남구 테헤란로 1".into(),
        grade: Grade::Bronze,
        status: CustomerStatus::Active,
        marketing_agree: true,
        random_seed: 0.5,
        created_at,
        last_login_at: created_at,
        last_ordered_at: None,
        updated_at: created_at,
    }
}

/// A product created at `created_at`, withdrawn a year later, never sold.
pub fn product(created_at: Timestamp) -> Product {
    Product {
        id: fresh_id(created_at),
        category: 0,
        brand: "하늘결".into(),
        name: "[특가] 하늘결 수분 크림 50ml".into(),
        description: "촉촉한 크림".into(),
        list_price: 12_000,
        price: 10_000,
        discount_rate: 17,
        stock: 10,
        rating: 4.5,
        review_count: 100,
        is_best: false,
        order_count: 0,
        created_at,
        withdrawn_at: created_at.plus_secs(365 * 86_400),
        updated_at: created_at,
    }
}

/// A completed order of one item for `amount` KRW.
pub fn order(user_id: Uuid, created_at: Timestamp, amount: i64) -> Order {
    Order {
        id: fresh_id(created_at),
        user_id,
        created_at,
        status: OrderStatus::Completed,
        payment_method: Payment::Card,
        item_count: 1,
        subtotal: amount,
        discount_amount: 0,
        shipping_fee: 3_000,
        total_amount: amount + 3_000,
        scenario: 0,
        region: 0,
        gender: Gender::Female,
        age_group: AgeGroup::FiftyUp,
        grade: Grade::Bronze,
        run_id: None,
    }
}

/// The only item of an order made by [`order`].
pub fn item(order: &Order, product_id: Uuid) -> OrderItem {
    OrderItem {
        order_id: order.id,
        line_no: 1,
        product_id,
        category: 0,
        quantity: 1,
        unit_price: order.subtotal,
        discount_amount: 0,
        line_amount: order.subtotal,
    }
}

/// A change of grade, counted in orders.
pub fn grade_change(user_id: Uuid, changed_at: Timestamp, from_grade: Grade, to_grade: Grade) -> GradeChange {
    GradeChange {
        user_id,
        changed_at,
        from_grade,
        to_grade,
        amount_6m: 0,
        orders_6m: 0,
        counted: Counted::Orders,
        run_id: None,
    }
}

/// Copies rows into their table, with [`names`].
pub fn store<R: CopyRow>(conn: &mut PgConnection, rows: &[R]) -> color_eyre::Result<u64> {
    let names = names();
    let mut buffer = CopyBuffer::<R>::default();
    rows.iter().for_each(|row| buffer.push(row, &names));
    copy_in::<R, _>(conn, [&buffer])
}
