//! The figures for people: tables that fit into 80 columns, and an honest word on what was compared.

use std::time::Duration;

use super::path::BATCH;
use super::report::{Latency, Report};
use crate::output::{Cell, Table, number};

impl Report {
    /// The figures as tables, each with a heading of its own.
    #[must_use]
    pub fn tables(&self) -> Vec<Table> {
        vec![self.reading(), self.asking(), self.writing()]
    }

    fn reading(&self) -> Table {
        let mut table = Table::new(["reading", "mean", "p50", "p99", "times as fast"]);
        let look_ups = &self.look_ups;
        let times = |nanos: f64| Cell::right(number::times(look_ups.times(nanos)));
        let memory = look_ups.memory.mean_ns;
        table.row(["pool member, own memory".into(), time(memory), Cell::right("–"), Cell::right("–"), times(memory)]);
        let mut row = |what: &str, latency: Latency, times: Cell| {
            let [p50, p99] = [latency.p50_ns, latency.p99_ns].map(|nanos| time(nanos as f64));
            table.row([what.into(), time(latency.mean_ns), p50, p99, times]);
        };
        row("pool member, Redis", look_ups.redis, times(look_ups.redis.p50_ns as f64));
        row("customer by key, PostgreSQL", look_ups.postgres_by_key, times(look_ups.postgres_by_key.p50_ns as f64));
        row("both pools, PostgreSQL", look_ups.postgres_both_pools, times(look_ups.postgres_both_pools.p50_ns as f64));
        row("refresh of the cache", self.refresh.latency, Cell::right("–"));
        table
    }

    fn asking(&self) -> Table {
        let mut table = Table::new(["queries a minute", "with the cache", "without", "saved"]);
        for queries in &self.queries {
            table.row([
                format!("at {} orders a minute", number::count(queries.orders_per_minute)).into(),
                Cell::right(number::decimal(queries.cached_per_minute)),
                Cell::right(number::decimal(queries.uncached_per_minute)),
                Cell::share(queries.saved_share),
            ]);
        }
        table
    }

    fn writing(&self) -> Table {
        let ways = &self.orders;
        let mut table = Table::new(["writing", "orders/s", "times one by one"]);
        let batches = number::count(BATCH as u64);
        for (what, rate) in [
            ("into Kafka, not stored yet".to_owned(), ways.produced_per_s),
            (format!("from a full topic, {}", number::some(ways.members, "member")), ways.consumed_per_s),
            ("through Kafka, both at once".to_owned(), ways.through_kafka_per_s),
            (format!("directly, {batches} a transaction"), ways.direct_batches_per_s),
            ("directly, one by one".to_owned(), ways.direct_single_per_s),
        ] {
            let times = number::times(rate / ways.direct_single_per_s.max(0.1));
            table.row([what.into(), Cell::right(number::count(rate.round() as i64)), Cell::right(times)]);
        }
        table
    }

    pub(super) fn say(&self) -> Vec<String> {
        let (fewer, look_ups, ways) = (&self.claims.fewer_queries, &self.look_ups, &self.orders);
        let shares: Vec<String> = self
            .queries
            .iter()
            .map(|at| {
                let orders = number::count(at.orders_per_minute);
                format!("{} at {orders} orders a minute", number::share(at.saved_share))
            })
            .collect();
        let single = ways.direct_single;
        vec![
            format!(
                "“98 % fewer queries”: here {}. A refresh asks {} whatever is sold, an order without a cache as many for itself; so \
                 the claim holds from {} orders a minute on. Pools that the producer keeps in its memory for a while would save as much \
                 without Redis.",
                shares.join(", "),
                number::many(self.refresh.queries, "query", "queries"),
                number::count(fewer.holds_from_orders_per_minute.round() as i64)
            ),
            format!(
                "“100 times faster look-ups”: a member is read from Redis {} times as fast as the same customer by key from PostgreSQL, \
                 and {} times as fast as both pools are asked of PostgreSQL; in the producer's memory, where orders are drawn, {} times as \
                 fast as by key.",
                number::times(look_ups.times(look_ups.redis.p50_ns as f64)),
                number::times(look_ups.postgres_both_pools.p50_ns as f64 / (look_ups.redis.p50_ns as f64).max(0.1)),
                number::times(look_ups.times(look_ups.memory.mean_ns))
            ),
            format!(
                "Reading was one call at a time from this machine; bench itself did nothing else meanwhile. “times as fast” compares with \
                 the customer by key, medians (p50); a draw in memory is too short for the clock, so that {} were timed as one, and \
                 there is a mean only.",
                number::count(look_ups.memory.calls)
            ),
            format!(
                "Each way wrote the same kind of orders ({} items each) into the same tables, with constraints, indexes and counters: {} \
                 orders, and {} one by one. A transaction of one order took {} (p99 {}): it waits for the disk, which batches \
                 share. Into Kafka is half a way; what lies there survives a database that is away.",
                number::decimal(ways.items_per_order),
                number::count(ways.orders),
                number::count(single.calls),
                number::latency(Duration::from_nanos(single.p50_ns)),
                number::latency(Duration::from_nanos(single.p99_ns))
            ),
        ]
    }
}

