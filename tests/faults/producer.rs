//! The producer stopped at full rate, and dirt in what it sends.

use std::time::Duration;

use crate::audit::{Expect, audit};
use crate::dice::Dice;
use crate::lab::lab;
use crate::program::{LONG, stop_all};
use crate::shop::{Shop, Told, orders};

#[test]
fn a_producer_stopped_at_full_rate_has_delivered_what_it_says() {
    let lab = lab();
    let shop = Shop::open(&lab);
    let mut dice = Dice::new("producer stopped");
    let mut told = Told::default();
    for _ in 0..3 {
        let before = shop.topics.count("orders");
        let producer = shop.producer("--stream all --unthrottled");
        shop.wait("orders flow", || shop.topics.count("orders") > before);
        dice.sleep(50, orders() / 10);
        told.add(&producer.stop(Duration::from_secs(30)));
    }
    let consumers: Vec<_> =
        ["users", "products", "orders"].map(|topic| shop.start(&format!("consume --topic {topic}"))).into();
    shop.settle();
    let found = audit(&shop, &Expect { told: Some(&told), ..Expect::default() });
    assert!(found.stored.len() > 1_000, "{found:?}");
    stop_all(consumers);
}

#[test]
fn dirt_among_good_orders_is_accounted_for_by_kind() {
    let lab = lab();
    let shop = Shop::open(&lab);
    let consumers: Vec<_> = (0..2).map(|_| shop.consumer("orders", "--orphan-timeout 3s")).collect();
    let inject = "--inject poison=1%,duplicate=1%,orphan=0.5%,late=1%";
    let mut told = Told::default();
    for rate in ["--rate 800/s", "--unthrottled"] {
        let producer = shop.producer(&format!("--stream orders {inject} {rate} --limit {}", orders() / 2));
        told.add(&producer.end(LONG));
    }
    shop.settle();
    let found = audit(&shop, &Expect { told: Some(&told), ..Expect::default() });
    let dead: u64 = found.dead.values().sum();
    assert_eq!(found.dead["orphan"], told.delivered("orphans"));
    assert_eq!(dead, told.delivered("orphans") + told.delivered("poison"));
    for kind in ["late", "duplicate", "poison", "orphan"] {
        assert!(found.kinds[kind] > 5, "{found:?}");
    }
    stop_all(consumers);
}
