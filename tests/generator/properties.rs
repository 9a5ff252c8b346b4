//! What holds whatever the parameters.

use proptest::prelude::*;
use shopstream::generator::alias::{AliasTable, draw_cumulative};
use shopstream::generator::rng::{Purpose, Stream};
use shopstream::generator::year::plan::largest_remainder;
use shopstream::generator::year::{Population, YearParams};

use crate::invariants;
use crate::shop::{Made, day, params, world};

/// Years are dear to make: a few of them, and no time spent on shrinking what cannot be shrunk to a small case.
fn few() -> ProptestConfig {
    ProptestConfig { cases: 30, max_shrink_iters: 8, failure_persistence: None, ..ProptestConfig::default() }
}

fn many() -> ProptestConfig {
    ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn shares_add_up_and_differ_by_less_than_one_from_exact_ones(
        weights in prop::collection::vec(0.0f64..1e4, 1..40),
        total in 0u64..10_000_000,
    ) {
        prop_assume!(weights.iter().sum::<f64>() > 0.0);
        let shares = largest_remainder(&weights, total);
        prop_assert_eq!(shares.iter().sum::<u64>(), total);
        let sum: f64 = weights.iter().sum();
        for (share, weight) in shares.iter().zip(&weights) {
            let exact = weight / sum * total as f64;
            prop_assert!((*share as f64 - exact).abs() < 1.0 + 1e-6, "{} for {}", share, exact);
        }
    }

    #[test]
    fn an_alias_table_draws_every_weighted_index_and_no_other(
        weights in prop::collection::vec(prop_oneof![Just(0.0), 0.5f64..4.0], 1..30),
        seed: u64,
    ) {
        let table = AliasTable::new(&weights);
        prop_assert_eq!(table.len(), weights.len());
        let all_zero = weights.iter().all(|weight| *weight == 0.0);
        let stream = &mut Stream::new(seed, Purpose::Day, 0);
        let mut seen = vec![false; weights.len()];
        // The rarest index has a share of 0.5 / (29 × 4): it is missed by 8,000 draws once in 10^15 times.
        for _ in 0..8_000 {
            seen[table.draw(stream)] = true;
        }
        for (seen, weight) in seen.iter().zip(&weights) {
            prop_assert_eq!(*seen, all_zero || *weight > 0.0, "{:?}", weights);
        }
    }

    #[test]
    fn an_alias_table_takes_any_weights(weights in prop::collection::vec(any::<f64>(), 0..50), seed: u64) {
        let table = AliasTable::new(&weights);
        let stream = &mut Stream::new(seed, Purpose::Day, 1);
        for _ in 0..50 {
            prop_assert!(table.draw(stream) < weights.len().max(1));
        }
    }

    #[test]
    fn a_cumulative_draw_stays_within_its_list(weights in prop::collection::vec(0.0f64..5.0, 1..12), seed: u64) {
        let totals: Vec<f64> = weights.iter().scan(0.0, |sum, weight| { *sum += weight; Some(*sum) }).collect();
        let stream = &mut Stream::new(seed, Purpose::Day, 2);
        for _ in 0..50 {
            prop_assert!(draw_cumulative(&totals, stream) < weights.len());
        }
    }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn years_at_random_keep_every_invariant(
        year in 1975i32..=2100,
        orders in 1u64..=3_000,
        seed: u64,
        users in 1_000u32..2_500,
        products in 1_000u32..2_500,
        habits: bool,
        // Everybody there on the first day, or some who come later.
        later in 0u32..12,
    ) {
        let as_of = day(year, 1, 1) + chrono::Months::new(later);
        let population = Population::generate(world(), seed, as_of, users, products);
        invariants::check(&Made::new(population, params(year, orders, seed, habits)));
    }

    #[test]
    fn pools_of_years_at_random_equal_the_definition(
        year in 1975i32..=2100,
        orders in 1u64..=3_000,
        seed: u64,
        users in 900u32..2_000,
        products in 900u32..2_000,
        habits: bool,
        first in 0usize..30,
    ) {
        let population = Population::generate(world(), seed, day(year, 7, 1), users, products);
        crate::pools::compare(&population, params(year, orders, seed, habits), |day| day % 30 == first);
    }

    #[test]
    fn years_at_random_can_be_cut_anywhere(
        year in 1975i32..=2100,
        orders in 1u64..=1_500,
        seed: u64,
        at in 0u32..366 * 86_400,
        habits: bool,
    ) {
        let population = Population::generate(world(), seed, day(year, 1, 1), 1_000, 1_000);
        let until = crate::shop::midnight(day(year, 1, 1)).plus_secs(at.into());
        let whole = Made::new(population.clone(), params(year, orders, seed, habits));
        let cut = Made::new(population, YearParams { until: Some(until), ..whole.params });
        let expected = whole.orders.iter().take_while(|order| order.created_at < until).count();
        prop_assert_eq!(&cut.orders, &whole.orders[..expected]);
        invariants::ends(&cut);
        crate::grades::check(&cut);
    }
}
