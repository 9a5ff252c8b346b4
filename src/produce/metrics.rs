//! Metrics and health of `produce`.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::request::Streams;
use super::totals::{ByKind, Totals};
use crate::telemetry::metrics::{LATENCY_SECONDS, LateGauge, histogram};
use crate::telemetry::{Health, Part};

/// What a producer counts besides its totals.
#[derive(Debug)]
pub(super) struct ProduceMetrics {
    /// Time from handing over to the brokers' confirmation.
    pub delivery: Histogram,
    /// Number of the pool in use.
    pub generation: LateGauge,
    /// Age of the pool in use.
    pub pool_age: LateGauge,
}

impl ProduceMetrics {
    pub(super) fn register(registry: &mut Registry, totals: &Totals) -> Self {
        let metrics = Self {
            delivery: histogram(&LATENCY_SECONDS),
            generation: LateGauge::default(),
            pool_age: LateGauge::default(),
        };
        registry.register_with_unit(
            "delivery_duration",
            "Time from handing a message to the client to its confirmation by the brokers",
            Unit::Seconds,
            metrics.delivery.clone(),
        );
        registry.register(
            "pool_generation",
            "Number of the pool that orders are drawn from",
            metrics.generation.clone(),
        );
        registry.register_with_unit(
            "pool_age",
            "Time since the pool in use was refreshed",
            Unit::Seconds,
            metrics.pool_age.clone(),
        );
        registry.register_collector(Box::new(Sums(totals.clone())));
        metrics
    }
}

/// The totals, read when somebody asks.
#[derive(Debug)]
struct Sums(Totals);

impl Collector for Sums {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let sums = self.0.sent();
        for (name, help, kinds) in [
            ("produced_messages", "Messages handed to the client, by kind.", sums.sent),
            ("delivered_messages", "Messages that the brokers confirmed, by kind.", sums.delivered),
        ] {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (kind, count) in by_name(&kinds) {
                let labels = [("kind", kind)];
                let metric = family.encode_family(&labels)?;
                ConstCounter::new(count).encode(metric)?;
            }
        }
        let total = |kinds: &ByKind| by_name(kinds).iter().map(|(_, count)| count).sum::<u64>();
        let outstanding = total(&sums.sent).saturating_sub(total(&sums.delivered));
        let help = "Messages that nobody has answered for yet.";
        let gauge = encoder.encode_descriptor("outstanding_messages", help, None, MetricType::Gauge)?;
        ConstGauge::new(i64::try_from(outstanding).unwrap_or(i64::MAX)).encode(gauge)
    }
}

fn by_name(kinds: &ByKind) -> [(&'static str, u64); 6] {
    [
        ("order", kinds.orders),
        ("product", kinds.products),
        ("user", kinds.users),
        ("duplicate", kinds.duplicates),
        ("poison", kinds.poison),
        ("orphan", kinds.orphans),
    ]
}

/// What a producer depends on.
#[derive(Debug)]
pub(super) struct Parts {
    pub kafka: Part,
    /// Only who makes orders asks Redis for anything.
    pub redis: Option<Part>,
}

impl Parts {
    pub(super) fn declare(health: &Health, streams: Streams) -> Self {
        Self { kafka: health.part("kafka"), redis: streams.orders.then(|| health.part("redis")) }
    }
}
