//! Prices against an independent sampling of the specification's formula.

use rand_distr::{Beta, Distribution};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use crate::products::{is_premium, products};
use crate::spec;
use crate::stats::{assert_other_distribution, assert_same_distribution};

/// Draws for each product of ours.
const DRAWS: usize = 5;

/// Where a price lies in its category's range, so that all categories can be looked at together.
fn place(price: f64, [low, high]: [i64; 2]) -> f64 {
    (price - low as f64) / (high - low) as f64
}

fn ours(premium: bool) -> Vec<f64> {
    let of = products().iter().filter(|product| is_premium(product) == premium);
    of.map(|product| place(product.price as f64, spec::CATEGORIES[usize::from(product.category)].1)).collect()
}

/// `min + Beta(a, b) × (max − min)`, times a brand factor, within [min, 1.5 × max], rounded down to 100 KRW.
fn formula(premium: bool, a: f64, b: f64, factors: (f64, f64)) -> Vec<f64> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(99);
    let (beta, factor) = (Beta::new(a, b).unwrap(), rand_distr::Uniform::new(factors.0, factors.1).unwrap());
    let mut places = Vec::new();
    for product in products().iter().filter(|product| is_premium(product) == premium) {
        let range = spec::CATEGORIES[usize::from(product.category)].1;
        let [low, high] = range.map(|price| price as f64);
        for _ in 0..DRAWS {
            let price: f64 = (low + beta.sample(&mut rng) * (high - low)) * factor.sample(&mut rng);
            places.push(place((price.clamp(low, 1.5 * high) / 100.0).floor() * 100.0, range));
        }
    }
    places
}

#[test]
fn prices_are_beta_2_5_times_the_factor_of_the_brand() {
    for (premium, factors) in [(true, (1.3, 1.8)), (false, (0.7, 1.1))] {
        let what = if premium { "premium prices" } else { "prices" };
        assert_same_distribution(what, ours(premium), formula(premium, 2.0, 5.0, factors));
        assert_other_distribution(what, ours(premium), formula(premium, 2.0, 4.0, factors));
        assert_other_distribution(what, ours(premium), formula(premium, 2.0, 5.0, (factors.0, factors.1 + 0.2)));
    }
}

#[test]
fn prices_are_whole_hundreds_within_their_range() {
    for product in products() {
        let [low, high] = spec::CATEGORIES[usize::from(product.category)].1;
        assert!(product.price >= low && 2 * product.price <= 3 * high, "{product:?}");
        assert_eq!(product.price % 100, 0, "{product:?}");
        assert!(product.list_price > 0, "{product:?}");
    }
}

#[test]
fn most_products_are_cheap_and_few_are_dear() {
    let places: Vec<f64> = [ours(true), ours(false)].concat();
    let share = |keep: fn(&&f64) -> bool| places.iter().filter(keep).count() as f64 / places.len() as f64;
    assert!(share(|place| **place < 0.5) > 0.7, "{}", share(|place| **place < 0.5));
    assert!(share(|place| **place > 1.0) < 0.05, "{}", share(|place| **place > 1.0));
}
