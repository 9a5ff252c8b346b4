//! Consumers that are killed, join, leave, or stand still.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Instant;

use serde_json::Value;

use crate::audit::{Expect, audit};
use crate::dice::Dice;
use crate::lab::lab;
use crate::program::{LONG, Program, stop_all};
use crate::shop::{Shop, Told, orders};

const TOPICS: [&str; 3] = ["users", "products", "orders"];

#[test]
fn consumers_killed_again_and_again_store_everything_once() {
    let lab = lab();
    let shop = Shop::open(&lab);
    let mut dice = Dice::new("consumers killed");
    let mut consumers: Vec<Program> =
        (0..9).map(|number| shop.consumer(TOPICS[number % 3], "--orphan-timeout 10m")).collect();
    // A year of another shop comes along: its orders reach PostgreSQL before many of their customers do, and wait for them.
    let year = shop.start(&format!(
        "backfill --year 2025 --seed 11 --to kafka --orders {} --users 2000 --products 3000 --json",
        orders() / 2
    ));
    let mut producer = shop.producer(&format!("--stream all --speed 20 --rate 800/s --limit {}", orders() / 2));
    let (mut kills, mut rounds) = (0, 0);
    while producer.runs() || rounds < 8 {
        dice.sleep(100, 1_500);
        // Now and then all members of the busiest group at once: nobody is left who could take over.
        let chosen: Vec<usize> = match dice.below(4) {
            0 => vec![2, 5, 8],
            _ => vec![dice.below(9)],
        };
        for number in chosen {
            let next = shop.consumer(TOPICS[number % 3], "--orphan-timeout 10m");
            std::mem::replace(&mut consumers[number], next).kill();
            kills += 1;
        }
        rounds += 1;
    }
    let told: Value = serde_json::from_str(&year.end(LONG)).unwrap();
    producer.end(LONG);
    let began = Instant::now();
    shop.settle();
    println!("{kills} consumers killed; at rest {:?} after the last", began.elapsed());
    let found = audit(&shop, &Expect::default());
    let of_year = told["topics"].as_array().unwrap().iter().find(|topic| topic["topic"] == shop.topics.name("orders"));
    let delivered = of_year.unwrap()["delivered"].as_u64().unwrap() + orders() / 2;
    assert_eq!(found.stored.len() as u64, delivered);
    assert!(found.dead.is_empty(), "{found:?}");
    stop_all(consumers);
}

#[test]
fn a_group_that_grows_and_shrinks_stores_everything_once() {
    let lab = lab();
    let shop = Shop::open(&lab);
    let mut dice = Dice::new("group of one, three and one");
    let mut first = shop.consumer("orders", "");
    let producer = shop.producer("--stream orders --rate 800/s");
    let share = (orders() / 4) as i64;
    shop.wait("a share is stored", || shop.dealt_with() >= share);
    let mut others: Vec<Program> = (0..2)
        .map(|_| {
            dice.sleep(0, 1_000);
            shop.consumer("orders", "")
        })
        .collect();
    // Each has one of the three partitions.
    shop.wait("each has a partition", || others.iter_mut().all(Program::is_ready) && first.is_ready());
    let now = shop.dealt_with();
    shop.wait("three store more", || shop.dealt_with() >= now + share / 2);
    dice.sleep(0, 1_000);
    stop_all(others);
    let mut told = Told::default();
    told.add(&producer.stop(LONG));
    shop.settle();
    first.assert_runs();
    audit(&shop, &Expect { told: Some(&told), ..Expect::default() });
    stop_all([first]);
}

#[test]
fn a_consumer_that_stood_still_writes_nothing_when_others_have_taken_over() {
    let lab = lab();
    let shop = Shop::open(&lab);
    let mut dice = Dice::new("zombie");
    let mut zombie = shop.consumer("orders", "--members 3");
    let producer = shop.producer("--stream orders --rate 500/s");
    shop.wait("something is stored", || shop.dealt_with() > 500);
    // All members of it stop, most likely with a batch in hand, perhaps in the middle of a transaction.
    dice.sleep(0, 1_000);
    zombie.signal("STOP");
    let before = shop.stored("orders");
    let mut heir = shop.consumer("orders", "--members 3");
    shop.wait("every partition has changed hands", || {
        shop.stored("orders").iter().zip(&before).all(|(now, then)| now.epoch > then.epoch)
    });
    let taken_over = shop.dealt_with();
    shop.wait("the heir stores more", || shop.dealt_with() > taken_over);
    zombie.signal("CONT");
    let mut told = Told::default();
    told.add(&producer.stop(LONG));
    shop.settle();
    zombie.assert_runs();
    heir.assert_runs();
    audit(&shop, &Expect { told: Some(&told), ..Expect::default() });
    stop_all([zombie, heir]);
}

/// As `docker pause` may leave one. The limits of a session do not end it there.
#[test]
fn a_consumer_that_stands_still_within_a_copy_does_not_keep_its_partitions() {
    let lab = lab();
    let shop = Shop::open(&lab);
    let mut told = Told::default();
    let mut produce = || told.add(&shop.producer("--stream orders --unthrottled --limit 300").end(LONG));
    produce();
    let consumer = shop.consumer("orders", "");
    shop.settle();
    stop_all([consumer]);
    let mut frozen = shop.psql().stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut its_words = frozen.stdin.take().unwrap();
    its_words.write_all(b"BEGIN; UPDATE consumer_offsets SET epoch = epoch; COPY users FROM STDIN;\n").unwrap();
    shop.wait("it waits for rows", || {
        shop.count("SELECT count(*) AS count FROM pg_stat_activity WHERE query LIKE '%COPY users%' AND wait_event = 'ClientRead'") == 1
    });
    produce();
    let heir = shop.consumer("orders", "");
    shop.settle();
    assert!(heir.log().contains("ended sessions that held partitions and stood still"), "{}", heir.log());
    drop(its_words);
    assert!(!frozen.wait().unwrap().success(), "it could go on");
    audit(&shop, &Expect { told: Some(&told), ..Expect::default() });
    stop_all([heir]);
}

#[test]
fn two_consumers_of_the_same_hot_products_do_not_wait_for_each_other_in_a_circle() {
    let lab = lab();
    let shop = Shop::open(&lab);
    // Nearly every batch of one holds products of the other's: three members that write at once, all the time.
    let consumers: Vec<Program> = (0..3).map(|_| shop.consumer("orders", "")).collect();
    let mut told = Told::default();
    told.add(&shop.producer(&format!("--stream orders --unthrottled --limit {}", orders())).end(LONG));
    shop.settle();
    let spread = shop.count("SELECT count(*) AS count FROM products WHERE order_count > 20");
    assert!(spread > 50, "{spread} products are hot");
    // The audit looks for deadlocks in the server's log.
    audit(&shop, &Expect { told: Some(&told), ..Expect::default() });
    stop_all(consumers);
}
