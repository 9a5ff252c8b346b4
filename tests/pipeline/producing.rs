//! What the producer sends: counted, drawn by propensity, and following the scenario switched on by hand.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use shopstream::cache::read;
use shopstream::domain::{AgeGroup, Timestamp};
use shopstream::generator::World;
use shopstream::generator::live::Run;

use crate::shop::Shop;
use crate::stats;
use crate::support::*;

fn orders(shop: &Shop) -> Vec<Value> {
    shop.topics.read_all("orders").iter().map(Received::json).collect()
}

fn created(order: &Value) -> DateTime<Utc> {
    order["created_at"].as_str().unwrap().parse().unwrap()
}

#[test]
fn what_it_says_was_delivered_is_in_the_topics() {
    let shop = Shop::seeded(1_200, 1_200);
    shop.run("cache refresh");
    let said = shop.run(
        "produce --stream all --unthrottled --limit 3_000 --json --inject duplicate=2%,late=2%,poison=2%,orphan=2%",
    );
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["undelivered"], 0);
    assert_eq!(said["sent"], said["delivered"]);
    let delivered = |kind: &str| said["delivered"][kind].as_u64().unwrap();
    assert_eq!(delivered("orders"), 3_000);
    assert_eq!(shop.topics.count("users"), i64::try_from(delivered("users")).unwrap());
    assert_eq!(shop.topics.count("products"), i64::try_from(delivered("products")).unwrap());

    let received = shop.topics.read_all("orders");
    let mut by_kind: HashMap<String, u64> = HashMap::new();
    let mut ids = HashSet::new();
    let mut first: HashMap<String, Vec<u8>> = HashMap::new();
    for message in &received {
        let kind = message.header("x-shopstream-injected").map_or("", |kind| std::str::from_utf8(kind).unwrap());
        *by_kind.entry(kind.to_owned()).or_default() += 1;
        let id = String::from_utf8(message.header("ce_id").unwrap().to_vec()).unwrap();
        match kind {
            "duplicate" => assert_eq!(first[&id], message.payload.clone().unwrap(), "byte for byte"),
            _ => assert!(ids.insert(id.clone()), "{id} twice"),
        }
        if kind != "poison" {
            assert_eq!(message.key_text(), message.json()["user_id"].as_str().unwrap());
            first.insert(id, message.payload.clone().unwrap());
        }
        if kind == "late" {
            let hours = (message.sent_at - created(&message.json()).timestamp_millis()) as f64 / 3.6e6;
            assert!((0.99..=24.01).contains(&hours), "{hours} h");
        }
    }
    let found = |kind: &str| by_kind.get(kind).copied().unwrap_or(0);
    assert_eq!(found("") + found("late"), 3_000);
    for (kind, counted) in [("duplicate", "duplicates"), ("poison", "poison"), ("orphan", "orphans")] {
        assert!(found(kind) > 20, "{by_kind:?}");
        assert_eq!(found(kind), delivered(counted), "{kind}");
    }
    assert_eq!(found("late"), said["late"].as_u64().unwrap());
}

#[test]
fn buyers_are_drawn_by_propensity_hour_and_scenario() {
    let shop = Shop::seeded(3_000, 1_200);
    shop.run("cache refresh");
    shop.run("scenarios activate golf --for 10m");
    shop.run("produce --stream orders --unthrottled --limit 40_000 --habits off --seed 7 --run draws");

    let world = World::new(None, None).unwrap();
    let pools = read::pools(&shop.redis.cache(), &mut shop.redis.connect()).unwrap().unwrap();
    let orders = orders(&shop);
    assert_eq!(orders.len(), 40_000);
    // The scenario is heard of within a moment; what came before follows the calendar.
    let by_hand: Vec<&Value> = orders.iter().filter(|order| order["scenario"] == "golf").collect();
    assert!(by_hand.len() > 30_000, "{}", by_hand.len());
    let golf = &world.scenarios.all[usize::from(world.scenarios.position("golf").unwrap())];
    let seed = Run::new(7, "draws").seed();

    let mut expected: HashMap<&str, f64> = HashMap::new();
    let mut seen: HashMap<&str, u64> = HashMap::new();
    let ids: Vec<String> = pools.customers.iter().map(|customer| customer.id.to_string()).collect();
    let mut by_hour: HashMap<usize, u64> = HashMap::new();
    for order in &by_hand {
        *seen.entry(order["user_id"].as_str().unwrap()).or_default() += 1;
        *by_hour.entry(Timestamp::from(created(order)).business_hour()).or_default() += 1;
    }
    for (hour, orders) in by_hour {
        let today = Timestamp::from(Utc::now()).business_day();
        let weight = |customer: &shopstream::cache::members::CachedCustomer| {
            let age = AgeGroup::on(today, customer.birth_date);
            let mood = world.mood(seed, pools.meta.generation, customer.id, customer.marketing_agree);
            let points = world.points(age, customer.gender, customer.status, customer.marketing_agree, customer.grade);
            let life = [1.0, 1.5, 3.0][usize::from(mood.life_event)];
            points
                * mood.boost
                * life
                * world.customers.propensity.hour_factor(age, hour)
                * (golf.gender[usize::from(customer.gender.code())] / 50.0)
                * (golf.ages[usize::from(age.code())] / 20.0)
        };
        let weights: Vec<f64> = pools.customers.iter().map(weight).collect();
        let sum: f64 = weights.iter().sum();
        for (id, weight) in ids.iter().zip(weights) {
            *expected.entry(id).or_default() += orders as f64 * weight / sum;
        }
    }
    let (mut observed, mut weights) = (Vec::new(), Vec::new());
    for (id, expected) in &expected {
        observed.push(seen.remove(id).unwrap_or(0));
        weights.push(*expected);
    }
    assert!(seen.is_empty(), "buyers from outside the pool: {seen:?}");
    // The moment at which the scenario was heard of is chance: a narrower limit would fail once in a while.
    let p = stats::ChiSquare::of(&observed, &weights).p();
    assert!(p > 1e-5, "the draw does not follow the propensity: p = {p}");
    // A uniform draw over the pool must not pass, or the test would be blind.
    stats::assert_refuses("a uniform draw", &observed, &vec![1.0; observed.len()]);
}

