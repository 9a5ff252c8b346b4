//! The catalogue's table, and what it takes for names to be many and fitting.

use std::collections::HashSet;

use crate::shop::world;
use crate::spec;

#[test]
fn the_19_categories_equal_the_specification() {
    let ours = &world().catalog.categories;
    assert_eq!(ours.len(), 19);
    for (category, spec) in ours.iter().zip(&spec::CATEGORIES) {
        assert_eq!(category.name, spec.0);
        assert_eq!(category.price, spec.1, "{}", spec.0);
        assert_eq!(category.frequency, spec.2, "{}", spec.0);
        assert_eq!(category.quantity_weights, spec.3, "{}", spec.0);
        assert_eq!(category.shipped, spec.4, "{}", spec.0);
    }
}

#[test]
fn a_third_of_the_brands_of_each_category_are_premium() {
    for category in &world().catalog.categories {
        assert_eq!(category.brands.len(), 3 * category.premium_brands, "{}", category.id);
    }
}

#[test]
fn each_category_has_at_least_5000_names_to_offer() {
    for category in &world().catalog.categories {
        let names: HashSet<(&str, &str)> = category
            .lines
            .iter()
            .flat_map(|line| line.nouns.iter().flat_map(|noun| line.options.iter().map(move |o| (&**noun, &**o))))
            .collect();
        let combinations = category.brands.len() * category.qualities.len() * names.len();
        assert!(combinations >= 5_000, "{} has {combinations}", category.id);
    }
}

#[test]
fn no_brand_belongs_to_two_categories() {
    let mut seen = HashSet::new();
    for brand in world().catalog.categories.iter().flat_map(|category| &category.brands) {
        assert!(seen.insert(brand), "{brand}");
    }
}