fn time(nanos: f64) -> Cell {
    Cell::right(number::latency(Duration::from_nanos(nanos.round() as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::{Claims, FasterLookUps, FewerQueries, LookUps, Mean, Queries, Refresh, Ways};
    use crate::output::{Look, wrapped};

    fn latency(p50_ns: u64) -> Latency {
        Latency { calls: 2_000, mean_ns: p50_ns as f64 * 1.1, p50_ns, p99_ns: p50_ns * 3 }
    }

    fn sample(orders: f64) -> Report {
        let look_ups = LookUps {
            memory: Mean { calls: 2_000_000, mean_ns: 47.3 },
            redis: latency(31_400),
            postgres_by_key: latency(61_000),
            postgres_both_pools: latency(12_345_678),
        };
        let queries = |orders_per_minute, uncached_per_minute, saved_share| Queries {
            orders_per_minute,
            cached_per_minute: 2.4,
            uncached_per_minute,
            saved_share,
        };
        let report = Report {
            users: 10_000,
            products: 20_000,
            look_ups,
            refresh: Refresh { latency: latency(999_999_999), queries: 2, interval_s: 50 },
            queries: vec![queries(15, 30.0, 0.92), queries(600, 1_200.0, 0.998)],
            orders: Ways {
                orders: 100_000,
                items_per_order: 2.31,
                members: 100,
                produced_per_s: 10.0 * orders,
                consumed_per_s: 3.0 * orders,
                through_kafka_per_s: 2.0 * orders,
                direct_batches_per_s: 4.0 * orders,
                direct_single_per_s: orders / 25.0,
                direct_single: latency(1_234_567),
            },
            claims: Claims {
                fewer_queries: FewerQueries {
                    claimed_share: 0.98,
                    measured_share: 0.92,
                    holds_from_orders_per_minute: 60.0,
                },
                faster_look_ups: FasterLookUps {
                    claimed_times: 100.0,
                    redis_times_by_key: 1.94,
                    redis_times_both_pools: 393.2,
                    memory_times_by_key: 1_418.6,
                },
            },
            words: Vec::new(),
        };
        Report { words: report.say(), ..report }
    }

    #[test]
    fn the_tables_and_words_of_a_measurement() {
        let report = sample(10_000.0);
        let mut text: Vec<String> = report.tables().iter().map(|table| table.render(Look::default())).collect();
        text.extend(report.words.iter().map(|words| wrapped(words, 80)));
        insta::assert_snapshot!(text.join("\n\n"));
    }

    #[test]
    fn on_a_terminal_they_fit_into_80_columns() {
        // Ten million a second is more than any shop will see.
        for table in sample(1_000_000.0).tables() {
            let drawn = table.render(Look { framed: true, color: false });
            let widest = drawn.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(80), "{widest:?}\n{drawn}");
            assert!(drawn.lines().count() == 4 + table.rows(), "a cell was wrapped:\n{drawn}");
        }
    }
}
