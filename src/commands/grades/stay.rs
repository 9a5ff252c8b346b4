//! `grades update --every`: a turn every so often, until asked to stop.

use std::time::{Duration, Instant};

use diesel::PgConnection;

use super::metrics::{GradesMetrics, Outcome};
use super::{Context, UpdateArgs, update_of};
use crate::backoff::Backoff;
use crate::db::grades::{self, GradesReport};
use crate::telemetry::Telemetry;

/// When a turn that failed is tried again, where the next one is not due before.
const AGAIN: Duration = Duration::from_secs(1);
const AGAIN_AT_MOST: Duration = Duration::from_secs(30);

/// A database that goes away is waited for: it is tried again soon, and more seldom as it stays away.
pub(super) fn run(args: &UpdateArgs, every: Duration, conn: PgConnection, context: &Context) -> color_eyre::Result<()> {
    let telemetry = Telemetry::start(&context.settings, &args.metrics)?;
    let metrics = GradesMetrics::register(&mut telemetry.registry());
    let postgres = telemetry.health().part("postgres");
    postgres.ready();
    let mut conn = Some(conn);
    let mut backoff = Backoff::new(AGAIN, AGAIN_AT_MOST);
    loop {
        let started = Instant::now();
        let mut pause = None;
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
                pause = Some(backoff.pause().min(every));
            }
        }
        if pause.is_none() {
            backoff.reset();
        }
        if !context.interrupt.sleep(pause.unwrap_or_else(|| every.saturating_sub(started.elapsed()))) {
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
