//! A year that is not over: cut at a moment, it is the beginning of the whole year.

use shopstream::domain::Timestamp;
use shopstream::generator::year::YearParams;

use crate::shop::{Made, day, midnight, params, population, year_2025};

fn is_the_beginning(cut: &Made, whole: &Made, until: Timestamp) {
    let orders: Vec<_> = whole.orders.iter().take_while(|order| order.created_at < until).copied().collect();
    assert!(!orders.is_empty() && orders.len() < whole.orders.len());
    assert_eq!(cut.orders.len(), orders.len());
    assert!(cut.orders.iter().zip(&orders).all(|(ours, whole)| ours == whole), "another order");
    assert_eq!(cut.items, whole.items[..cut.items.len()]);
    assert!(
        whole.items.len() == cut.items.len() || whole.items[cut.items.len()].order_id == whole.orders[orders.len()].id
    );
    let changes = whole.changes.iter().take_while(|change| change.changed_at < until).count();
    assert_eq!(cut.changes, whole.changes[..changes]);
}

#[test]
fn a_year_cut_at_a_moment_is_exactly_the_beginning_of_the_whole_year() {
    let whole = year_2025();
    for until in [
        // In the evening, on a midnight with grade changes, and on the last day.
        midnight(day(2025, 1, 3)).plus_secs(75_000),
        midnight(day(2025, 7, 16)),
        midnight(day(2025, 12, 31)).plus_secs(80_000),
    ] {
        let params = YearParams { until: Some(until), ..whole.params };
        let cut = Made::new(whole.population.clone(), params);
        is_the_beginning(&cut, whole, until);
        crate::invariants::ends(&cut);
        crate::invariants::money(&cut);
    }
}

#[test]
fn the_day_of_the_cut_keeps_its_pools_where_a_day_has_several() {
    // Over 500 orders a day: the day that is cut must not share its orders out anew among fewer pools.
    let population = population(2025, 3, 4_000, 6_000);
    let whole = Made::new(population.clone(), params(2025, 250_000, 3, true));
    for until in [midnight(day(2025, 1, 4)).plus_secs(70_000), midnight(day(2025, 11, 28)).plus_secs(50_000)] {
        let params = YearParams { until: Some(until), ..whole.params };
        is_the_beginning(&Made::new(population.clone(), params), &whole, until);
    }
}

#[test]
fn a_year_that_has_not_begun_is_empty() {
    let until = Some(midnight(day(2025, 1, 1)));
    let cut = Made::new(population(2025, 3, 1_500, 1_500), YearParams { until, ..params(2025, 2_000, 3, true) });
    assert!(cut.orders.is_empty() && cut.items.is_empty() && cut.changes.is_empty());
}

#[test]
fn a_moment_after_the_year_cuts_nothing() {
    let params = params(2025, 2_000, 3, true);
    let whole = Made::new(population(2025, 3, 1_500, 1_500), params);
    let until = Some(midnight(day(2026, 1, 1)));
    let cut = Made::new(whole.population.clone(), YearParams { until, ..params });
    assert_eq!(cut.orders, whole.orders);
    assert_eq!(cut.items, whole.items);
}
