//! Metrics and health of `consume`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::stream::message::ErrorClass;
use crate::telemetry::metrics::{BATCH_SECONDS, LATENCY_SECONDS, Label, histogram};
use crate::telemetry::{Health, Part};

/// Labels of what belongs to one partition.
type OfPartition = [(&'static str, String); 2];

/// What all members of a process count together.
#[derive(Clone, Debug)]
pub(super) struct ConsumeMetrics {
    /// Messages by what became of them.
    pub messages: Family<Label, Counter>,
    /// Dead letters by the kind of mistake.
    pub dead_letters: Family<Label, Counter>,
    /// Orders that wait for a customer or product.
    pub parked: Gauge,
    /// Time that a transaction took.
    pub batch: Histogram,
    /// From the sender's clock to the committed row.
    pub latency: Histogram,
    /// Times that a batch had to wait for PostgreSQL or Kafka.
    pub waits: Counter,
    /// Messages that the topic did not keep until they were read.
    pub expired: Counter,
    lag: Family<OfPartition, Gauge>,
}

impl ConsumeMetrics {
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            messages: Family::default(),
            dead_letters: Family::default(),
            parked: Gauge::default(),
            batch: histogram(&BATCH_SECONDS),
            latency: histogram(&LATENCY_SECONDS),
            waits: Counter::default(),
            expired: Counter::default(),
            lag: Family::default(),
        };
        for fate in ["stored", "known", "parked", "dead"] {
            metrics.messages.get_or_create(&[("fate", fate)]).inc_by(0);
        }
        for class in ErrorClass::ALL {
            metrics.dead_letters.get_or_create(&[("reason", class.as_str())]).inc_by(0);
        }
        registry.register("consumed_messages", "Messages by what became of them", metrics.messages.clone());
        registry.register(
            "dead_letters",
            "Messages written to the dead letters, by reason",
            metrics.dead_letters.clone(),
        );
        registry.register(
            "parked_orders",
            "Orders of all members that wait for a customer or product",
            metrics.parked.clone(),
        );
        registry.register_with_unit(
            "batch_duration",
            "Time that a transaction of messages took",
            Unit::Seconds,
            metrics.batch.clone(),
        );
        registry.register_with_unit(
            "end_to_end_latency",
            "Time from the sending of a message to its committed row",
            Unit::Seconds,
            metrics.latency.clone(),
        );
        registry.register("consumer_waits", "Times that a batch had to wait for a service", metrics.waits.clone());
        registry.register(
            "consumer_expired_messages",
            "Messages that the topic did not keep until they were read",
            metrics.expired.clone(),
        );
        registry.register("consumer_lag_messages", "Messages of a partition not stored yet", metrics.lag.clone());
        metrics
    }

    /// Messages that met the same fate.
    pub fn count(&self, fate: &'static str, messages: u64) {
        self.messages.get_or_create(&[("fate", fate)]).inc_by(messages);
    }

    /// How far a partition is behind.
    pub fn set_lag(&self, topic: &str, partition: i32, lag: i64) {
        self.lag.get_or_create(&of_partition(topic, partition)).set(lag);
    }

    /// A partition is another member's now: so is what is said of it.
    pub fn forget_lag(&self, topic: &str, partition: i32) {
        self.lag.remove(&of_partition(topic, partition));
    }
}

fn of_partition(topic: &str, partition: i32) -> OfPartition {
    [("topic", topic.to_owned()), ("partition", partition.to_string())]
}

/// Whether the members of a process have partitions to read: with more members than partitions some have none, and that is as
/// it should be.
#[derive(Debug)]
pub(super) struct Holdings {
    part: Part,
    /// By member: the partitions that the group gave to it, and how many of them PostgreSQL has said of where to begin.
    members: Mutex<BTreeMap<u16, (usize, usize)>>,
}

impl Holdings {
    pub fn declare(health: &Health) -> Self {
        let part = health.part("partitions");
        part.not_ready("none is assigned yet");
        Self { part, members: Mutex::default() }
    }

    pub fn set(&self, member: u16, assigned: usize, begun: usize) {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.insert(member, (assigned, begun));
        if members.values().all(|(assigned, _)| *assigned == 0) {
            self.part.not_ready("none is assigned: the group may have more members than partitions");
        } else if members.values().any(|(assigned, begun)| begun < assigned) {
            self.part.not_ready("PostgreSQL was not asked yet where to begin");
        } else {
            self.part.ready();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_member_with_a_partition_is_enough_and_none_may_be_waiting() {
        let health = Health::default();
        let holdings = Holdings::declare(&health);
        assert!(!health.is_ready());
        holdings.set(1, 0, 0);
        assert!(health.not_ready().contains("more members than partitions"));
        holdings.set(2, 2, 1);
        assert!(health.not_ready().contains("where to begin"));
        holdings.set(2, 2, 2);
        assert!(health.is_ready());
        holdings.set(2, 0, 0);
        assert!(!health.is_ready());
    }
}
