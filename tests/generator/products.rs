//! Products: ratings, reviews, discounts, names, and how long each is on sale.

use std::collections::HashSet;
use std::sync::OnceLock;

use rand_distr::Normal;
use shopstream::domain::date::DAY_SECS;
use shopstream::domain::rows::Product;

use crate::shop::{day, midnight, world};
use crate::spec;
use crate::stats::{
    assert_fits, assert_other_distribution, assert_refuses, assert_same_distribution, reference, tally, uniform,
};

pub const COUNT: u32 = 20_000;

pub fn products() -> &'static [Product] {
    static ALL: OnceLock<Vec<Product>> = OnceLock::new();
    ALL.get_or_init(|| (0..COUNT).map(|index| world().product_row(7, index, day(2026, 1, 1))).collect())
}

/// Whether a product's brand is one of its category's premium brands.
pub fn is_premium(product: &Product) -> bool {
    let category = &world().catalog.categories[usize::from(product.category)];
    category.brands.iter().position(|brand| *brand == product.brand).unwrap() < category.premium_brands
}

#[test]
fn products_spread_evenly_over_the_categories() {
    let seen = tally(19, products().iter().map(|product| usize::from(product.category)));
    assert!(seen.iter().all(|&count| count == 1_052 || count == 1_053), "{seen:?}");
}

#[test]
fn a_third_of_the_products_are_of_premium_brands() {
    let seen = tally(2, products().iter().map(|product| usize::from(!is_premium(product))));
    assert_fits("premium", &seen, &[1.0, 2.0]);
    assert_refuses("premium", &seen, &[0.36, 0.64]);
}

#[test]
fn forty_per_cent_are_discounted_and_one_per_cent_mispriced() {
    let kind = |product: &Product| match product.list_price.cmp(&product.price) {
        std::cmp::Ordering::Greater => 0,
        std::cmp::Ordering::Less => 1,
        std::cmp::Ordering::Equal => 2,
    };
    let seen = tally(3, products().iter().map(kind));
    assert_fits("discounts", &seen, &[40.0, 1.0, 59.0]);
    assert_refuses("discounts", &seen, &[42.0, 1.0, 57.0]);
    assert_refuses("discounts", &seen, &[40.0, 1.5, 58.5]);
    // Dear products only: rounding to 100 KRW must not count.
    let dear = products().iter().filter(|product| kind(product) == 0 && product.price > 100_000);
    let factors: Vec<f64> = dear.map(|product| product.list_price as f64 / product.price as f64).collect();
    assert!(factors.len() > 2_000);
    assert_same_distribution("list price", factors.clone(), uniform(1.1, 1.6, 100_000));
    assert_other_distribution("list price", factors, uniform(1.05, 1.6, 100_000));
}

#[test]
fn the_discount_rate_is_the_rounded_percentage_and_negative_for_mistakes() {
    for product in products() {
        let exact = (product.list_price - product.price) as f64 / product.list_price as f64 * 100.0;
        assert!((f64::from(product.discount_rate) - exact).abs() <= 0.5 + 1e-9, "{product:?}");
        if product.list_price < product.price {
            assert!(product.discount_rate < 0, "{product:?}");
        }
    }
}

#[test]
fn ratings_and_reviews_keep_to_their_brands_ranges() {
    for premium in [true, false] {
        let of: Vec<&Product> = products().iter().filter(|product| is_premium(product) == premium).collect();
        let (ratings, reviews) = if premium { ((4.0, 5.0), (50, 2_500)) } else { ((3.0, 4.8), (0, 500)) };
        let lowest = of.iter().map(|product| product.rating).fold(f64::MAX, f64::min);
        let highest = of.iter().map(|product| product.rating).fold(f64::MIN, f64::max);
        assert_eq!((lowest, highest), ratings);
        let fewest = of.iter().map(|product| product.review_count).min().unwrap();
        let most = of.iter().map(|product| product.review_count).max().unwrap();
        assert!(fewest >= reviews.0 && fewest < reviews.0 + 20, "{fewest}");
        assert!(most <= reviews.1 && most > reviews.1 - 20, "{most}");
    }
    assert!(products().iter().all(|product| (product.rating * 10.0 - (product.rating * 10.0).round()).abs() < 1e-9));
}

