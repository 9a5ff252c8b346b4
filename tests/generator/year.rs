//! The simulated year: how many orders when, and what holds of each.

use chrono::{Datelike, Weekday};
use shopstream::generator::calendar::Anchor;

use crate::calendar::of_day;
use crate::invariants;
use crate::shop::{Made, day, params, population, world, year_2025, year_2025_without_habits};
use crate::spec;
use crate::stats::{assert_fits, assert_refuses, tally};

fn both() -> [&'static Made; 2] {
    [year_2025(), year_2025_without_habits()]
}

#[test]
fn months_hold_3000_to_6000_orders_exactly() {
    for made in both() {
        let months = tally(12, made.orders.iter().map(|order| order.created_at.business_day().month0() as usize));
        assert_eq!(months, spec::MONTHS);
        invariants::months(made);
    }
}

#[test]
fn sums_line_numbers_and_products_of_each_order_are_right() {
    both().into_iter().for_each(invariants::money);
}

#[test]
fn there_is_not_one_violation_of_causality() {
    both().into_iter().for_each(invariants::causality);
    // With 20,000 products nothing needs to be called back.
    let products = year_2025().products_by_id();
    for (order, lines) in year_2025().carts() {
        for line in lines {
            let product = &year_2025().population.products[products[&line.product_id]];
            assert!(i64::from(product.withdrawn) > order.created_at.secs());
        }
    }
}

#[test]
fn last_orders_counters_and_grades_at_the_end_agree_with_the_rows() {
    both().into_iter().for_each(invariants::ends);
}

#[test]
fn a_year_with_1200_products_calls_withdrawn_ones_back_and_stays_right() {
    let made = Made::new(population(2025, 42, 2_000, 1_200), params(2025, 5_000, 42, true));
    invariants::check(&made);
    let products = made.products_by_id();
    let withdrawn = |(order, lines): (&shopstream::domain::rows::Order, &[shopstream::domain::rows::OrderItem])| {
        let gone = |id| i64::from(made.population.products[products[id]].withdrawn) <= order.created_at.secs();
        lines.iter().filter(|line| gone(&line.product_id)).count()
    };
    assert!(made.carts().map(withdrawn).sum::<usize>() > 1_000, "the rule is tried");
}

#[test]
fn a_leap_year_and_the_first_and_last_year_stay_right() {
    for year in [1975, 2024, 2100] {
        let made = Made::new(population(year, 1, 2_500, 3_500), params(year, 3_000, 1, true));
        invariants::check(&made);
        let leap_day = made.orders.iter().filter(|o| (o.created_at.business_day().ordinal()) == 60).count();
        assert!(leap_day > 0);
    }
}

/// Splits `total` exactly in proportion to `weights`, ties to the earlier.
fn split(weights: &[f64], total: u64) -> Vec<u64> {
    let sum: f64 = weights.iter().sum();
    let exact: Vec<f64> = weights.iter().map(|weight| total as f64 * weight / sum).collect();
    let mut shares: Vec<u64> = exact.iter().map(|share| share.floor() as u64).collect();
    while shares.iter().sum::<u64>() < total {
        let rest = |at: usize| exact[at] - shares[at] as f64;
        let best = (0..shares.len()).map(rest).fold(f64::MIN, f64::max);
        let most = (0..shares.len()).find(|&at| rest(at) > best - 1e-9).unwrap();
        shares[most] += 1;
    }
    shares
}

#[test]
fn days_follow_weekday_times_scenario_demand_within_their_month() {
    let holidays = [Anchor::Seollal, Anchor::Chuseok].map(|anchor| anchor.day(2025).unwrap());
    let plan = world().year_plan(2025, 50_000);
    let mut by_day = vec![0; 365];
    for order in &year_2025().orders {
        by_day[order.created_at.business_day().ordinal0() as usize] += 1;
    }
    assert_eq!(plan.iter().map(|day| day.orders).collect::<Vec<_>>(), by_day);
    for month in 1..=12 {
        let days = day(2025, month, 1).iter_days().take_while(|day| day.month() == month);
        let weights: Vec<f64> = days
            .map(|day| {
                spec::WEEKDAYS[day.weekday().num_days_from_monday() as usize] * spec::scenario(of_day(day, holidays)).5
            })
            .collect();
        let first = day(2025, month, 1).ordinal0() as usize;
        let ours = &by_day[first..first + weights.len()];
        let expected = split(&weights, spec::MONTHS[month as usize - 1]);
        let sum: f64 = weights.iter().sum();
        for (at, (&ours, &expected)) in ours.iter().zip(&expected).enumerate() {
            let exact = weights[at] / sum * spec::MONTHS[month as usize - 1] as f64;
            assert!((ours as f64 - exact).abs() < 1.0, "{month}-{}: {ours} for {exact}", at + 1);
            assert_eq!(ours, expected, "{month}-{}", at + 1);
        }
    }
}

#[test]
fn hours_follow_the_table_and_seconds_are_even() {
    let orders = &year_2025().orders;
    let seen = tally(24, orders.iter().map(|order| order.created_at.business_hour()));
    assert_fits("hours", &seen, &spec::HOURS);
    let mut shifted = spec::HOURS;
    shifted.rotate_right(1);
    assert_refuses("hours", &seen, &shifted);
    let seconds = tally(60, orders.iter().map(|order| order.created_at.secs().rem_euclid(60) as usize));
    assert_fits("seconds", &seconds, &[1.0; 60]);
    let minutes = tally(60, orders.iter().map(|order| (order.created_at.secs().rem_euclid(3600) / 60) as usize));
    assert_fits("minutes", &minutes, &[1.0; 60]);
    assert!(orders.iter().all(|order| order.created_at.micros() % 1_000_000 == 0));
}

#[test]
fn weekend_days_have_more_orders_than_fridays_and_those_more_than_other_weekdays() {
    let mean = |of: &[Weekday]| {
        let orders = year_2025().orders.iter().filter(|o| of.contains(&o.created_at.business_day().weekday())).count();
        orders as f64 / of.len() as f64
    };
    let week = mean(&[Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu]);
    let (friday, weekend) = (mean(&[Weekday::Fri]), mean(&[Weekday::Sat, Weekday::Sun]));
    assert!(week < friday && friday < weekend, "{week} {friday} {weekend}");
}
