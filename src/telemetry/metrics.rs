//! What all metrics share: the registry, names, buckets and kinds.
//!
//! Conventions: base units (seconds, bytes) in the name, by `register_with_unit`; counters end in `_total`, which the
//! encoder adds; labels come from small sets known beforehand, and neither name, label nor help holds anything of a
//! connection. What is not known is left out, never shown as 0: such a gauge is a [`LateGauge`].

use std::sync::atomic::AtomicU64;
use std::time::UNIX_EPOCH;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::health::Health;

/// What every name begins with; an underscore follows.
const PREFIX: &str = "shopstream";

/// Upper bounds for the time one batch or turn takes, seconds: a millisecond to a minute.
pub const BATCH_SECONDS: [f64; 15] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Upper bounds for the time from a message's making to its row, seconds: 5 ms to a minute.
pub const LATENCY_SECONDS: [f64; 13] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// The name and value of a metric's only label.
pub type Label = [(&'static str, &'static str); 1];

/// A gauge that appears when it is first [`set`], and not before.
pub type LateGauge = Family<[(&'static str, &'static str); 0], Gauge<f64, AtomicU64>>;

/// Sets a gauge that may not have appeared yet.
pub fn set(gauge: &LateGauge, value: f64) {
    gauge.get_or_create(&[]).set(value);
}

/// A histogram with one of the lists of buckets above.
#[must_use]
pub fn histogram(buckets: &[f64]) -> Histogram {
    Histogram::new(buckets.iter().copied())
}

/// The present moment as metrics write it: seconds since 1970.
#[must_use]
pub fn unix_now() -> f64 {
    UNIX_EPOCH.elapsed().map_or(0.0, |since| since.as_secs_f64())
}

/// A registry with what every process tells.
pub(super) fn registry(health: &Health) -> Registry {
    let mut registry = Registry::with_prefix(PREFIX);
    let build = [("version", env!("CARGO_PKG_VERSION")), ("commit", env!("SHOPSTREAM_COMMIT"))];
    registry.register("build", "Version of the program, and the commit it was built from", Info::new(build));
    registry.register_with_unit(
        "process_start_time",
        "When this process began, since 1970",
        Unit::Seconds,
        ConstGauge::new(unix_now()),
    );
    registry.register_collector(Box::new(health.clone()));
    registry
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::prometheus_text::encode;

    use super::*;

    fn text(registry: &Registry) -> String {
        let mut text = String::new();
        encode(&mut text, registry).unwrap();
        text
    }

    #[test]
    fn every_process_tells_its_build_its_start_and_its_parts() {
        let health = Health::default();
        health.part("postgres").ready();
        health.part("kafka").not_ready("away");
        let text = text(&registry(&health));
        let version = concat!("shopstream_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\",commit=\"");
        assert!(text.contains(version), "{text}");
        assert!(text.contains("\n# TYPE shopstream_process_start_time_seconds gauge\n"), "{text}");
        assert!(text.contains("\nshopstream_part_ready{part=\"postgres\"} 1\n"), "{text}");
        assert!(text.contains("\nshopstream_part_ready{part=\"kafka\"} 0\n"), "{text}");
    }

    #[test]
    fn what_is_not_known_is_not_shown() {
        let (mut registry, late) = (Registry::with_prefix(PREFIX), LateGauge::default());
        registry.register_with_unit("last", "The last", Unit::Seconds, late.clone());
        assert_eq!(text(&registry), "");
        set(&late, 1.5);
        assert!(text(&registry).ends_with("\nshopstream_last_seconds 1.5\n"), "{}", text(&registry));
    }

    #[test]
    fn buckets_rise() {
        for buckets in [&BATCH_SECONDS[..], &LATENCY_SECONDS] {
            assert!(buckets.is_sorted_by(|a, b| a < b));
        }
    }
}
