//! The pools of the year against the specification's definition, applied from scratch: sort everybody, take the first.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use shopstream::generator::year::{Batch, Population, Year, YearParams};

use crate::shop::{midnight, params, population, world};

/// What has happened so far, by position in the population.
struct History {
    last_ordered: Vec<i64>,
    sales: Vec<u32>,
}

type Pools = (Vec<u32>, Vec<u32>);

/// 600 who bought longest ago and 400 newest who never did; one part fills up for the other. In the first week the
/// 1,000 lowest random seeds.
fn customers(population: &Population, history: &History, day: usize, now: i64) -> Vec<u32> {
    let all = &population.customers;
    let mut here: Vec<usize> = (0..all.len()).filter(|&at| i64::from(all[at].created) <= now).collect();
    if day < 7 {
        here.sort_by(|&a, &b| (all[a].random_seed.total_cmp(&all[b].random_seed)).then(all[a].id.cmp(&all[b].id)));
        return here.into_iter().take(1_000).map(|at| at as u32).collect();
    }
    let (mut bought, mut never): (Vec<usize>, Vec<usize>) = here.iter().partition(|&&at| history.last_ordered[at] > 0);
    bought.sort_by_key(|&at| (history.last_ordered[at], all[at].id));
    never.sort_by_key(|&at| (Reverse(all[at].created), all[at].id));
    let of_bought = bought.len().min(1_000 - never.len().min(400));
    let of_never = never.len().min(1_000 - of_bought);
    bought.truncate(of_bought);
    bought.extend_from_slice(&never[..of_never]);
    bought.into_iter().map(|at| at as u32).collect()
}

/// The 700 most sold, then the newest of the others, then what was withdrawn last.
fn products(population: &Population, history: &History, now: i64) -> Vec<u32> {
    let all = &population.products;
    let made: Vec<usize> = (0..all.len()).filter(|&at| i64::from(all[at].created) <= now).collect();
    let (on_sale, mut gone): (Vec<usize>, Vec<usize>) =
        made.iter().partition(|&&at| i64::from(all[at].withdrawn) > now);
    let mut pool: Vec<usize> = on_sale.iter().copied().filter(|&at| history.sales[at] > 0).collect();
    pool.sort_by_key(|&at| (Reverse(history.sales[at]), all[at].id));
    pool.truncate(700);
    let chosen: BTreeSet<usize> = pool.iter().copied().collect();
    let mut newest: Vec<usize> = on_sale.into_iter().filter(|at| !chosen.contains(at)).collect();
    newest.sort_by_key(|&at| (Reverse(all[at].created), all[at].id));
    gone.sort_by_key(|&at| (Reverse(all[at].withdrawn), all[at].id));
    pool.extend(newest);
    pool.extend(gone);
    pool.into_iter().take(1_000).map(|at| at as u32).collect()
}

fn sorted((mut customers, mut products): Pools) -> Pools {
    customers.sort_unstable();
    products.sort_unstable();
    (customers, products)
}

/// Runs a year and compares its pools with the definition at each refresh of the days asked for.
pub fn compare(population: &Population, params: YearParams, look: impl Fn(usize) -> bool) -> usize {
    let by_id = |id| population.customers.binary_search_by_key(&id, |customer| customer.id).unwrap();
    let product = |id| population.products.binary_search_by_key(&id, |product| product.id).unwrap();
    let mut history =
        History { last_ordered: vec![0; population.customers.len()], sales: vec![0; population.products.len()] };
    let mut year = Year::new(world(), population, params);
    let mut batch = Batch::default();
    let mut refreshes = 0;
    for (index, plan) in world().year_plan(params.year, params.orders).into_iter().enumerate() {
        for part in 0..plan.orders.div_ceil(500).max(1) {
            assert!(year.next(&mut batch), "day {index}");
            assert!(batch.orders.len() <= 500, "a pool serves 500 orders at most");
            // The day's first pool is made at midnight, later ones when they are needed.
            let now = if part == 0 { midnight(plan.day).secs() } else { batch.orders[0].created_at.secs() };
            if look(index) {
                let naive = (customers(population, &history, index, now), products(population, &history, now));
                assert_eq!(sorted(year.pools()), sorted(naive), "{} part {part}", plan.day);
                refreshes += 1;
            }
            for order in &batch.orders {
                history.last_ordered[by_id(order.user_id)] = order.created_at.secs();
            }
            for line in &batch.items {
                history.sales[product(line.product_id)] += 1;
            }
        }
    }
    assert!(!year.next(&mut batch));
    refreshes
}

