//! Redis restarted, and emptied, while orders are made.

use crate::audit::{Expect, audit};
use crate::dice::Dice;
use crate::lab::lab;
use crate::program::{LONG, stop_all};
use crate::shop::{Shop, Told};

#[test]
fn orders_go_on_from_the_last_pool_while_redis_is_emptied_and_restarted() {
    let lab = lab();
    let shop = Shop::open(&lab);
    let mut dice = Dice::new("Redis emptied and restarted");
    let consumer = shop.consumer("orders", "--members 3");
    let rate = "--stream orders --rate 600/s --metrics-addr 127.0.0.1:0";
    // Without a limit: it must not have sent everything before something is broken.
    let mut producer = shop.producer(rate);
    let more = |count: i64| {
        let now = shop.topics.count("orders");
        shop.wait("orders go on", || shop.topics.count("orders") >= now + count);
    };
    more(500);
    assert_eq!(lab.redis(&["FLUSHALL"]), "OK");
    more(500);
    shop.run("cache refresh");
    for signal in ["KILL", "TERM"] {
        dice.sleep(0, 1_000);
        lab.kill("redis", signal);
        more(500);
        lab.up(&["redis"]);
        more(300);
        shop.run("cache refresh");
    }
    producer.assert_runs();

    // Without a first pool it waits, says so, and begins as soon as there is one.
    lab.redis(&["FLUSHALL"]);
    let mut late = shop.producer(&format!("{rate} --limit 300"));
    assert!(!late.is_ready(), "{}", late.log());
    dice.sleep(500, 1_500);
    late.assert_runs();
    shop.run("cache refresh");
    shop.wait("the second producer begins", || late.is_ready() || !late.runs());

    let mut told = Told::default();
    told.add(&late.end(LONG));
    assert_eq!(told.delivered("orders"), 300);
    told.add(&producer.stop(LONG));
    shop.settle();
    audit(&shop, &Expect { told: Some(&told), ..Expect::default() });
    stop_all([consumer]);
}
