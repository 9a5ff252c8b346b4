//! The rules of the year in memory are those of the live shop in SQL: pools and grades, at several moments of a year.

use diesel::prelude::*;
use shopstream::backfill::postgres::Earlier;
use shopstream::backfill::request::DEFAULT_SEED;
use shopstream::db::grades::{self, GradesUpdate};
use shopstream::db::pools;
use shopstream::generator::year::{Batch, Population, Year};
use uuid::Uuid;

use crate::shop::{Shop, as_of, midnight};

const ORDERS: u64 = 12_000;

/// The year in memory, just after the pools of `day` were made; and that day's first batch.
fn at<'a>(shop: &'a Shop, population: &'a Population, day: u64) -> (Year<'a>, Batch) {
    let mut year = Year::new(&shop.world, population, shop.request(ORDERS).year_params(Uuid::nil(), None));
    let mut batch = Batch::default();
    while year.next(&mut batch) {
        let first = batch.orders.first().map(|order| order.created_at);
        if first.is_some_and(|first| first >= midnight(day)) {
            return (year, batch);
        }
    }
    panic!("the year has no day {day}");
}

fn ids<T>(population: &[T], positions: &[u32], id: impl Fn(&T) -> Uuid) -> Vec<Uuid> {
    positions.iter().map(|&at| id(&population[at as usize])).collect()
}

#[test]
fn the_pools_of_the_year_are_those_of_the_database() {
    // The second shop is so small that withdrawn products are called back.
    for (users, products, days) in [(6_000, 9_000, &[3, 7, 8, 60, 200, 330][..]), (2_000, 1_900, &[40, 300][..])] {
        for &day in days {
            let shop = Shop::seeded(users, products);
            let population = Population::generate(&shop.world, DEFAULT_SEED, as_of(), users, products);
            let (year, _) = at(&shop, &population, day);
            let (customers, wares) = year.pools();
            // The database as it stands at that midnight.
            shop.try_backfill(ORDERS, Earlier::Refuse, midnight(day)).unwrap();
            let conn = &mut shop.db.connect();
            let now = midnight(day);
            let sizes = &shop.world.demand.pool;
            let in_sql = if day < 7 {
                pools::first_week(conn, now, 1_000).unwrap()
            } else {
                pools::customers(conn, now, sizes).unwrap().iter().map(|member| member.0).collect()
            };
            assert_eq!(ids(&population.customers, &customers, |c| c.id), in_sql, "customers on day {day}");
            let in_sql: Vec<Uuid> = pools::products(conn, now, sizes).unwrap().iter().map(|member| member.0).collect();
            assert_eq!(ids(&population.products, &wares, |p| p.id), in_sql, "products on day {day}");
        }
    }
}

#[test]
fn the_grades_of_the_year_are_those_of_the_database() {
    let (users, products) = (2_500, 4_000);
    let population = |shop: &Shop| Population::generate(&shop.world, DEFAULT_SEED, as_of(), users, products);
    for day in [7, 14, 182, 189, 245, 364] {
        let shop = Shop::seeded(users, products);
        let population = population(&shop);
        let (_, batch) = at(&shop, &population, day);
        shop.try_backfill(ORDERS, Earlier::Refuse, midnight(day)).unwrap();
        let conn = &mut shop.db.connect();
        grades::update(conn, &GradesUpdate::new(midnight(day))).unwrap().unwrap();
        use shopstream::db::schema::grade_changes as g;
        let mut in_sql: Vec<(Uuid, String, String, i64, i64)> = g::table
            .filter(g::changed_at.eq(midnight(day).to_utc()))
            .select((g::user_id, g::from_grade, g::to_grade, g::amount_6m, g::orders_6m))
            .load(conn)
            .unwrap();
        in_sql.sort();
        let in_memory: Vec<_> = batch
            .grade_changes
            .iter()
            .map(|change| {
                let (from, to) = (change.from_grade.to_string(), change.to_grade.to_string());
                (change.user_id, from, to, change.amount_6m, change.orders_6m)
            })
            .collect();
        assert!(!in_sql.is_empty() || day < 100, "something happens on day {day}");
        assert_eq!(in_memory, in_sql, "grade changes of day {day}");
    }
}
