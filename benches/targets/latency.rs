//! Target 13: from the producer's timestamp to the committed row, at the live cadence, with the default settings.

use std::time::Duration;

use color_eyre::eyre::{Result, ensure};

use super::report::{Report, Wanted};
use super::shop::{Shop, scrape};

/// How long the shop is watched. At night an order comes every minute, so the shop is hastened; its batches are not.
const WATCHED: Duration = Duration::from_secs(90);
const ADDRESS: &str = "127.0.0.1:39117";
/// What it is to stay under, seconds.
const LIMIT: f64 = 1.0;

/// Target 13.
pub fn run(report: &mut Report) -> Result<()> {
    let shop = Shop::open(10_000, 20_000)?;
    let consumers = shop.start(&["consume", "--topic", "orders", "--members", "3", "--metrics-addr", ADDRESS])?;
    let claimed = "SELECT count(*) AS n FROM consumer_offsets";
    shop.until(claimed, 3, Duration::from_millis(50))?;
    for (what, pace) in
        [("at the live cadence, hastened tenfold", vec!["--speed", "10"]), ("at 10 orders/s", vec!["--rate", "10/s"])]
    {
        let before = scrape(ADDRESS)?;
        let producer = shop.start(&[&["produce"], pace.as_slice()].concat())?;
        std::thread::sleep(WATCHED);
        producer.stop()?;
        std::thread::sleep(Duration::from_secs(2));
        let after = scrape(ADDRESS)?;
        let series = |name: &str| {
            let of = |all: &std::collections::HashMap<String, f64>| all.get(name).copied().unwrap_or(0.0);
            of(&after) - of(&before)
        };
        let count = series("shopstream_end_to_end_latency_seconds_count");
        ensure!(count > 0.0, "no order came");
        let mean = series("shopstream_end_to_end_latency_seconds_sum") / count;
        let mut bounds: Vec<(f64, f64)> = after
            .keys()
            .filter_map(|name| {
                let bound =
                    name.strip_prefix("shopstream_end_to_end_latency_seconds_bucket{le=\"")?.strip_suffix("\"}")?;
                Some((bound.parse().unwrap_or(f64::INFINITY), series(name)))
            })
            .collect();
        bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
        let p99 = bounds.iter().find(|(_, below)| *below >= 0.99 * count).map_or(f64::INFINITY, |(bound, _)| *bound);
        report.add(
            "13",
            &format!("end to end {what}, {count:.0} orders"),
            format!("p99 at most {p99} s, mean {:.0} ms", mean * 1e3),
            format!("{LIMIT} s"),
            p99 / LIMIT,
            Wanted::AtMost(1.0, "p99 < 1 s"),
        );
    }
    consumers.stop()
}
