//! Customers: each attribute's distribution, ages and sign-ups.

use std::sync::OnceLock;

use shopstream::domain::age::age_on;
use shopstream::domain::date::date_of_epoch_days;
use shopstream::domain::rows::User;
use shopstream::domain::{CustomerStatus, Grade, Timestamp};
use shopstream::generator::customers::Customer;

use crate::shop::{day, midnight, world};
use crate::spec;
use crate::stats::{assert_fits, assert_refuses, assert_same_distribution, tally, uniform};

const COUNT: u32 = 50_000;

fn as_of() -> chrono::NaiveDate {
    day(2026, 1, 1)
}

fn customers() -> &'static [Customer] {
    static ALL: OnceLock<Vec<Customer>> = OnceLock::new();
    ALL.get_or_init(|| (0..COUNT).map(|index| world().customer_sampler.customer(7, index, as_of())).collect())
}

pub fn users() -> &'static [User] {
    static ALL: OnceLock<Vec<User>> = OnceLock::new();
    ALL.get_or_init(|| customers().iter().map(|customer| world().user_row(7, customer)).collect())
}

#[test]
fn genders_are_55_to_45() {
    let seen = tally(2, users().iter().map(|u| spec::GENDERS.iter().position(|g| *g == u.gender.as_str()).unwrap()));
    assert_fits("gender", &seen, &spec::GENDER);
    assert_refuses("gender", &seen, &[50.0, 50.0]);
    assert_refuses("gender", &seen, &[45.0, 55.0]);
}

#[test]
fn age_groups_on_as_of_follow_the_table() {
    let ages: Vec<i32> = users().iter().map(|user| age_on(as_of(), user.birth_date)).collect();
    let group = |age: i32| spec::AGE_YEARS.iter().position(|&(low, high)| (low..=high).contains(&age));
    let seen = tally(5, ages.iter().map(|&age| group(age).unwrap_or_else(|| panic!("somebody is {age}"))));
    assert_fits("age group", &seen, &spec::AGE);
    assert_refuses("age group", &seen, &[10.0, 26.0, 28.0, 22.0, 14.0]);
    for (customer, age) in customers().iter().zip(ages) {
        assert_eq!(customer.age_group(as_of()).as_str(), spec::AGES[group(age).unwrap()]);
    }
}

#[test]
fn regions_follow_the_table_under_their_korean_names() {
    let names = &world().names.regions;
    let seen = tally(
        13,
        users().iter().map(|user| {
            let name = &names[usize::from(user.region)];
            spec::REGIONS.iter().position(|(known, _, _)| known == name).unwrap()
        }),
    );
    let weights = spec::REGIONS.map(|(_, weight, _)| weight);
    assert_fits("region", &seen, &weights);
    let mut swapped = weights;
    swapped.swap(1, 3);
    assert_refuses("region", &seen, &swapped);
}

#[test]
fn status_and_marketing_follow_the_table_and_everybody_starts_bronze() {
    let status = tally(2, users().iter().map(|user| usize::from(user.status == CustomerStatus::Dormant)));
    assert_fits("status", &status, &spec::STATUS);
    assert_refuses("status", &status, &[82.0, 18.0]);
    let marketing = tally(2, users().iter().map(|user| usize::from(user.marketing_agree)));
    assert_fits("marketing", &marketing, &[50.0, 50.0]);
    assert_refuses("marketing", &marketing, &[52.0, 48.0]);
    assert!(users().iter().all(|user| user.grade == Grade::Bronze && user.last_ordered_at.is_none()));
}

#[test]
fn attributes_of_a_customer_are_independent_of_each_other() {
    // A stream that were used twice would tie two attributes together.
    let pair =
        |user: &User| usize::from(user.marketing_agree) + 2 * usize::from(user.status == CustomerStatus::Dormant);
    assert_fits("marketing × status", &tally(4, users().iter().map(pair)), &[40.0, 40.0, 10.0, 10.0]);
    let pair = |user: &User| usize::from(user.gender.code()) + 2 * usize::from(user.random_seed >= 0.5);
    assert_fits("gender × random_seed", &tally(4, users().iter().map(pair)), &[55.0, 45.0, 55.0, 45.0]);
}

#[test]
fn random_seeds_are_uniform() {
    let seeds: Vec<f64> = users().iter().map(|user| user.random_seed).collect();
    assert!(seeds.iter().all(|seed| (0.0..1.0).contains(seed)));
    assert_same_distribution("random_seed", seeds, uniform(0.0, 1.0, 100_000));
}

#[test]
fn sign_ups_lie_in_the_five_years_before_as_of_and_become_denser() {
    let first = midnight(day(2021, 1, 1));
    let end = midnight(as_of());
    let mut by_year = [0u32; 5];
    for user in users() {
        assert!(user.created_at >= first && user.created_at < end, "{:?}", user.created_at.to_utc());
        assert!(user.last_login_at >= user.created_at && user.last_login_at < end);
        by_year[(user.created_at.business_day().format("%Y").to_string().parse::<usize>().unwrap()) - 2021] += 1;
    }
    assert!(by_year.is_sorted_by(|a, b| a < b), "{by_year:?}");
    assert!(by_year[4] > 2 * by_year[0], "{by_year:?}");
}

#[test]
fn nobody_signs_up_before_their_fourteenth_birthday_whatever_the_as_of() {
    for as_of in [day(2026, 1, 1), day(2024, 2, 29), day(2025, 3, 1), day(2000, 12, 31), day(2100, 6, 15)] {
        let mut youngest = i32::MAX;
        for index in 0..20_000 {
            let customer = world().customer_sampler.customer(3, index, as_of);
            let created = Timestamp::from_secs(customer.created.into());
            let age = age_on(created.business_day(), date_of_epoch_days(customer.birth));
            assert!(age >= 14, "customer {index} as of {as_of} signed up at {age}");
            assert!(created < midnight(as_of));
            youngest = youngest.min(age);
        }
        assert_eq!(youngest, 14, "somebody signs up as soon as allowed, as of {as_of}");
    }
}

#[test]
fn ids_are_version_7_uuids_of_the_sign_up() {
    for user in users().iter().take(1_000) {
        assert_eq!(user.id.get_version_num(), 7);
        assert_eq!((user.id.as_u128() >> 80) as i64, user.created_at.micros() / 1_000);
    }
}
