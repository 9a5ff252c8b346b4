//! What the workers tell about themselves: well formed, documented, and true.

use std::collections::BTreeMap;
use std::time::Duration;

use shopstream::telemetry::{Address, probe};

use crate::exposition::{assert_cumulative, assert_documented, samples};
use crate::shop::{PATIENCE, Shop};
use crate::support::*;

/// What a worker serves, once it has said where.
fn address(worker: &mut Running) -> Address {
    until(PATIENCE, "it says where it serves", || {
        let said = worker.said();
        let address = said.split("address=").nth(1).and_then(|rest| rest.split_whitespace().next());
        address.and_then(|address| address.parse().ok()).ok_or(said.clone())
    })
}

fn get(address: &Address, page: &str) -> (u16, String) {
    let answer = probe::get(address, page, Duration::from_secs(5)).unwrap();
    (answer.status, answer.body)
}

/// A scrape: every line well formed, every metric in the documentation.
fn scrape(address: &Address) -> BTreeMap<String, f64> {
    let (status, page) = get(address, "/metrics");
    assert_eq!(status, 200);
    assert_documented(&page);
    samples(&page)
}

#[test]
fn the_workers_figures_are_true_and_documented() {
    let shop = Shop::seeded(1_200, 1_200);
    let metrics = "--metrics-addr 127.0.0.1:0";
    let mut refresher = shop.start(&format!("cache refresh --every 1s {metrics}"));
    let mut consumer = shop.start(&format!("consume --topic orders --members 2 --orphan-timeout 10m {metrics}"));
    let [cache, orders] = [&mut refresher, &mut consumer].map(address);
    for worker in [&cache, &orders] {
        until(PATIENCE, "it is ready", || match get(worker, "/readyz") {
            (200, _) => Ok(()),
            (_, why) => Err(why),
        });
    }
    let mut producer = shop.start(&format!(
        "produce --stream orders --unthrottled --limit 2_000 --inject poison=2%,orphan=2%,duplicate=2% {metrics}"
    ));
    assert!(producer.wait(PATIENCE).success(), "{}", producer.said());
    // One that stays, to be asked.
    let mut producer = shop.start(&format!("produce --stream orders --rate 1/s {metrics}"));
    let produced = address(&mut producer);
    // The pool's age is looked at once a second, and not shown before.
    let samples = until(PATIENCE, "an order is confirmed, and the pool's age known", || {
        let samples = scrape(&produced);
        let delivered = samples["shopstream_delivered_messages_total{kind=\"order\"}"];
        let known = samples.contains_key("shopstream_pool_age_seconds");
        if delivered >= 1.0 && known { Ok(samples) } else { Err(format!("{samples:?}")) }
    });
    assert!(samples["shopstream_pool_age_seconds"] < 60.0 && samples["shopstream_pool_generation"] >= 1.0);
    assert_cumulative(&samples, "shopstream_delivery_duration_seconds");
    assert!(producer.stop(Duration::from_secs(25)).success());

    shop.until_consumed("orders");
    let received = shop.topics.read_all("orders");
    let of_kind = |wanted: Option<&str>| {
        let kind = |message: &&Received| message.header("x-shopstream-injected") == wanted.map(str::as_bytes);
        received.iter().filter(kind).count() as f64
    };
    let told = scrape(&orders);
    let fate = |fate: &str| told[&format!("shopstream_consumed_messages_total{{fate=\"{fate}\"}}")];
    assert_eq!(fate("stored"), of_kind(None));
    assert_eq!(fate("known"), of_kind(Some("duplicate")));
    assert_eq!(fate("parked"), of_kind(Some("orphan")));
    assert_eq!(fate("dead"), of_kind(Some("poison")));
    let letters: f64 =
        told.iter().filter(|(name, _)| name.starts_with("shopstream_dead_letters_total")).map(|(_, count)| count).sum();
    assert_eq!(letters, shop.topics.count("orders.dlq") as f64);
    for histogram in ["shopstream_end_to_end_latency_seconds", "shopstream_batch_duration_seconds"] {
        assert_cumulative(&told, histogram);
    }
    assert_eq!(told["shopstream_end_to_end_latency_seconds_count"], of_kind(None));
    until(PATIENCE, "no lag is told", || {
        let lags: Vec<(String, f64)> = scrape(&orders)
            .into_iter()
            .filter(|(name, _)| name.starts_with("shopstream_consumer_lag_messages"))
            .collect();
        if lags.len() == 3 && lags.iter().all(|(_, lag)| *lag == 0.0) { Ok(()) } else { Err(format!("{lags:?}")) }
    });
    let told = scrape(&cache);
    assert!(told["shopstream_cache_refreshes_total{outcome=\"done\"}"] >= 1.0);
    assert_eq!(
        told["shopstream_cache_members{pool=\"customers\",part=\"new\"}"]
            + told["shopstream_cache_members{pool=\"customers\",part=\"bought\"}"],
        1_000.0
    );
    for worker in [&mut refresher, &mut consumer] {
        assert!(worker.stop(Duration::from_secs(10)).success());
    }
}
