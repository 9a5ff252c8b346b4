//! What the monitor sees, for Prometheus. What is not known is left out.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::Snapshot;
use super::seen::Seen;
use crate::telemetry::metrics::{Label, LateGauge, set};
use crate::telemetry::{Health, Part};

/// One label whose values are known only at run time.
type Named = [(&'static str, String); 1];
type OfPartition = [(&'static str, String); 3];

/// The monitor's metrics, and whether each service answers.
#[derive(Debug)]
pub struct MonitorMetrics {
    up: Family<Label, Gauge>,
    pool_age: LateGauge,
    pool_generation: LateGauge,
    written: Family<Named, Gauge>,
    lag: Family<OfPartition, Gauge>,
    members: Family<Named, Gauge>,
    letters: Family<Named, Gauge>,
    under_replicated: LateGauge,
    rows: Family<Named, Gauge>,
    connections: LateGauge,
    parts: [Part; 3],
}

impl MonitorMetrics {
    /// Registers them.
    pub fn register(registry: &mut Registry, health: &Health) -> Self {
        let metrics = Self {
            up: Family::default(),
            pool_age: LateGauge::default(),
            pool_generation: LateGauge::default(),
            written: Family::default(),
            lag: Family::default(),
            members: Family::default(),
            letters: Family::default(),
            under_replicated: LateGauge::default(),
            rows: Family::default(),
            connections: LateGauge::default(),
            parts: ["redis", "kafka", "postgres"].map(|service| health.part(service)),
        };
        registry.register("service_up", "Whether a service answers the monitor", metrics.up.clone());
        registry.register_with_unit(
            "pool_age",
            "Time since the pool in place was refreshed",
            Unit::Seconds,
            metrics.pool_age.clone(),
        );
        registry.register("pool_generation", "Number of the pool in place", metrics.pool_generation.clone());
        registry.register("topic_written_messages", "Messages ever written to a topic", metrics.written.clone());
        registry.register("group_lag_messages", "Messages that a group has not stored yet", metrics.lag.clone());
        registry.register("group_members", "Members of a group", metrics.members.clone());
        registry.register("kept_dead_letters", "Dead letters that a topic keeps", metrics.letters.clone());
        registry.register(
            "under_replicated_partitions",
            "Partitions of the shop's topics that lack a copy",
            metrics.under_replicated.clone(),
        );
        registry.register("table_rows", "About how many rows a table has", metrics.rows.clone());
        registry.register("database_connections", "Connections to PostgreSQL", metrics.connections.clone());
        metrics
    }

    /// Takes in what is known.
    pub fn update(&self, snapshot: &Snapshot) {
        let [redis, kafka, postgres] = &self.parts;
        self.service(redis, "redis", &snapshot.cache);
        self.service(kafka, "kafka", &snapshot.kafka);
        self.service(postgres, "postgres", &snapshot.postgres);
        for gauge in [&self.pool_age, &self.pool_generation, &self.under_replicated, &self.connections] {
            gauge.clear();
        }
        self.written.clear();
        self.lag.clear();
        self.members.clear();
        self.letters.clear();
        self.rows.clear();
        if let Some(view) = snapshot.cache.view().filter(|view| view.pool.generation > 0) {
            set(&self.pool_age, view.pool.age_ms(snapshot.now) as f64 / 1_000.0);
            set(&self.pool_generation, view.pool.generation as f64);
        }
        if let Some(view) = snapshot.kafka.view() {
            set(&self.under_replicated, view.under_replicated as f64);
            for topic in &view.topics {
                let Some(written) = topic.written else { continue };
                self.written.get_or_create(&[("topic", topic.name.clone())]).set(written.cast_signed());
            }
            for of in &view.dead_letters {
                let Some(letters) = of.letters else { continue };
                self.letters.get_or_create(&[("topic", of.topic.clone())]).set(letters.cast_signed());
            }
            for group in &view.groups {
                if let Some(members) = group.members.and_then(|members| i64::try_from(members).ok()) {
                    self.members.get_or_create(&[("group", group.name.clone())]).set(members);
                }
                for part in group.partitions.iter().filter(|part| part.lag.is_some()) {
                    let labels = [
                        ("group", group.name.clone()),
                        ("topic", group.topic.clone()),
                        ("partition", part.partition.to_string()),
                    ];
                    self.lag.get_or_create(&labels).set(part.lag.unwrap_or(0).cast_signed());
                }
            }
        }
        if let Some(view) = snapshot.postgres.view() {
            set(&self.connections, view.connections as f64);
            for table in &view.tables {
                let Some(rows) = table.rows else { continue };
                self.rows.get_or_create(&[("table", table.name.clone())]).set(rows);
            }
        }
    }

    fn service<T>(&self, part: &Part, name: &'static str, seen: &Seen<T>) {
        let up = match seen {
            // Not asked for: no part of this monitor's work.
            Seen::NotConfigured(_) => {
                part.ready();
                return;
            }
            Seen::Known { .. } => {
                part.ready();
                1
            }
            Seen::Away { why, .. } => {
                part.not_ready(why);
                0
            }
            Seen::Waiting => {
                part.not_ready("asked, and not answered yet");
                return;
            }
        };
        self.up.get_or_create(&[("service", name)]).set(up);
    }
}
