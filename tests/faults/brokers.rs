//! Brokers that die and come back, and a topic that is deleted and made again.

use std::time::Instant;

use crate::audit::{Expect, audit};
use crate::dice::Dice;
use crate::lab::lab;
use crate::program::{LONG, stop_all};
use crate::shop::{Shop, Told, orders};

#[test]
fn a_broker_killed_while_orders_flow_loses_none() {
    let lab = lab();
    let shop = Shop::open(&lab);
    let mut dice = Dice::new("broker killed");
    let mut consumer = shop.consumer("orders", "--members 3");
    // Dead letters too must be confirmed by brokers that come and go.
    let inject = "--inject poison=0.5%,duplicate=0.5%";
    let mut producer = shop.producer(&format!("--stream orders {inject} --rate 600/s --limit {}", orders()));
    shop.wait("something is stored", || shop.dealt_with() > 300);
    let mut kills = 0;
    while kills < 2 || producer.runs() {
        let broker = format!("kafka{}", 1 + dice.below(3));
        dice.sleep(0, 1_500);
        lab.kill(&broker, "KILL");
        dice.sleep(500, 4_000);
        lab.up(&[&broker]);
        kills += 1;
        // With a second one away, nothing could be acknowledged.
        await_in_sync(&shop);
    }
    let mut told = Told::default();
    told.add(&producer.end(LONG));
    shop.settle();
    consumer.assert_runs();
    println!("{kills} brokers killed");
    audit(&shop, &Expect { told: Some(&told), ..Expect::default() });
    stop_all([consumer]);
}

/// Waits until each partition is on all three brokers again.
pub fn await_in_sync(shop: &Shop<'_>) {
    shop.wait("all replicas are in sync", || {
        let told = shop.command("topics describe --json").output().unwrap();
        let Ok(told) = serde_json::from_slice::<serde_json::Value>(&told.stdout) else { return false };
        let topics = told.as_array().or_else(|| told["topics"].as_array()).unwrap_or_else(|| panic!("{told}"));
        topics.iter().flat_map(|topic| topic["partitions"].as_array().unwrap()).all(|partition| {
            partition["in_sync"].as_array().unwrap().len() == partition["replicas"].as_array().unwrap().len()
        })
    });
}

#[test]
fn a_topic_that_was_deleted_and_made_again_is_read_from_its_beginning() {
    let lab = lab();
    let shop = Shop::open(&lab);
    let mut consumer = shop.consumer("orders", "--members 2");
    let produce = |count: u64| shop.producer(&format!("--stream orders --unthrottled --limit {count}")).end(LONG);
    produce(1_000);
    shop.settle();
    let kept = audit(&shop, &Expect::default()).stored;

    // While it is consumed; and with more messages than before, so that each old offset means something in the new one.
    shop.topics.delete("orders");
    let began = Instant::now();
    shop.run("topics create");
    produce(3_000);
    shop.settle();
    println!("the new topic was stored after {:?}", began.elapsed());
    consumer.assert_runs();
    assert!(consumer.log().contains("deleted and made again"), "{}", consumer.log());
    let mut expect = Expect { kept, ..Expect::default() };
    let found = audit(&shop, &expect);
    expect.kept.extend(found.stored);

    // While the consumer stands still, as in a virtual machine that is moved: it comes back, and all offsets go on.
    consumer.signal("STOP");
    shop.topics.delete("orders");
    shop.run("topics create");
    produce(9_000);
    consumer.signal("CONT");
    shop.settle();
    consumer.assert_runs();
    assert!(consumer.log().contains("stood still"), "{}", consumer.log());
    let found = audit(&shop, &expect);
    assert_eq!(found.stored.len(), 9_000);
    expect.kept.extend(found.stored);
    stop_all([consumer]);

    // While nobody looks; and with fewer than before.
    shop.topics.delete("orders");
    shop.run("topics create");
    produce(500);
    let consumer = shop.consumer("orders", "");
    shop.settle();
    assert!(consumer.log().contains("deleted and made again"), "{}", consumer.log());
    let found = audit(&shop, &expect);
    assert_eq!(found.stored.len(), 500);
    stop_all([consumer]);
}

/// librdkafka goes deaf on a partition that had other leaders before its topic was made again.
#[test]
fn a_topic_made_again_after_its_leaders_changed_is_read_too() {
    let lab = lab();
    let shop = Shop::open(&lab);
    let mut consumer = shop.consumer("orders", "--members 2");
    let produce = |count: u64| shop.producer(&format!("--stream orders --unthrottled --limit {count}")).end(LONG);
    produce(1_000);
    // Each partition loses its leader once.
    for broker in ["kafka1", "kafka2", "kafka3"] {
        lab.kill(broker, "KILL");
        produce(100);
        lab.up(&[broker]);
        await_in_sync(&shop);
    }
    shop.settle();
    let kept = audit(&shop, &Expect::default()).stored;
    shop.topics.delete("orders");
    shop.run("topics create");
    produce(3_000);
    shop.settle();
    consumer.assert_runs();
    let found = audit(&shop, &Expect { kept, ..Expect::default() });
    assert_eq!(found.stored.len(), 3_000);
    stop_all([consumer]);
}
