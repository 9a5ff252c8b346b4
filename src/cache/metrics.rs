//! Metrics of `cache refresh --every`.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::members::PoolMeta;
use crate::telemetry::metrics::{BATCH_SECONDS, Label, LateGauge, histogram, set, unix_now};

const DONE: Label = [("outcome", "done")];
const FAILED: Label = [("outcome", "failed")];

/// What the refresher counts.
#[derive(Debug)]
pub struct CacheMetrics {
    refreshes: Family<Label, Counter>,
    members: Family<[(&'static str, &'static str); 2], Gauge>,
    replaced: Family<Label, Gauge>,
    generation: LateGauge,
    last_success: LateGauge,
    duration: Histogram,
}

impl CacheMetrics {
    /// Registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            refreshes: Family::default(),
            members: Family::default(),
            replaced: Family::default(),
            generation: LateGauge::default(),
            last_success: LateGauge::default(),
            duration: histogram(&BATCH_SECONDS),
        };
        for outcome in [DONE, FAILED] {
            // From the beginning, so that the first failure is an increase.
            metrics.refreshes.get_or_create(&outcome).inc_by(0);
        }
        registry.register("cache_refreshes", "Refreshes of the pools, by how they ended", metrics.refreshes.clone());
        registry.register("cache_members", "Members of the pools, by part", metrics.members.clone());
        registry.register("cache_replaced", "Members that the pool before did not have", metrics.replaced.clone());
        registry.register("cache_generation", "Number of the pools in place", metrics.generation.clone());
        registry.register_with_unit(
            "cache_last_success_timestamp",
            "When this process last put pools in place, since 1970",
            Unit::Seconds,
            metrics.last_success.clone(),
        );
        registry.register_with_unit(
            "cache_refresh_duration",
            "Time that a refresh took",
            Unit::Seconds,
            metrics.duration.clone(),
        );
        metrics
    }

    /// New pools are in place.
    pub fn refreshed(&self, meta: &PoolMeta, took: Duration) {
        self.refreshes.get_or_create(&DONE).inc();
        for (pool, part, members) in [
            ("customers", "bought", meta.users_bought),
            ("customers", "new", meta.users_new),
            ("products", "sold", meta.products_sold),
            ("products", "newest", meta.products_newest),
            ("products", "called_back", meta.products_called_back),
        ] {
            self.members.get_or_create(&[("pool", pool), ("part", part)]).set(gauge(members));
        }
        self.replaced.get_or_create(&[("pool", "customers")]).set(gauge(meta.users_replaced));
        self.replaced.get_or_create(&[("pool", "products")]).set(gauge(meta.products_replaced));
        set(&self.generation, meta.generation as f64);
        set(&self.last_success, unix_now());
        self.duration.observe(took.as_secs_f64());
    }

    /// The old pools stay.
    pub fn failed(&self) {
        self.refreshes.get_or_create(&FAILED).inc();
    }
}

fn gauge(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
