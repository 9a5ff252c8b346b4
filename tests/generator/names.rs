//! Names, mail and street addresses of customers.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::Datelike;
use shopstream::backfill::request::{Request, Sizes};
use shopstream::domain::Gender;

use crate::customers::users;
use crate::shop::{day, world};
use crate::spec;
use crate::stats::{assert_fits, assert_refuses, tally};

#[test]
fn family_names_come_up_with_their_real_frequency() {
    let family = |name: &str| spec::FAMILIES.iter().position(|(family, _)| name.starts_with(family)).unwrap_or(10);
    let seen = tally(11, users().iter().map(|user| family(&user.name)));
    let mut weights: Vec<f64> = spec::FAMILIES.iter().map(|(_, weight)| *weight).collect();
    weights.push(100.0 - weights.iter().sum::<f64>());
    assert_fits("family names", &seen, &weights);
    weights.swap(0, 1);
    assert_refuses("family names", &seen, &weights);
}

#[test]
fn given_names_fit_gender_and_generation() {
    // The commonest given names (two syllables after a family name of one) of each gender and of two generations.
    let commonest = |gender: Gender, born: std::ops::Range<i32>| -> BTreeSet<String> {
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        for user in users() {
            if user.gender == gender && born.contains(&user.birth_date.year()) && user.name.chars().count() == 3 {
                *seen.entry(user.name.chars().skip(1).collect()).or_default() += 1;
            }
        }
        let mut names: Vec<(u32, String)> = seen.into_iter().map(|(name, count)| (count, name)).collect();
        names.sort_unstable_by(|a, b| b.cmp(a));
        assert!(names.len() >= 20, "only {} names", names.len());
        names.into_iter().take(20).map(|(_, name)| name).collect()
    };
    for born in [1952..1966, 1986..1996, 2003..2012] {
        let (female, male) = (commonest(Gender::Female, born.clone()), commonest(Gender::Male, born));
        assert!(female.intersection(&male).count() <= 2, "{female:?} and {male:?}");
    }
    for gender in [Gender::Female, Gender::Male] {
        let (old, young) = (commonest(gender, 1952..1966), commonest(gender, 2003..2012));
        assert!(old.intersection(&young).count() <= 4, "{old:?} and {young:?}");
    }
}

#[test]
fn addresses_lie_in_the_customers_region_and_name_district_road_and_building() {
    let mut provinces = BTreeSet::new();
    for user in users() {
        let region = &world().names.regions[usize::from(user.region)];
        let (_, _, allowed) = spec::REGIONS.iter().find(|(name, _, _)| name == region).unwrap();
        let mut words = user.address.split(' ');
        let province = words.next().unwrap();
        assert!(allowed.contains(&province), "{} is not in {region}", user.address);
        provinces.insert(province);
        let plain = user.address.split(',').next().unwrap();
        let mut from_end = plain.rsplit(' ');
        let building = from_end.next().unwrap();
        assert!(building.split('-').all(|number| number.parse::<u32>().is_ok_and(|n| n > 0)), "{}", user.address);
        let road = from_end.next().unwrap();
        assert!(road.ends_with('로') || road.ends_with('길'), "{}", user.address);
        assert!(plain.split(' ').count() >= 3, "{}", user.address);
    }
    assert_eq!(provinces.len(), 17, "every province and metropolitan city of Korea");
}

#[test]
fn mail_addresses_never_name_a_real_mailbox() {
    let mut domains = BTreeSet::new();
    for user in users() {
        let (mailbox, domain) = user.email.split_once('@').unwrap();
        assert!(mailbox.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.'), "{}", user.email);
        domains.insert(domain);
    }
    assert_eq!(domains, BTreeSet::from(["example.com", "example.net", "example.org"]));
}

#[test]
fn ids_and_mail_addresses_are_unique_across_seeds_and_shards() {
    let (mut ids, mut mails) = (HashSet::new(), HashSet::new());
    let shard = |text: &str| {
        let request = Request::new(2025, 42, Sizes::default()).unwrap();
        Request { shard: Some(text.parse().unwrap()), ..request }.row_seed()
    };
    for seed in [1, 2, 42, u64::MAX, shard("1/3"), shard("2/3"), shard("3/3")] {
        for index in 0..10_000 {
            let customer = world().customer_sampler.customer(seed, index, day(2026, 1, 1));
            let user = world().user_row(seed, &customer);
            assert!(ids.insert(user.id), "{}", user.id);
            assert!(mails.insert(user.email.clone()), "{}", user.email);
        }
    }
}

#[test]
fn the_same_seed_makes_the_same_customer_again() {
    let make = |index| world().user_row(9, &world().customer_sampler.customer(9, index, day(2026, 1, 1)));
    for index in [0, 1, 77, 9_999, 2_000_000] {
        assert_eq!(make(index), make(index));
    }
    assert_ne!(make(0).id, make(1).id);
}