#[test]
fn a_scenario_switched_on_by_hand_is_followed_within_seconds_and_off_again() {
    let shop = Shop::seeded(1_200, 1_200);
    shop.run("cache refresh");
    let mut producer = shop.start("produce --stream orders --rate 200/s");
    until(Duration::from_secs(30), "orders come", || {
        let count = shop.topics.count("orders");
        if count > 50 { Ok(()) } else { Err(count.to_string()) }
    });
    let on = Utc::now();
    shop.run("scenarios activate wedding --for 10m");
    until(Duration::from_secs(30), "wedding is followed", || {
        let last = orders(&shop).into_iter().max_by_key(created).unwrap();
        if last["scenario"] == "wedding" { Ok(()) } else { Err(last["scenario"].to_string()) }
    });
    std::thread::sleep(Duration::from_secs(1));
    let off = Utc::now();
    shop.run("scenarios deactivate");
    std::thread::sleep(Duration::from_secs(2));
    assert!(producer.stop(Duration::from_secs(25)).success(), "{}", producer.said());
    let mut orders = orders(&shop);
    orders.sort_by_key(created);
    let weddings: Vec<DateTime<Utc>> =
        orders.iter().filter(|order| order["scenario"] == "wedding").map(created).collect();
    let (first, last) = (weddings.first().unwrap(), weddings.last().unwrap());
    let heard = *first - on;
    assert!(heard < chrono::TimeDelta::seconds(5), "heard after {heard}");
    assert!(*last > off - chrono::TimeDelta::seconds(1) && *last < off + chrono::TimeDelta::seconds(5));
    let between = orders.iter().filter(|order| (*first..=*last).contains(&created(order)));
    assert!(between.clone().count() > 100);
    assert!(between.clone().all(|order| order["scenario"] == "wedding"), "by hand, all orders follow");
}

#[test]
fn sign_ups_alone_need_neither_pool_nor_redis_and_follow_their_curve() {
    let shop = Shop::seeded(1, 1);
    let mut command = shop.program("produce --stream users --speed 60 --duration 3s --json");
    command.env_remove("REDIS_URL").env_remove("DATABASE_URL");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    // Three minutes of the shop at ten customers every ten seconds.
    let users = said["delivered"]["users"].as_u64().unwrap();
    assert!((150..=200).contains(&users), "{users}");
    assert_eq!(shop.topics.count("users"), i64::try_from(users).unwrap());
}

#[test]
fn a_missing_topic_is_told_with_the_remedy() {
    let shop = Shop { topics: ScratchTopics::none(), ..Shop::seeded(1, 1) };
    let output = shop.program("produce --stream products").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("has no topic") && said.contains("topics create"), "{said}");
}

#[test]
fn the_same_run_again_makes_the_same_ids_and_another_run_makes_others() {
    let shop = Shop::seeded(1_200, 1_200);
    shop.run("cache refresh");
    let ids = |from: usize| {
        let mut all: Vec<String> = Vec::new();
        for topic in ["users", "products", "orders"] {
            all.extend(
                shop.topics.read_all(topic).iter().map(|message| message.json()["id"].as_str().unwrap().to_owned()),
            );
        }
        let distinct: HashSet<String> = all.iter().cloned().collect();
        assert_eq!(distinct.len(), from, "{} messages", all.len());
    };
    let produce = |run: &str| {
        for stream in ["users", "products", "orders"] {
            shop.run(&format!("produce --stream {stream} --unthrottled --limit 100 --run {run}"));
        }
    };
    produce("monday");
    ids(300);
    produce("monday");
    ids(300);
    produce("tuesday");
    ids(600);
}
