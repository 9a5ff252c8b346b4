//! The shape that an analyst expects of the year.

use chrono::{Datelike, NaiveDate};
use shopstream::domain::Grade;
use shopstream::generator::calendar::Anchor;

use crate::calendar::of_day;
use crate::shop::{day, year_2025};
use crate::spec;
use crate::stats::tally;

fn scenario_of(day: NaiveDate) -> &'static str {
    of_day(day, [Anchor::Seollal, Anchor::Chuseok].map(|anchor| anchor.day(2025).unwrap()))
}

fn by_day() -> Vec<(NaiveDate, u64)> {
    let counts = tally(365, year_2025().orders.iter().map(|order| order.created_at.business_day().ordinal0() as usize));
    day(2025, 1, 1).iter_days().zip(counts).collect()
}

#[test]
fn every_grade_is_populated_each_less_than_the_one_below() {
    let seen = tally(4, year_2025().customer_ends.iter().map(|end| usize::from(end.grade.code())));
    assert!(seen.is_sorted_by(|a, b| a > b) && seen[3] > 0, "{seen:?}");
    assert_eq!(Grade::ALL.iter().map(|grade| grade.as_str()).collect::<Vec<_>>(), ["BRONZE", "SILVER", "GOLD", "VIP"]);
}

#[test]
fn a_cart_holds_about_three_and_a_half_items() {
    let mean = year_2025().items.len() as f64 / year_2025().orders.len() as f64;
    assert!((3.35..3.7).contains(&mean), "{mean}");
}

#[test]
fn eight_in_the_evening_is_the_daily_peak() {
    let hours = tally(24, year_2025().orders.iter().map(|order| order.created_at.business_hour()));
    let peak = (0..24).max_by_key(|&hour| hours[hour]).unwrap();
    assert_eq!(peak, 20, "{hours:?}");
}

#[test]
fn black_friday_days_are_the_yearly_peak_and_twice_novembers_median_day() {
    let by_day = by_day();
    let mut november: Vec<u64> =
        by_day.iter().filter(|(day, _)| day.month() == 11).map(|(_, orders)| *orders).collect();
    november.sort_unstable();
    let median = (november[14] + november[15]) as f64 / 2.0;
    let peak = by_day.iter().max_by_key(|(_, orders)| *orders).unwrap();
    assert_eq!(scenario_of(peak.0), "black-friday", "{peak:?}");
    let in_november = |(day, _): &&(NaiveDate, u64)| scenario_of(*day) == "black-friday" && day.month() == 11;
    let days: Vec<u64> = by_day.iter().filter(in_november).map(|(_, orders)| *orders).collect();
    assert_eq!(days.len(), 7);
    assert!(days.iter().all(|&orders| orders as f64 >= 2.0 * median), "{days:?} against a median of {median}");
    let others = by_day.iter().filter(|(day, _)| scenario_of(*day) != "black-friday").map(|(_, orders)| *orders);
    let busiest_other = others.max().unwrap();
    assert!(days.iter().max().unwrap() > &busiest_other, "{days:?} and {busiest_other} on another day");
}

#[test]
fn health_food_sells_visibly_more_in_the_weeks_before_seollal_and_chuseok() {
    let health = spec::SHORT.iter().position(|short| *short == "health").unwrap() as u8;
    // For gift weeks and others: items of health food, and all.
    let mut seen = [[0u64; 2]; 2];
    for (order, lines) in year_2025().carts() {
        let gifts = usize::from(scenario_of(order.created_at.business_day()) == "holiday-gifts");
        seen[gifts][1] += lines.len() as u64;
        seen[gifts][0] += lines.iter().filter(|line| line.category == health).count() as u64;
    }
    let share = |gifts: usize| seen[gifts][0] as f64 / seen[gifts][1] as f64;
    println!("health food: {:.1} % in gift weeks, {:.1} % else", 100.0 * share(1), 100.0 * share(0));
    assert!(share(1) > 2.0 * share(0), "{} and {}", share(1), share(0));
}

#[test]
fn each_scenario_in_force_reaches_some_orders_and_the_ordinary_goes_on() {
    let mut followed = tally(21, year_2025().orders.iter().map(|order| usize::from(order.scenario)));
    let baseline = followed.remove(0);
    assert!(followed.iter().all(|&orders| orders > 0), "{followed:?}");
    assert!(baseline > 20_000, "{baseline}");
    // Every day carries ordinary orders to compare with.
    let mut ordinary = [false; 365];
    for order in year_2025().orders.iter().filter(|order| order.scenario == 0) {
        ordinary[order.created_at.business_day().ordinal0() as usize] = true;
    }
    assert!(ordinary.iter().all(|day| *day));
}