#[test]
fn pools_equal_the_definition_from_the_first_week_to_the_last_day() {
    let days = |day: usize| day < 10 || day.is_multiple_of(30) || day > 360;
    compare(&population(2025, 42, 10_000, 20_000), params(2025, 20_000, 42, true), days);
}

#[test]
fn pools_equal_the_definition_without_habits() {
    compare(&population(2025, 6, 5_000, 10_000), params(2025, 10_000, 6, false), |day| day % 25 < 2);
}

#[test]
fn pools_are_made_anew_within_a_day_of_many_orders() {
    let population = population(2025, 3, 6_000, 9_000);
    let refreshes = compare(&population, params(2025, 450_000, 3, true), |day| matches!(day, 5 | 6 | 7 | 180 | 330));
    assert!(refreshes >= 10, "{refreshes} refreshes on five days");
}

#[test]
fn too_few_products_are_filled_up_with_the_latest_withdrawn() {
    let population = population(2025, 42, 2_000, 1_200);
    let end = midnight(crate::shop::day(2025, 12, 31)).secs();
    let on_sale = population.products.iter().filter(|product| i64::from(product.withdrawn) > end).count();
    assert!(on_sale < 900, "{on_sale}: the rule is tried");
    compare(&population, params(2025, 4_000, 42, true), |day| day.is_multiple_of(10));
}

#[test]
fn too_few_customers_are_all_in_the_pool() {
    let population = population(2025, 11, 700, 3_000);
    compare(&population, params(2025, 2_000, 11, true), |day| day.is_multiple_of(20));
}

#[test]
fn where_all_have_bought_or_none_has_the_other_part_fills_up() {
    // With 1,100 customers there are soon fewer than 400 who never bought, with few orders fewer than 600 who did.
    compare(&population(2025, 12, 1_100, 3_000), params(2025, 9_000, 12, false), |day| day.is_multiple_of(15));
    compare(&population(2025, 13, 3_000, 3_000), params(2025, 500, 13, false), |day| day.is_multiple_of(15));
}

#[test]
fn ties_break_by_id() {
    // Everything is made and withdrawn at a few moments only, so that order is left to the ids.
    let mut population = population(2025, 14, 4_000, 6_000);
    for customer in &mut population.customers {
        customer.created -= customer.created % (20 * 86_400);
    }
    for product in &mut population.products {
        product.created -= product.created % (20 * 86_400);
        product.withdrawn -= product.withdrawn % (20 * 86_400);
    }
    compare(&population, params(2025, 8_000, 14, true), |day| day.is_multiple_of(12));
}

#[test]
fn a_wrong_definition_would_show() {
    let population = population(2025, 42, 3_000, 5_000);
    let mut year = Year::new(world(), &population, params(2025, 6_000, 42, false));
    let mut history = History { last_ordered: vec![0; 3_000], sales: vec![0; 5_000] };
    let mut batch = Batch::default();
    for _ in 0..200 {
        assert!(year.next(&mut batch));
    }
    let now = batch.orders[0].created_at.secs();
    // Nobody has bought and nothing sold: not what the year knows by July.
    let (ours, naive) = (sorted(year.pools()), sorted((customers(&population, &history, 199, now), vec![])));
    assert_ne!(ours.0, naive.0);
    history.sales[0] = 1;
    assert_ne!(ours.1, sorted((vec![], products(&population, &history, now))).1);
}
