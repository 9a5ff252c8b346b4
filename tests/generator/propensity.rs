//! The draw of a buyer is weighted by propensity: score × hour × the scenario's gender and age weights.

use std::sync::OnceLock;

use shopstream::domain::{AgeGroup, CustomerStatus, Grade};
use shopstream::generator::pool::{Buyer, BuyerPool};
use shopstream::generator::rng::{Purpose, Stream};

use crate::shop::{day, population, world};
use crate::spec;
use crate::stats::{ChiSquare, assert_fits, assert_p, assert_refuses, tally};

const MEMBERS: usize = 1_000;
const DRAWS: usize = 200_000;

/// A pool, and the score of each member by the specification: (age + gender + status + marketing + grade) × marketing
/// boost × life event.
fn pool() -> &'static (BuyerPool, Vec<f64>) {
    static POOL: OnceLock<(BuyerPool, Vec<f64>)> = OnceLock::new();
    POOL.get_or_init(|| {
        let customers = population(2025, 8, MEMBERS as u32, 0).customers;
        let mut scores = Vec::new();
        let members = customers.iter().enumerate().map(|(at, customer)| {
            let grade = Grade::ALL[at % 4];
            let age_group = customer.age_group(day(2026, 1, 1));
            let mood = world().mood(8, 3, customer.id, customer.marketing);
            let age = spec::AGES.iter().position(|name| *name == age_group.as_str()).unwrap();
            let points = spec::POINTS_AGE[age]
                + spec::POINTS_GENDER[usize::from(customer.gender.as_str() == "M")]
                + spec::POINTS_STATUS[usize::from(customer.status == CustomerStatus::Dormant)]
                + (if customer.marketing { 15.0 } else { 8.0 })
                + spec::POINTS_GRADE[at % 4];
            scores.push(points * mood.boost * spec::LIFE_FACTORS[usize::from(mood.life_event)]);
            let points = world().points(age_group, customer.gender, customer.status, customer.marketing, grade);
            Buyer { key: at as u32, gender: customer.gender, age_group, points, mood }
        });
        let mut pool = BuyerPool::default();
        pool.refill(world(), members);
        (pool, scores)
    })
}

/// The factors besides the score.
fn situation(buyer: &Buyer, scenario: &spec::Scenario, hour: usize) -> f64 {
    let age = spec::AGES.iter().position(|name| *name == buyer.age_group.as_str()).unwrap();
    let gender = spec::GENDERS.iter().position(|name| *name == buyer.gender.as_str()).unwrap();
    spec::HOUR_FACTORS[age][hour] * (scenario.1[gender] / 50.0) * (scenario.2[age] / 20.0)
}

fn draws(scenario: &str, hour: usize) -> Vec<u64> {
    let position = world().scenarios.position(scenario).unwrap();
    let stream = &mut Stream::new(u64::from(position), Purpose::Day, hour as u64);
    let draw = |_| pool().0.draw(&world().class_factors, position, hour, stream).unwrap().key as usize;
    tally(MEMBERS, (0..DRAWS).map(draw))
}

#[test]
fn every_hours_factor_is_the_tables() {
    for (age, factors) in AgeGroup::ALL.iter().zip(spec::HOUR_FACTORS) {
        for (hour, factor) in factors.into_iter().enumerate() {
            let ours = world().customers.propensity.hour_factor(*age, hour);
            assert!((ours - factor).abs() < 1e-12, "{age} at {hour}: {ours} for {factor}");
        }
    }
}

#[test]
fn buyers_are_drawn_in_proportion_to_their_propensity() {
    let (pool, scores) = pool();
    assert_eq!(pool.members().len(), MEMBERS);
    let moments = [
        ("baseline", 20),
        ("baseline", 3),
        ("womens-rush", 10),
        ("gaming-launch", 22),
        ("parents-health", 12),
        ("mz-trend", 0),
        ("late-night", 2),
        ("golf", 8),
    ];
    for (id, hour) in moments {
        let seen = draws(id, hour);
        let scenario = spec::scenario(id);
        let weigh = |with_score: bool, scenario: &spec::Scenario, hour: usize| -> Vec<f64> {
            let members = pool.members().iter().zip(scores);
            members
                .map(|(buyer, score)| situation(buyer, scenario, hour) * if with_score { *score } else { 1.0 })
                .collect()
        };
        let what = format!("{id} at {hour}");
        assert_fits(&what, &seen, &weigh(true, scenario, hour));
        // Negative controls: the draws are told from uniform ones, from ones that ignore the score (as the system this
        // one follows did), the scenario, or the hour.
        assert_refuses(&what, &seen, &[1.0; MEMBERS]);
        assert_refuses(&what, &seen, &weigh(false, scenario, hour));
        assert_refuses(&what, &seen, &weigh(true, spec::scenario("childcare"), hour));
        assert_refuses(&what, &seen, &weigh(true, scenario, (hour + 9) % 24));
    }
}

#[test]
fn a_grade_raises_the_propensity() {
    let customer = population(2025, 8, 1, 0).customers[0];
    let age = customer.age_group(day(2026, 1, 1));
    let points = |grade| world().points(age, customer.gender, customer.status, true, grade);
    let steps: Vec<f64> = Grade::ALL.iter().map(|&grade| points(grade) - points(Grade::Bronze)).collect();
    assert_eq!(steps, [0.0, 5.0, 10.0, 15.0]);
}

#[test]
fn life_events_are_85_12_3_and_a_fifth_of_those_who_agreed_are_boosted() {
    let customers = population(2025, 8, 20_000, 0).customers;
    let mut fit = ChiSquare::default();
    for refresh in 0..4 {
        let moods: Vec<_> =
            customers.iter().map(|customer| world().mood(8, refresh, customer.id, customer.marketing)).collect();
        let events = tally(3, moods.iter().map(|mood| usize::from(mood.life_event)));
        assert_fits("life events", &events, &spec::LIFE_EVENTS);
        assert_refuses("life events", &events, &[86.0, 11.0, 3.0]);
        let agreed = || customers.iter().zip(&moods).filter(|(customer, _)| customer.marketing);
        let boosts = tally(2, agreed().map(|(_, mood)| usize::from(mood.boost == 1.0)));
        assert_fits("boost", &boosts, &[20.0, 80.0]);
        assert_refuses("boost", &boosts, &[22.0, 78.0]);
        assert!(moods.iter().all(|mood| mood.boost == 1.0 || mood.boost == 1.3));
        assert!(customers.iter().zip(&moods).all(|(customer, mood)| customer.marketing || mood.boost == 1.0));
        // The two are drawn independently of each other.
        let both = |mood: &shopstream::generator::pool::Mood| {
            usize::from(mood.life_event) + 3 * usize::from(mood.boost == 1.0)
        };
        let joint = tally(6, agreed().map(|(_, mood)| both(mood)));
        fit = fit.and(ChiSquare::of(&joint, &[17.0, 2.4, 0.6, 68.0, 9.6, 2.4]));
    }
    assert_p("boost × life event", fit);
}

#[test]
fn moods_change_from_refresh_to_refresh() {
    let customers = population(2025, 8, 20_000, 0).customers;
    let mut seen = vec![0; 9];
    for customer in &customers {
        let event = |refresh| usize::from(world().mood(8, refresh, customer.id, true).life_event);
        seen[event(10) + 3 * event(11)] += 1;
    }
    let shares = spec::LIFE_EVENTS.map(|share| share / 100.0);
    let weights: Vec<f64> = (0..9).map(|at| shares[at % 3] * shares[at / 3]).collect();
    assert_fits("two refreshes", &seen, &weights);
}