#[test]
fn best_means_over_1000_reviews_and_over_4_5_stars() {
    for product in products() {
        assert_eq!(product.is_best, product.review_count > 1_000 && product.rating > 4.5, "{product:?}");
    }
    assert!(products().iter().filter(|product| product.is_best).count() > 1_000);
    let near = |product: &&Product| product.rating == 4.5 && product.review_count > 1_000;
    assert!(products().iter().filter(near).count() > 50, "the limit itself is tried");
}

#[test]
fn stock_lies_within_0_to_500_and_nothing_is_sold_yet() {
    let stock: Vec<i32> = products().iter().map(|product| product.stock).collect();
    assert_eq!((stock.iter().min(), stock.iter().max()), (Some(&0), Some(&500)));
    assert!(products().iter().all(|product| product.order_count == 0));
}

#[test]
fn over_ninety_per_cent_of_20000_names_are_distinct() {
    let names: HashSet<&str> = products().iter().map(|product| product.name.as_str()).collect();
    assert!(names.len() >= 18_000, "{}", names.len());
    assert!(products().iter().all(|product| product.name.contains(&*product.brand)));
}

#[test]
fn three_in_ten_names_are_promoted_and_none_where_that_makes_no_sense() {
    let name_of = |product: &Product| spec::CATEGORIES[usize::from(product.category)].0;
    let promoted = |product: &Product| product.name.starts_with('[');
    let never = ["항공", "숙박", "티켓/패스", "골프", "캠핑"];
    let may: Vec<&Product> = products().iter().filter(|product| !never.contains(&name_of(product))).collect();
    let seen = tally(2, may.iter().map(|product| usize::from(!promoted(product))));
    assert_fits("promotions", &seen, &[30.0, 70.0]);
    assert_refuses("promotions", &seen, &[28.0, 72.0]);
    assert!(products().iter().all(|product| !never.contains(&name_of(product)) || !promoted(product)));
    let one_and_one = |product: &&Product| product.name.contains("1+1");
    let dear = ["생활가전", "IT/게이밍"];
    assert_eq!(products().iter().filter(one_and_one).filter(|product| dear.contains(&name_of(product))).count(), 0);
    assert!(products().iter().filter(one_and_one).count() > 100, "elsewhere there are some");
}

#[test]
fn products_were_made_over_the_three_years_before_as_of() {
    let (first, end) = (midnight(day(2023, 1, 1)), midnight(day(2026, 1, 1)));
    let created: Vec<f64> = products().iter().map(|product| product.created_at.secs() as f64).collect();
    assert!(created.iter().all(|&at| at >= first.secs() as f64 && at < end.secs() as f64));
    let even = |from: i64| uniform(from as f64, end.secs() as f64, 100_000);
    assert_same_distribution("created", created.clone(), even(first.secs()));
    assert_other_distribution("created", created, even(first.secs() + 60 * DAY_SECS));
    for product in products().iter().take(1_000) {
        assert_eq!(product.id.get_version_num(), 7);
        assert_eq!((product.id.as_u128() >> 80) as i64, product.created_at.micros() / 1_000);
    }
}

#[test]
fn products_are_withdrawn_after_270_days_times_exp_of_0_6_z() {
    let logs: Vec<f64> = products()
        .iter()
        .map(|product| (product.withdrawn_at.secs() - product.created_at.secs()) as f64 / DAY_SECS as f64)
        .map(|days| (days / 270.0).ln())
        .collect();
    let normal = |mean, spread| reference(17, 100_000, Normal::new(mean, spread).unwrap());
    assert_same_distribution("withdrawal", logs.clone(), normal(0.0, 0.6));
    assert_other_distribution("withdrawal", logs.clone(), normal(0.0, 0.55));
    assert_other_distribution("withdrawal", logs, normal(0.05, 0.6));
}
