//! Metrics of `grades update --every`.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::db::grades::GradesReport;
use crate::domain::Grade;
use crate::telemetry::metrics::{BATCH_SECONDS, Label, LateGauge, histogram, set, unix_now};

/// How a turn ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    /// Everybody's grade was recomputed.
    Done,
    /// Another updater was at it.
    Skipped,
    /// Nothing was changed.
    Failed,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Done, Self::Skipped, Self::Failed];

    const fn label(self) -> Label {
        [(
            "outcome",
            match self {
                Self::Done => "done",
                Self::Skipped => "skipped",
                Self::Failed => "failed",
            },
        )]
    }
}

/// What the updater counts.
#[derive(Debug)]
pub(super) struct GradesMetrics {
    updates: Family<Label, Counter>,
    promotions: Counter,
    demotions: Counter,
    customers: Family<Label, Gauge>,
    last_success: LateGauge,
    duration: Histogram,
}

impl GradesMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            updates: Family::default(),
            promotions: Counter::default(),
            demotions: Counter::default(),
            customers: Family::default(),
            last_success: LateGauge::default(),
            duration: histogram(&BATCH_SECONDS),
        };
        // From the beginning, so that the first failure is an increase.
        for outcome in Outcome::ALL {
            metrics.updates.get_or_create(&outcome.label()).inc_by(0);
        }
        registry.register("grades_updates", "Turns of the updater, by how they ended", metrics.updates.clone());
        registry.register("grades_promotions", "Customers whose grade rose", metrics.promotions.clone());
        registry.register("grades_demotions", "Customers whose grade fell", metrics.demotions.clone());
        registry.register("grades_customers", "Customers by grade after the last update", metrics.customers.clone());
        registry.register_with_unit(
            "grades_last_success_timestamp",
            "When this process last recomputed the grades, since 1970",
            Unit::Seconds,
            metrics.last_success.clone(),
        );
        registry.register_with_unit(
            "grades_update_duration",
            "Time that a recomputation of all grades took",
            Unit::Seconds,
            metrics.duration.clone(),
        );
        metrics
    }

    pub(super) fn count(&self, outcome: Outcome) {
        self.updates.get_or_create(&outcome.label()).inc();
    }

    pub(super) fn updated(&self, report: &GradesReport, took: Duration) {
        self.count(Outcome::Done);
        self.promotions.inc_by(report.promoted());
        self.demotions.inc_by(report.demoted());
        for (grade, customers) in Grade::ALL.iter().zip(report.distribution) {
            let gauge = self.customers.get_or_create(&[("grade", grade.as_str())]);
            gauge.set(i64::try_from(customers).unwrap_or(i64::MAX));
        }
        set(&self.last_success, unix_now());
        self.duration.observe(took.as_secs_f64());
    }
}
