//! Who and what is in the pools.

use std::cell::RefCell;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use shopstream::cache::members::{CustomerPart, ProductPart};
use shopstream::db::pools;
use shopstream::domain::Timestamp;
use shopstream::domain::rows::{Product, User};
use shopstream::generator::tables::{DemandTables, PoolSizes};
use uuid::Uuid;

use crate::support::*;

/// The shop's own sizes, for tests to bend.
static SIZES: LazyLock<PoolSizes> = LazyLock::new(|| DemandTables::built_in().unwrap().pool);

const NOW: i64 = 1_750_000_000;

fn now() -> Timestamp {
    Timestamp::from_secs(NOW)
}

/// A customer of `days` days who last ordered `ordered` days ago.
fn customer(days: i64, ordered: Option<i64>) -> User {
    let mut user = user(now().plus_secs(-days * 86_400));
    user.last_ordered_at = ordered.map(|days| now().plus_secs(-days * 86_400));
    user
}

/// A product of `days` days that leaves in `left` days (left long ago, if negative), sold `sold` times.
fn goods(days: i64, left: i64, sold: i64) -> Product {
    let mut product = product(now().plus_secs(-days * 86_400));
    product.withdrawn_at = now().plus_secs(left * 86_400);
    product.order_count = sold;
    product
}

fn customer_ids(conn: &mut diesel::PgConnection, bought: usize, new: usize) -> Vec<(Uuid, CustomerPart)> {
    let sizes = PoolSizes { customers_bought: bought, customers_new: new, ..*SIZES };
    pools::customers(conn, now(), &sizes).unwrap()
}

fn product_ids(conn: &mut diesel::PgConnection, sold: usize, newest: usize) -> Vec<(Uuid, ProductPart)> {
    let sizes = PoolSizes { products_sold: sold, products_new: newest, ..*SIZES };
    pools::products(conn, now(), &sizes).unwrap()
}

#[test]
fn customers_who_bought_longest_ago_come_first_then_the_newest_who_never_bought() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    let [old, tie_a, tie_b, recent] = [Some(90), Some(30), Some(30), Some(1)].map(|ordered| customer(200, ordered));
    let [newest, newer, older] = [1, 2, 3].map(|days| customer(days, None));
    let later = customer(-1, None);
    // Stored in another order than asked for; of the tied, the greater id first.
    let all = [&later, &recent, &tie_b, &older, &tie_a, &newest, &old, &newer].map(Clone::clone);
    store(conn, &all).unwrap();

    use CustomerPart::{Bought, New};
    let expected = [(old.id, Bought), (tie_a.id, Bought), (newest.id, New), (newer.id, New)];
    assert_eq!(customer_ids(conn, 2, 2), expected);
}

#[test]
fn what_one_part_of_the_customers_lacks_the_other_fills() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    let bought = [4, 3, 2].map(|days| customer(9, Some(days)));
    let new = [1, 2, 3].map(|days| customer(days, None));
    store(conn, &bought).unwrap();
    store(conn, &new).unwrap();
    let parts = |pool: Vec<(Uuid, CustomerPart)>| {
        let bought = pool.iter().filter(|(_, part)| *part == CustomerPart::Bought).count();
        (bought, pool.len() - bought)
    };
    assert_eq!(parts(customer_ids(conn, 4, 1)), (3, 2), "one bought too few: one more of the new");
    assert_eq!(parts(customer_ids(conn, 1, 4)), (2, 3), "one new too few: one more who bought");
    assert_eq!(parts(customer_ids(conn, 5, 5)), (3, 3), "fewer than asked for: everybody");
    assert_eq!(parts(customer_ids(conn, 0, 0)), (0, 0));
    assert_eq!(
        customer_ids(conn, 2, 3)[..2],
        bought[..2].iter().map(|u| (u.id, CustomerPart::Bought)).collect::<Vec<_>>()
    );
    assert_eq!(parts(pools::customers(conn, now(), &SIZES).unwrap()), (3, 3));
}

