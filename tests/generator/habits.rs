//! Habits: their distributions, the table of who comes back, and the visits' share of a day.

use std::collections::{HashMap, HashSet};

use chrono::Datelike;
use rand_distr::{Beta, Normal};
use shopstream::domain::Grade;
use shopstream::domain::date::DAY_SECS;
use shopstream::generator::habits::Habit;
use shopstream::generator::rng::{Purpose, Stream};
use shopstream::generator::year::{Batch, Year};

use crate::shop::{Made, params, population, world, year_2025, year_2025_without_habits};
use crate::stats::{assert_fits, assert_other_distribution, assert_refuses, assert_same_distribution, reference};

fn habits() -> Vec<Habit> {
    let customers = population(2025, 4, 30_000, 0).customers;
    customers.iter().map(|customer| Habit::of(customer.id, &world().demand.habits)).collect()
}

#[test]
fn loyalty_is_beta_0_8_1_2_and_at_most_0_97() {
    let ours: Vec<f64> = habits().iter().map(|habit| habit.loyalty).collect();
    assert!(ours.iter().all(|loyalty| (0.0..=0.97).contains(loyalty)));
    let beta = |a, b| reference(3, 100_000, Beta::new(a, b).unwrap()).into_iter().map(|l: f64| l.min(0.97)).collect();
    assert_same_distribution("loyalty", ours.clone(), beta(0.8, 1.2));
    assert_other_distribution("loyalty", ours, beta(0.8, 1.3));
}

#[test]
fn rhythms_spread_around_12_days_and_loyal_customers_come_sooner() {
    let habits = habits();
    assert!(habits.iter().all(|habit| (2.5..=90.0).contains(&habit.rhythm_days)));
    // The noise that is left once loyalty's pull is taken out, and what the formula makes of such noise.
    let pull = |habit: &Habit, by: f64| by * (habit.loyalty - 0.4);
    let formula = |spread: f64, by: f64| -> Vec<f64> {
        let noise = reference(5, habits.len(), Normal::new(0.0, spread).unwrap());
        let days = habits.iter().zip(noise).map(|(habit, noise)| 12.0 * (noise - pull(habit, by)).exp());
        days.map(|days| days.clamp(2.5, 90.0)).collect()
    };
    let ours: Vec<f64> = habits.iter().map(|habit| habit.rhythm_days).collect();
    assert_same_distribution("rhythm", ours.clone(), formula(0.6, 1.5));
    assert_other_distribution("rhythm", ours.clone(), formula(0.7, 1.5));
    assert_other_distribution("rhythm", ours, formula(0.6, 0.9));
    let mean = |loyal: bool| {
        let of: Vec<f64> = habits.iter().filter(|h| (h.loyalty > 0.6) == loyal).map(|h| h.rhythm_days).collect();
        of.iter().sum::<f64>() / of.len() as f64
    };
    assert!(mean(true) < 0.7 * mean(false), "{} {}", mean(true), mean(false));
}

#[test]
fn the_next_visit_comes_with_the_loyaltys_probability_after_the_rhythm() {
    let stream = &mut Stream::new(1, Purpose::Order, 5);
    let habit = Habit { loyalty: 0.7, rhythm_days: 10.0 };
    let next: Vec<Option<u32>> = (0..50_000).map(|_| habit.next_visit(&world().demand.habits, stream)).collect();
    let came = next.iter().flatten().count() as u64;
    assert_fits("coming back", &[came, 50_000 - came], &[0.7, 0.3]);
    assert_refuses("coming back", &[came, 50_000 - came], &[0.69, 0.31]);
    let logs = next.iter().flatten().map(|&after| (f64::from(after) / DAY_SECS as f64 / 10.0).ln());
    let logs: Vec<f64> = logs.collect();
    assert_same_distribution("gap", logs.clone(), reference(6, 100_000, Normal::new(0.0, 0.5).unwrap()));
    assert_other_distribution("gap", logs, reference(6, 100_000, Normal::new(0.0, 0.47).unwrap()));
}

/// A measured row of the table of habits, in the order of the specification.
fn measure(made: &Made) -> Vec<(&'static str, f64)> {
    let customers = made.customer_ends.len() as f64;
    let grade = |grade| made.customer_ends.iter().filter(|end| end.grade == grade).count() as f64 / customers * 100.0;
    let mut times: HashMap<uuid::Uuid, Vec<i64>> = HashMap::new();
    for order in &made.orders {
        times.entry(order.user_id).or_default().push(order.created_at.secs());
    }
    let mut counts: Vec<usize> = times.values().map(Vec::len).collect();
    counts.sort_unstable();
    let quantile = |q: f64| counts[(q * (counts.len() - 1) as f64) as usize] as f64;
    let busiest: usize = counts.iter().rev().take(counts.len() / 10).sum();
    let gaps: Vec<i64> = times.values().flat_map(|times| times.windows(2).map(|pair| pair[1] - pair[0])).collect();
    let within =
        |days: i64| gaps.iter().filter(|gap| **gap <= days * DAY_SECS).count() as f64 / gaps.len() as f64 * 100.0;
    vec![
        ("BRONZE %", grade(Grade::Bronze)),
        ("SILVER %", grade(Grade::Silver)),
        ("GOLD %", grade(Grade::Gold)),
        ("VIP %", grade(Grade::Vip)),
        ("orders a buyer, median", quantile(0.5)),
        ("orders a buyer, p90", quantile(0.9)),
        ("orders a buyer, p99", quantile(0.99)),
        ("orders a buyer, most", quantile(1.0)),
        ("busiest tenth's share %", busiest as f64 / made.orders.len() as f64 * 100.0),
        ("gaps within 1 day %", within(1)),
        ("gaps within 7 days %", within(7)),
        ("gaps within 30 days %", within(30)),
        ("gaps within 60 days %", within(60)),
        ("items a cart", made.items.len() as f64 / made.orders.len() as f64),
    ]
}

