//! PostgreSQL restarted in mid-batch, its sessions ended, and rows that it refuses.

use serde_json::Value;

use crate::audit::{Expect, audit};
use crate::dice::Dice;
use crate::lab::lab;
use crate::program::{LONG, stop_all};
use crate::shop::{Shop, Told, orders};

#[test]
fn postgres_restarted_in_mid_batch_and_sessions_ended_lose_and_double_nothing() {
    let lab = lab();
    let shop = Shop::open(&lab);
    let mut dice = Dice::new("PostgreSQL restarted");
    let consumers: Vec<_> = (0..2).map(|_| shop.consumer("orders", "")).collect();
    let inject = "--inject poison=0.5%,duplicate=1%,orphan=0.5%";
    let mut producer = shop.producer(&format!("--stream orders {inject} --rate 700/s --limit {}", orders()));
    let (mut ended, mut restarts) = (0, 0);
    while producer.runs() || restarts < 3 {
        let now = shop.dealt_with();
        shop.wait("more is stored", || shop.dealt_with() > now || !producer.runs());
        for _ in 0..2 + dice.below(6) {
            dice.sleep(50, 800);
            ended += lab.terminate_sessions();
        }
        dice.sleep(0, 500);
        // QUIT is the immediate mode: no checkpoint, no farewell.
        lab.kill("postgres", "QUIT");
        dice.sleep(0, 2_000);
        lab.up(&["postgres"]);
        restarts += 1;
    }
    let mut told = Told::default();
    told.add(&producer.end(LONG));
    // Those who waited only now become dead letters: not before, as the default is 5 minutes.
    stop_all(consumers);
    let consumer = shop.consumer("orders", "--orphan-timeout 1s");
    shop.settle();
    println!("PostgreSQL restarted {restarts} times, {ended} sessions ended");
    audit(&shop, &Expect { told: Some(&told), ..Expect::default() });
    stop_all([consumer]);
}

#[test]
fn an_older_database_is_brought_up_to_date_whatever_kafka_remembers() {
    let lab = lab();
    let shop = Shop::open(&lab);
    let consumer = shop.consumer("orders", "--members 3");
    let mut told = Told::default();
    told.add(&shop.producer("--stream orders --unthrottled --limit 3000").end(LONG));
    shop.settle();
    stop_all([consumer]);
    for restored in ["", "--from-beginning"] {
        // As after a restore of a backup from before the first order; Kafka's own offsets stand at the end.
        shop.sql(
            "TRUNCATE orders, order_items, consumer_offsets;
             UPDATE products SET order_count = 0; UPDATE users SET last_ordered_at = NULL",
        );
        let consumer = shop.consumer("orders", &format!("--members 3 {restored}"));
        shop.settle();
        audit(&shop, &Expect { told: Some(&told), ..Expect::default() });
        assert!(!consumer.log().contains("are lost"), "{}", consumer.log());
        stop_all([consumer]);
    }
}

/// The orders that the constraint below refuses: one in seven, so that no part of a batch is without.
fn is_refused(order: &Value) -> bool {
    order["total_amount"].as_i64().unwrap() / 100 % 7 == 0
}

#[test]
fn orders_that_a_constraint_refuses_are_dead_letters_and_no_others() {
    let lab = lab();
    let shop = Shop::open(&lab);
    shop.sql("ALTER TABLE orders ADD CONSTRAINT no_sevenths CHECK (total_amount / 100 % 7 <> 0)");
    // Default batches: an offender has thousands of batch-mates.
    let mut consumer = shop.start("consume --topic orders --members 2 --metrics-addr 127.0.0.1:0");
    // A member that joins later takes partitions over, and may bury once more what the first one had just buried.
    shop.wait("both members have their partitions", || consumer.is_ready());
    let mut told = Told::default();
    let producer =
        shop.producer(&format!("--stream orders --unthrottled --inject duplicate=1%,poison=1% --limit {}", orders()));
    told.add(&producer.end(LONG));
    shop.settle();
    let found = audit(&shop, &Expect { told: Some(&told), refused: is_refused, ..Expect::default() });
    assert!(found.dead["constraint"] > 10 && !found.dead.contains_key("orphan"), "{found:?}");
    // Where nothing was killed, each letter is written once, however often its batch was tried.
    assert_eq!(shop.topics.count("orders.dlq") as u64, found.dead.values().sum::<u64>());
    stop_all([consumer]);
}