#[test]
fn products_that_sold_most_come_first_then_the_newest_of_the_rest() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    let [best, tie_a, tie_b, sold_new] = [(50, 9), (50, 5), (50, 5), (1, 2)].map(|(days, sold)| goods(days, 9, sold));
    let [fresh, stale] = [2, 99].map(|days| goods(days, 9, 0));
    let gone = goods(50, -1, 100);
    let leaving_now = Product { withdrawn_at: now(), ..goods(50, 9, 100) };
    let coming = goods(-1, 9, 100);
    let arriving_now = goods(0, 9, 0);
    let all = [&coming, &gone, &leaving_now, &stale, &fresh, &sold_new, &tie_b, &tie_a, &best, &arriving_now];
    store(conn, &all.map(Clone::clone)).unwrap();

    use ProductPart::{Newest, Sold};
    // What sold but not enough may still be among the newest.
    let expected =
        [(best.id, Sold), (tie_a.id, Sold), (arriving_now.id, Newest), (sold_new.id, Newest), (fresh.id, Newest)];
    assert_eq!(product_ids(conn, 2, 3), expected);
}

#[test]
fn the_latest_withdrawn_come_back_when_too_few_are_on_sale() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    let (sold, unsold) = (goods(50, 9, 1), goods(50, 9, 0));
    let [tie_a, tie_b] = [1, 1].map(|days| goods(50, -days, 7));
    let long_gone = goods(50, -30, 70);
    let coming = goods(-1, 9, 0);
    let all = [&long_gone, &coming, &tie_b, &tie_a, &unsold, &sold].map(Clone::clone);
    store(conn, &all).unwrap();

    use ProductPart::{CalledBack, Newest, Sold};
    assert_eq!(product_ids(conn, 1, 1), [(sold.id, Sold), (unsold.id, Newest)]);
    assert_eq!(product_ids(conn, 2, 1), [(sold.id, Sold), (unsold.id, Newest), (tie_a.id, CalledBack)]);
    let everything = [
        (sold.id, Sold),
        (unsold.id, Newest),
        (tie_a.id, CalledBack),
        (tie_b.id, CalledBack),
        (long_gone.id, CalledBack),
    ];
    assert_eq!(product_ids(conn, 700, 300), everything);
}

#[test]
fn the_first_weeks_pool_is_the_lowest_random_seeds_of_all_who_signed_up() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    let seeded = |days, random_seed| User { random_seed, ..customer(days, None) };
    let [low, tie_a, tie_b, high] = [(5, 0.0), (5, 0.25), (5, 0.25), (5, 1.0)].map(|(days, seed)| seeded(days, seed));
    let later = seeded(-1, 0.1);
    store(conn, &[&later, &high, &tie_b, &tie_a, &low].map(Clone::clone)).unwrap();
    assert_eq!(pools::first_week(conn, now(), 2).unwrap(), [low.id, tie_a.id]);
    assert_eq!(pools::first_week(conn, now(), 1_000).unwrap(), [low.id, tie_a.id, tie_b.id, high.id]);
}

/// The definition again, by sorting everything.
fn products_by_sorting(mut all: Vec<Product>, sold: usize, newest: usize) -> Vec<(Uuid, ProductPart)> {
    let size = sold + newest;
    let mut gone: Vec<_> = all.iter().filter(|p| p.withdrawn_at <= now()).cloned().collect();
    all.retain(|p| p.created_at <= now() && p.withdrawn_at > now());
    all.sort_by_key(|p| (-p.order_count, p.id));
    let mut pool: Vec<_> =
        all.iter().filter(|p| p.order_count > 0).take(sold).map(|p| (p.id, ProductPart::Sold)).collect();
    all.retain(|p| pool.iter().all(|(id, _)| *id != p.id));
    all.sort_by_key(|p| (-p.created_at.micros(), p.id));
    pool.extend(all.iter().take(size - pool.len()).map(|p| (p.id, ProductPart::Newest)));
    gone.sort_by_key(|p| (-p.withdrawn_at.micros(), p.id));
    pool.extend(gone.iter().take(size - pool.len()).map(|p| (p.id, ProductPart::CalledBack)));
    pool
}

#[test]
fn the_query_gives_what_sorting_everything_gives() {
    let scratch = ScratchDb::migrated();
    let conn = RefCell::new(scratch.connect());
    let product = (0i64..6, -3i64..6, 0i64..4).prop_map(|(days, left, sold)| (days, left.max(1 - days), sold));
    let case = (proptest::collection::vec(product, 0..40), 0usize..12, 0usize..12);
    let mut runner = TestRunner::new(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() });
    let result = runner.run(&case, |(products, sold, newest)| {
        let products: Vec<_> = products.into_iter().map(|(days, left, sold)| goods(days, left, sold)).collect();
        let found = rolled_back(&mut conn.borrow_mut(), |conn| {
            store(conn, &products).unwrap();
            product_ids(conn, sold, newest)
        });
        prop_assert_eq!(found, products_by_sorting(products, sold, newest));
        Ok(())
    });
    result.unwrap();
}
