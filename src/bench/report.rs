//! What was measured, in numbers; `docs/bench.md` describes the form. Words and tables are made of it in `words.rs`.

use std::time::Duration;

use serde::Serialize;

use super::Request;
use super::members::Members;
use super::path::Path;

/// How long calls took, each timed by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// How many calls.
    pub calls: u64,
    /// Their mean, nanoseconds.
    pub mean_ns: f64,
    /// Half of all took no longer, nanoseconds.
    pub p50_ns: u64,
    /// All but one in a hundred took no longer, nanoseconds.
    pub p99_ns: u64,
}

impl Latency {
    /// Of all that were measured.
    pub(super) fn of(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        let nanos = |time: &Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let at = |share: f64| all.get(((all.len() as f64 * share) as usize).min(all.len().saturating_sub(1)));
        Self {
            calls: all.len() as u64,
            mean_ns: Mean::of(all.iter().sum(), all.len() as u64).mean_ns,
            p50_ns: at(0.5).map_or(0, nanos),
            p99_ns: at(0.99).map_or(0, nanos),
        }
    }
}

/// How long calls took that are too short for the clock: all were timed as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Mean {
    /// How many calls.
    pub calls: u64,
    /// Their mean, nanoseconds.
    pub mean_ns: f64,
}

impl Mean {
    pub(super) fn of(spent: Duration, calls: u64) -> Self {
        // A tenth of a nanosecond is less than the clock can tell.
        let nanos = spent.as_nanos() as f64 / (calls as f64).max(1.0);
        Self { calls, mean_ns: (nanos * 10.0).round() / 10.0 }
    }
}

/// Reading what an order needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct LookUps {
    /// A member of a pool, drawn in the producer's memory.
    pub memory: Mean,
    /// A member of a pool, read from Redis (HGET).
    pub redis: Latency,
    /// A customer, read from PostgreSQL by its key.
    pub postgres_by_key: Latency,
    /// Both pools, asked of PostgreSQL.
    pub postgres_both_pools: Latency,
}

impl LookUps {
    /// How many times as long reading a customer by key takes, by its median, as something that takes so long.
    #[must_use]
    pub fn times(&self, nanos: f64) -> f64 {
        self.postgres_by_key.p50_ns as f64 / nanos.max(0.1)
    }
}

/// Making the pools anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Refresh {
    /// How long it takes.
    #[serde(flatten)]
    pub latency: Latency,
    /// Queries that one asks of PostgreSQL, as they were counted.
    pub queries: u64,
    /// How often it is due by default, seconds.
    pub interval_s: u64,
}

/// Queries of the pools, at a number of orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Queries {
    /// Orders a minute.
    pub orders_per_minute: u64,
    /// Queries a minute with the cache.
    pub cached_per_minute: f64,
    /// Queries a minute when each order asks both pools.
    pub uncached_per_minute: f64,
    /// The share that the cache saves.
    pub saved_share: f64,
}

/// Orders on their way into the tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Ways {
    /// Orders that went each way but one by one.
    pub orders: u32,
    /// Items of an order, on average.
    pub items_per_order: f64,
    /// Members of the group that consumed.
    pub members: u16,
    /// Into Kafka, orders a second.
    pub produced_per_s: f64,
    /// From a full topic into the tables, orders a second.
    pub consumed_per_s: f64,
    /// Through Kafka into the tables, both at once, orders a second.
    pub through_kafka_per_s: f64,
    /// Directly, in batches over one connection, orders a second.
    pub direct_batches_per_s: f64,
    /// Directly, one a transaction, orders a second.
    pub direct_single_per_s: f64,
    /// How long one such transaction took.
    pub direct_single: Latency,
}

/// What is claimed of a cache, against what was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Claims {
    /// “98 % fewer queries”.
    pub fewer_queries: FewerQueries,
    /// “100 times faster look-ups”.
    pub faster_look_ups: FasterLookUps,
}

/// The first claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct FewerQueries {
    /// What is claimed.
    pub claimed_share: f64,
    /// At the shop's own cadence.
    pub measured_share: f64,
    /// From so many orders a minute on it holds.
    pub holds_from_orders_per_minute: f64,
}

/// The second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct FasterLookUps {
    /// What is claimed.
    pub claimed_times: f64,
    /// Redis against the same customer by key, medians.
    pub redis_times_by_key: f64,
    /// Redis against asking for both pools, medians.
    pub redis_times_both_pools: f64,
    /// The mean in the producer's memory against the median by key.
    pub memory_times_by_key: f64,
}

/// Everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Customers of the shop that was made for it.
    pub users: u32,
    /// Its products.
    pub products: u32,
    /// Reading what an order needs.
    pub look_ups: LookUps,
    /// Making the pools anew.
    pub refresh: Refresh,
    /// Queries of the pools, at each number of orders.
    pub queries: Vec<Queries>,
    /// Orders on their way into the tables.
    pub orders: Ways,
    /// What is claimed, and what was found.
    pub claims: Claims,
    /// The same in words, and what was compared.
    pub words: Vec<String>,
}

/// Orders a minute: the shop's own cadence (one every 4 s), and 10 a second.
const CADENCES: [u64; 2] = [15, 600];
/// Seconds between two refreshes by default.
const REFRESH_EVERY: u64 = 50;
const CLAIMED_SHARE: f64 = 0.98;
const CLAIMED_TIMES: f64 = 100.0;

impl Report {
    pub(super) fn of(request: &Request, members: &Members, path: &Path) -> Self {
        let look_ups = LookUps {
            memory: members.in_memory,
            redis: members.redis,
            postgres_by_key: members.by_key,
            postgres_both_pools: members.by_pool,
        };
        let queries: Vec<Queries> = CADENCES.map(|orders| queries(members, orders)).into();
        let (first, memory) = (queries.first().copied().unwrap_or_default(), members.in_memory.mean_ns);
        let claims = Claims {
            fewer_queries: FewerQueries {
                claimed_share: CLAIMED_SHARE,
                measured_share: first.saved_share,
                holds_from_orders_per_minute: tenths(
                    first.cached_per_minute / (1.0 - CLAIMED_SHARE) / (members.queries_of_order as f64).max(1.0),
                ),
            },
            faster_look_ups: FasterLookUps {
                claimed_times: CLAIMED_TIMES,
                redis_times_by_key: hundredths(look_ups.times(members.redis.p50_ns as f64)),
                redis_times_both_pools: hundredths(
                    members.by_pool.p50_ns as f64 / (members.redis.p50_ns as f64).max(0.1),
                ),
                memory_times_by_key: hundredths(look_ups.times(memory)),
            },
        };
        let report = Self {
            users: request.users,
            products: request.products,
            look_ups,
            refresh: Refresh {
                latency: members.refresh,
                queries: members.queries_of_refresh,
                interval_s: REFRESH_EVERY,
            },
            queries,
            orders: Ways {
                orders: request.orders,
                items_per_order: hundredths(path.items),
                members: request.members,
                produced_per_s: tenths(path.produced),
                consumed_per_s: tenths(path.consumed),
                through_kafka_per_s: tenths(path.through),
                direct_batches_per_s: tenths(path.direct_batches),
                direct_single_per_s: tenths(path.direct_single),
                direct_single: path.single,
            },
            claims,
            words: Vec::new(),
        };
        Self { words: report.say(), ..report }
    }
}

fn queries(members: &Members, orders: u64) -> Queries {
    let cached = members.queries_of_refresh as f64 * 60.0 / REFRESH_EVERY as f64;
    let uncached = (members.queries_of_order * orders) as f64;
    Queries {
        orders_per_minute: orders,
        cached_per_minute: tenths(cached),
        uncached_per_minute: uncached,
        saved_share: (10_000.0 * (1.0 - cached / uncached.max(0.1))).round() / 10_000.0,
    }
}

fn tenths(figure: f64) -> f64 {
    (figure * 10.0).round() / 10.0
}

fn hundredths(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_and_mean_are_of_what_was_measured() {
        let latency = Latency::of((1..=100).rev().map(Duration::from_micros).collect());
        let expected = Latency { calls: 100, mean_ns: 50_500.0, p50_ns: 51_000, p99_ns: 100_000 };
        assert_eq!(latency, expected);
        assert_eq!(Latency::of(Vec::new()), Latency::default());
        assert_eq!(Mean::of(Duration::from_micros(1), 3).mean_ns, 333.3);
    }

    #[test]
    fn what_a_cache_saves_depends_on_how_much_is_sold() {
        let members = Members { queries_of_refresh: 2, queries_of_order: 2, ..Members::default() };
        let request = Request { orders: 1_000, users: 1_000, products: 1_000, members: 3 };
        let report = Report::of(&request, &members, &Path::default());
        let [own, lively] = report.queries.as_slice() else { panic!("{report:?}") };
        assert_eq!((own.cached_per_minute, own.uncached_per_minute, own.saved_share), (2.4, 30.0, 0.92));
        assert_eq!((lively.uncached_per_minute, lively.saved_share), (1_200.0, 0.998));
        // 60 orders ask 120 queries, of which 2.4 are two in a hundred.
        assert_eq!(report.claims.fewer_queries.holds_from_orders_per_minute, 60.0);
    }
}
