//! `grades update --every`: a turn every so often, until asked to stop.

use std::time::{Duration, Instant};

use diesel::PgConnection;

use super::metrics::{GradesMetrics, Outcome};
use super::{Context, UpdateArgs, update_of};
use crate::db::grades::{self, GradesReport};
use crate::telemetry::Telemetry;

/// A database that goes away is waited for: it is tried again at the next turn.
pub(super) fn run(args: &UpdateArgs, every: Duration, conn: PgConnection, context: &Context) -> color_eyre::Result<()> {
    let telemetry = Telemetry::start(&context.settings, &args.metrics)?;
    let metrics = GradesMetrics::register(&mut telemetry.registry());
    let postgres = telemetry.health().part("postgres");
    postgres.ready();
    let mut conn = Some(conn);
    loop {
        let started = Instant::now();
        match turn(args, &mut conn, context) {
            Ok(Some(report)) => {
                metrics.updated(&report, started.elapsed());
                postgres.ready();
                let [bronze, silver, gold, vip] = report.distribution;
                let (promoted, demoted, unchanged) = (report.promoted(), report.demoted(), report.unchanged());
                tracing::info!(promoted, demoted, unchanged, bronze, silver, gold, vip, "grades updated");
            }
            Ok(None) => {
                metrics.count(Outcome::Skipped);
                postgres.ready();
                tracing::info!("another updater is at work; this turn is its");
            }
            Err(report) => {
                metrics.count(Outcome::Failed);
                postgres.not_ready(format_args!("{report:#}"));
                tracing::warn!("grades were not updated: {report:#}");
                conn = None;
            }
        }
        if !context.interrupt.sleep(every.saturating_sub(started.elapsed())) {
            tracing::info!("asked to stop");
            return Ok(());
        }
    }
}

fn turn(
    args: &UpdateArgs,
    conn: &mut Option<PgConnection>,
    context: &Context,
) -> color_eyre::Result<Option<GradesReport>> {
    let conn = match conn {
        Some(conn) => conn,
        None => conn.insert(context.connect_migrated()?),
    };
    grades::update(conn, &update_of(args)?)
}
