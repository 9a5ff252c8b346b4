//! What was measured, in numbers and in words.

use std::time::Duration;

use serde::Serialize;

use super::members::Members;
use super::path::Path;
use crate::output::number;

/// How long something took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Half of all took no longer.
    pub p50: Duration,
    /// All but one in a hundred took no longer.
    pub p99: Duration,
}

impl Latency {
    /// Of all that were measured.
    pub(super) fn of(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        let at = |share: f64| all.get(((all.len() as f64 * share) as usize).min(all.len().saturating_sub(1)));
        Self { p50: at(0.5).copied().unwrap_or_default(), p99: at(0.99).copied().unwrap_or_default() }
    }

    fn text(self) -> String {
        format!("{} (p99 {})", micros(self.p50), micros(self.p99))
    }
}

fn micros(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        0.0..1.0 => format!("{:.0} ns", micros * 1e3),
        1.0..10.0 => format!("{micros:.1} µs"),
        10.0..10_000.0 => format!("{micros:.0} µs"),
        _ => format!("{:.1} ms", micros / 1e3),
    }
}

/// One measurement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// What was measured.
    pub what: String,
    /// The figure with its unit.
    pub measured: String,
    /// What it is compared with.
    pub against: String,
    /// How many times as fast, or as few.
    pub times: f64,
}

/// Everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// The measurements.
    pub lines: Vec<Line>,
    /// What was compared, and what the figures say of what is claimed elsewhere.
    pub words: Vec<String>,
}

/// Orders a minute: at the live cadence, and at a lively rate.
const CADENCES: [(&str, f64); 2] = [("at an order every 4 s", 15.0), ("at 10 orders/s", 600.0)];
/// Refreshes a minute at the default interval of 50 s.
const REFRESHES: f64 = 60.0 / 50.0;

impl Report {
    pub(super) fn of(members: &Members, path: &Path) -> Self {
        let mut report = Self::default();
        report.look_ups(members);
        let fewer = report.queries(members);
        report.path(path);
        report.say(members, path, fewer);
        report
    }

    fn add(&mut self, what: impl Into<String>, measured: String, against: String, times: f64) {
        self.lines.push(Line { what: what.into(), measured, against, times });
    }

    fn look_ups(&mut self, members: &Members) {
        let by_key = members.by_key;
        let times = |latency: Latency| by_key.p50.as_secs_f64() / latency.p50.as_secs_f64().max(1e-12);
        for (what, latency) in [
            ("a pool member drawn in the producer's memory", members.in_memory),
            ("a pool member read from Redis (HGET)", members.redis),
            ("both pools asked of PostgreSQL", members.by_pool),
        ] {
            self.add(
                what,
                latency.text(),
                format!("a customer read from PostgreSQL by key: {}", by_key.text()),
                times(latency),
            );
        }
        self.add("a refresh of the cache", members.refresh.text(), "every 50 s".to_owned(), f64::NAN);
    }

    /// Returns the shares of queries that are saved.
    fn queries(&mut self, members: &Members) -> Vec<(&'static str, f64)> {
        let with = members.queries_of_refresh as f64 * REFRESHES;
        let mut fewer = Vec::new();
        for (cadence, orders) in CADENCES {
            let without = members.queries_of_order as f64 * orders;
            self.add(
                format!("queries a minute with the cache, {cadence}"),
                format!("{with:.1} ({} a refresh)", members.queries_of_refresh),
                format!("{without:.0} when each order asks both pools ({} an order)", members.queries_of_order),
                without / with,
            );
            fewer.push((cadence, 1.0 - with / without));
        }
        fewer
    }

    fn path(&mut self, path: &Path) {
        let rate = |orders: f64| format!("{} orders/s", number::count(orders.round() as i64));
        let single = format!("{}, one a transaction: {}", rate(path.direct_single), path.single.text());
        let batches = format!("{} in batches over one connection, without Kafka", rate(path.direct_batches));
        self.add(
            "produced into Kafka, unthrottled",
            rate(path.produced),
            batches.clone(),
            path.produced / path.direct_batches,
        );
        self.add(
            format!("consumed from a full topic, {} members", path.members),
            rate(path.consumed),
            batches,
            path.consumed / path.direct_batches,
        );
        self.add(
            "through Kafka into the tables, both at once",
            rate(path.through),
            format!("written directly: {single}"),
            path.through / path.direct_single,
        );
    }

    fn say(&mut self, members: &Members, path: &Path, fewer: Vec<(&str, f64)>) {
        let ratio = |latency: Latency| latency.p50.as_secs_f64() / members.redis.p50.as_secs_f64().max(1e-12);
        let shares: Vec<String> =
            fewer.iter().map(|(cadence, share)| format!("{} {cadence}", number::share(*share))).collect();
        self.words = vec![
            format!(
                "“98 % fewer queries”: here {}. What is saved grows with the rate, for a refresh costs the same whatever is sold; \
                 a shop that keeps its pools in memory for a while would save as much without a cache.",
                shares.join(", ")
            ),
            format!(
                "“100 times faster look-ups”: a member read from Redis takes {} times less than the same row read by its key \
                 from PostgreSQL, and {} times less than asking PostgreSQL for both pools. Over this network, one look-up at a time, nothing \
                 else at work.",
                rounded(ratio(members.by_key)),
                rounded(ratio(members.by_pool))
            ),
            format!(
                "Each way wrote the same kind of orders ({:.1} items each) into the same tables, with constraints, indexes and counters; \
                 {} orders each, {} one by one. Single transactions wait for the disk, which batches share; through Kafka \
                 they survive a database that is away.",
                path.items,
                number::count(path.orders),
                number::count((path.orders as usize).min(2_000) as u64)
            ),
        ];
    }
}

fn rounded(times: f64) -> String {
    if times < 10.0 { format!("{times:.1}") } else { number::count(times.round() as i64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let latency = Latency::of((1..=100).rev().map(Duration::from_micros).collect());
        assert_eq!((latency.p50, latency.p99), (Duration::from_micros(51), Duration::from_micros(100)));
        assert_eq!(latency.text(), "51 µs (p99 100 µs)");
        assert_eq!(Latency::of(Vec::new()), Latency::default());
        let texts = [12, 1_234, 9_999_000, 12_345_678].map(|nanos| micros(Duration::from_nanos(nanos)));
        assert_eq!(texts, ["12 ns", "1.2 µs", "9999 µs", "12.3 ms"]);
    }
}
