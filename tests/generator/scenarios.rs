//! The scenarios' table, and which scenario an order follows.

use shopstream::generator::rng::{Purpose, Stream};

use crate::shop::{world, year_2025};
use crate::spec;
use crate::stats::{ChiSquare, assert_fits, assert_p, assert_refuses};

#[test]
fn all_scenarios_equal_the_specification() {
    let ours = &world().scenarios.all;
    assert_eq!(ours.len(), 21, "20 and the baseline");
    for (scenario, spec) in ours.iter().zip(&spec::SCENARIOS) {
        assert_eq!(scenario.id, spec.0);
        assert_eq!(scenario.gender, spec.1, "{}", spec.0);
        assert_eq!(scenario.ages, spec.2, "{}", spec.0);
        assert_eq!(scenario.quantity_weights, spec.4, "{}", spec.0);
        assert_eq!(scenario.demand, spec.5, "{}", spec.0);
        if spec.0 != "baseline" {
            assert_eq!(scenario.reach, spec.reach(), "{}", spec.0);
        }
        let named = spec::SHORT.map(|short| spec.3.iter().any(|(name, _)| *name == short));
        assert_eq!(scenario.named, named, "{}", spec.0);
        assert!(!scenario.what.is_empty());
    }
}

#[test]
fn categories_without_a_name_share_the_rest_of_100_and_get_half_a_point_at_least() {
    for (scenario, spec) in world().scenarios.all.iter().zip(&spec::SCENARIOS) {
        for (at, weight) in spec.category_weights().into_iter().enumerate() {
            assert!((scenario.categories[at] - weight).abs() < 1e-9, "{} in {}", spec::SHORT[at], spec.0);
        }
    }
    // Figures worked out by hand: what is left, shared; and the least.
    let unnamed = |id: &str, short: &str| {
        let at = spec::SHORT.iter().position(|known| *known == short).unwrap();
        world().scenarios.all[usize::from(world().scenarios.position(id).unwrap())].categories[at]
    };
    assert_eq!(unnamed("baseline", "golf"), 2.0);
    assert!((unnamed("gaming-launch", "golf") - 45.0 / 16.0).abs() < 1e-12);
    assert_eq!(unnamed("travel", "golf"), 0.5, "2 points for 14 categories would be too few");
    assert!((unnamed("year-end-bulk", "golf") - 100.0 / 19.0).abs() < 1e-12);
}

/// The time of day's scenario, by the specification.
fn of_hour(hour: usize) -> Option<&'static str> {
    match hour {
        21..=23 => Some("dawn-delivery"),
        0..=5 => Some("late-night"),
        _ => None,
    }
}

#[test]
fn orders_follow_the_calendar_else_the_time_of_day_else_the_baseline_with_their_reach() {
    let stream = &mut Stream::new(4, Purpose::Order, 0);
    let id = |position: u8| spec::SCENARIOS[usize::from(position)].0;
    for (position, calendar) in (0..).zip(&spec::SCENARIOS) {
        for hour in [2, 12, 20, 21, 23, 0, 5, 6] {
            let mut seen = vec![0; 21];
            for _ in 0..10_000 {
                seen[usize::from(world().scenarios.choose(position, hour, stream))] += 1;
            }
            let reach = if calendar.0 == "baseline" { 0.0 } else { calendar.reach() };
            let mut weights = vec![0.0; 21];
            weights[usize::from(position)] += reach;
            for (at, weight) in weights.iter_mut().enumerate() {
                *weight += (1.0 - reach)
                    * match of_hour(hour) {
                        Some(of_hour) if id(at as u8) == of_hour || at == 0 => 0.5,
                        None if at == 0 => 1.0,
                        _ => 0.0,
                    };
            }
            assert_fits(&format!("{} at {hour}", calendar.0), &seen, &weights);
        }
    }
}

#[test]
fn the_years_orders_follow_scenarios_with_their_reach() {
    let calendar = world().scenarios.calendar(2025);
    let (mut fit, mut without) = (ChiSquare::default(), ChiSquare::default());
    // For each calendar scenario by daylight: those that followed it, and the others.
    for (position, scenario) in spec::SCENARIOS.iter().enumerate().skip(1) {
        let mut seen = [0, 0];
        for order in &year_2025().orders {
            let day = chrono::Datelike::ordinal0(&order.created_at.business_day()) as usize;
            if usize::from(calendar[day]) == position && of_hour(order.created_at.business_hour()).is_none() {
                assert!(order.scenario == 0 || usize::from(order.scenario) == position);
                seen[usize::from(order.scenario == 0)] += 1;
            }
        }
        if seen != [0, 0] {
            fit = fit.and(ChiSquare::of(&seen, &[scenario.reach(), 1.0 - scenario.reach()]));
            without = without.and(ChiSquare::of(&seen, &[0.5, 0.5]));
        }
    }
    assert!(fit.degrees >= 16.0, "{fit:?}");
    assert_p("reach", fit);
    assert!(without.p() < 1e-6, "black-friday and holiday-gifts reach further");
    // The evening of ordinary and other days.
    let evening = year_2025().orders.iter().filter(|order| order.created_at.business_hour() >= 21);
    let mut seen = [0, 0];
    for order in evening {
        match spec::SCENARIOS[usize::from(order.scenario)].0 {
            "dawn-delivery" => seen[0] += 1,
            "baseline" => seen[1] += 1,
            _ => {}
        }
    }
    assert_fits("evening", &seen, &[1.0, 1.0]);
    assert_refuses("evening", &seen, &[1.1, 0.9]);
}