const WITH_HABITS: [f64; 14] = [84.1, 13.6, 2.0, 0.34, 3.0, 12.0, 38.0, 130.0, 40.0, 4.0, 42.0, 72.0, 80.0, 3.54];
const WITHOUT: [f64; 14] = [96.8, 3.2, 0.0, 0.0, 5.0, 8.0, 12.0, 16.0, 19.0, 10.0, 11.0, 19.0, 48.0, 3.72];

/// The figures outside of a third of the specification's (VIP: a half; what it gives as 0: a twentieth of a per cent).
fn misses(measured: &[(&str, f64)], table: &[f64; 14]) -> Vec<String> {
    let fits = |(what, ours): &(&str, f64), theirs: f64| {
        let band = if *what == "VIP %" { 0.5 } else { 1.0 / 3.0 };
        (ours - theirs).abs() <= if theirs == 0.0 { 0.05 } else { band * theirs }
    };
    let wrong = measured.iter().zip(table).filter(|(ours, theirs)| !fits(ours, **theirs));
    wrong.map(|((what, ours), theirs)| format!("{what}: {ours:.2} for {theirs}")).collect()
}

#[test]
fn the_table_of_habits_holds_within_a_third_and_vip_within_a_half() {
    let (on, off) = (measure(year_2025()), measure(year_2025_without_habits()));
    for ((row, on), off) in on.iter().zip(&WITH_HABITS).zip(off.iter().zip(&WITHOUT)) {
        println!("{:24} {:7.2} for {on:6}   off {:7.2} for {:6}", row.0, row.1, off.0.1, off.1);
    }
    assert_eq!(misses(&on, &WITH_HABITS), Vec::<String>::new(), "with habits");
    // One figure misses its band, with every seed tried (4.7–5.2 %): buyers drawn as the specification says repeat a
    // little more than in its trial, and SILVER stands at the tail. It is named here rather than given a wider band.
    assert_eq!(misses(&off, &WITHOUT), ["SILVER %: 4.70 for 3.2"], "without");
    // The bands tell the two apart.
    assert!(misses(&on, &WITHOUT).len() >= 8);
    assert!(misses(&off, &WITH_HABITS).len() >= 8);
}

#[test]
fn the_table_of_habits_is_no_matter_of_the_seed() {
    // A single year's VIPs and busiest customer are a few people; the mean of eight years is the generator's own.
    let seeds = 1..=8;
    let years: Vec<_> = seeds
        .map(|seed| Made::new(population(2025, seed, 10_000, 20_000), params(2025, 50_000, seed, true)))
        .map(|made| measure(&made))
        .collect();
    let mean = |row: usize| years.iter().map(|year| year[row].1).sum::<f64>() / years.len() as f64;
    let means: Vec<_> = (0..WITH_HABITS.len()).map(|row| (years[0][row].0, mean(row))).collect();
    println!("{means:?}");
    assert_eq!(misses(&means, &WITH_HABITS), Vec::<String>::new());
}

/// Orders of each day, and those of them whose buyer is not in the pool: these can only be visits.
fn outside_of_the_pool(habits: bool) -> Vec<(usize, usize)> {
    let population = population(2025, 42, 10_000, 20_000);
    let mut year = Year::new(world(), &population, params(2025, 20_000, 42, habits));
    let mut batch = Batch::default();
    let mut days = Vec::new();
    while year.next(&mut batch) {
        let pool: HashSet<_> = year.pools().0.into_iter().map(|at| population.customers[at as usize].id).collect();
        let mut outside = 0;
        for (placed, order) in (1..).zip(&batch.orders) {
            outside += usize::from(!pool.contains(&order.user_id));
            // Visits have had no more than their share at any moment of the day.
            assert!(outside * 10 <= placed * 6, "{outside} of the first {placed}");
        }
        days.push((batch.orders.len(), outside));
    }
    days
}

#[test]
fn visits_serve_at_most_six_in_ten_orders_of_a_day() {
    let days = outside_of_the_pool(true);
    assert_eq!(days.len(), 365);
    let late = &days[300..];
    let (orders, outside) = late.iter().fold((0, 0), |sum, day| (sum.0 + day.0, sum.1 + day.1));
    // The limit is reached, so it is the limit that holds them back.
    assert!(outside as f64 > 0.5 * orders as f64, "{outside} of {orders}");
    assert!(late.iter().any(|(orders, outside)| *outside == orders * 6 / 10));
}

#[test]
fn without_habits_all_buyers_come_from_the_pool() {
    assert!(outside_of_the_pool(false).iter().all(|(_, outside)| *outside == 0));
}

#[test]
fn in_the_first_days_nobody_is_waited_for() {
    let first = |made: &Made| -> Vec<_> {
        made.orders.iter().take_while(|order| order.created_at.business_day().ordinal() == 1).copied().collect()
    };
    // The year starts without waiting visits: the first order is the same with habits and without.
    assert_eq!(first(year_2025())[0].user_id, first(year_2025_without_habits())[0].user_id);
}
