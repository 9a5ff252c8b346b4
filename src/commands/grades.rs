//! `shopstream grades update`: everybody's grade recomputed, once or every so often.

mod metrics;
mod stay;

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Map, json};

use super::Context;
use crate::cli::example;
use crate::cli::values::{parse_date, parse_duration, parse_interval};
use crate::db::grades::{self, GradesReport, GradesUpdate};
use crate::domain::date::business_time;
use crate::domain::rows::Counted;
use crate::domain::{Grade, Timestamp};
use crate::error::Failure;
use crate::output::{Cell, Printer, Table, number};
use crate::telemetry::MetricsArgs;

/// Arguments of `grades`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&["shopstream grades update"]))]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done about grades.
#[derive(clap::Subcommand, Debug)]
pub enum Action {
    /// Recompute every customer's grade from the completed orders of six months
    Update(UpdateArgs),
}

/// Arguments of `grades update`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&[
    "shopstream grades update --as-of 2026-01-01 --dry-run",
    "shopstream grades update --every 10m",
]))]
#[command(mut_arg("metrics_addr", |arg| arg.requires("every")))]
pub struct UpdateArgs {
    /// Stay, and recompute them every so often
    #[arg(long, value_name = "DURATION", value_parser = parse_interval, conflicts_with_all = ["dry_run", "json"])]
    pub every: Option<Duration>,

    /// Look back from here instead of now: a day (its 00:00, UTC+9) or an RFC 3339 time; keeps a past year's grades as
    /// they were, also with --every
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub as_of: Option<Timestamp>,

    /// Tell what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// What the thresholds count: checkouts, or each line of a cart as an order
    #[arg(long, value_name = "WHAT", default_value = "orders", value_parser = ["orders", "items"])]
    pub count: String,

    /// Least time between two demotions of one customer [default: 7d]
    // The default is the domain's constant, which the simulated year follows too.
    #[arg(long, value_name = "DURATION", value_parser = parse_rest)]
    pub demote_every: Option<Duration>,

    /// Metrics and health, while it stays.
    #[command(flatten)]
    pub metrics: MetricsArgs,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Recomputes the grades.
///
/// # Errors
/// When the database cannot be reached, is not migrated, or refuses.
pub fn run(args: &Args, context: &Context) -> color_eyre::Result<()> {
    let Action::Update(args) = &args.action;
    let mut conn = context.connect_migrated()?;
    if let Some(as_of) = args.as_of.filter(|_| !args.dry_run) {
        check_history(&mut conn, as_of)?;
    }
    match args.every {
        Some(every) => stay::run(args, every, conn, context),
        None => once(args, conn, context),
    }
}

/// Changes are a history: one before the newest would contradict those that follow it.
fn check_history(conn: &mut PgConnection, as_of: Timestamp) -> color_eyre::Result<()> {
    match grades::newest_change(conn)? {
        Some(newest) if newest > as_of => Err(Failure::usage(format!(
            "grades were changed as of {} already; a look from {} would contradict that",
            business_time(newest),
            business_time(as_of)
        ))
        .help("add --dry-run to see what it would find, or give a later --as-of")
        .into()),
        _ => Ok(()),
    }
}

fn update_of(args: &UpdateArgs) -> color_eyre::Result<GradesUpdate> {
    let mut update = GradesUpdate::new(args.as_of.unwrap_or_else(|| Utc::now().into()));
    if let Some(rest) = args.demote_every {
        update.demote_every_secs = i64::try_from(rest.as_secs())?;
    }
    Ok(GradesUpdate { count: args.count.parse::<Counted>()?, dry_run: args.dry_run, ..update })
}

fn once(args: &UpdateArgs, mut conn: PgConnection, context: &Context) -> color_eyre::Result<()> {
    let stages = context.printer.stages("grades");
    let report = grades::update_followed(&mut conn, &update_of(args)?, &stages)?;
    drop(stages);
    match (report, args.json) {
        (Some(report), as_json) => {
            if args.as_of.is_none() && looks_past_the_orders(&report) {
                context.printer.warn(
                    "nobody was promoted, and most who could fall did: the shop's orders seem to lie long before now; \
                     look back from their end with --as-of DATE",
                );
            }
            if as_json {
                context.printer.json(&to_json(&report, args.dry_run))
            } else {
                print(&report, args.dry_run, &context.printer)
            }
        }
        (None, true) => context.printer.json(&json!({ "skipped": "another updater is at work" })),
        (None, false) => {
            context.printer.note("another updater is at work on this database; nothing was done");
            Ok(())
        }
    }
}

fn print(report: &GradesReport, dry_run: bool, printer: &Printer) -> color_eyre::Result<()> {
    let mut flows = Table::new(["from", "to", "customers"]);
    for moved in &report.moved {
        flows.row([moved.from.as_str().into(), moved.to.as_str().into(), moved.customers.into()]);
    }
    if !report.moved.is_empty() {
        printer.table(&flows)?;
        printer.result("")?;
    }
    let everybody: u64 = report.distribution.iter().sum();
    let mut pyramid = Table::new(["grade", "customers", "share"]);
    for (grade, customers) in Grade::ALL.iter().zip(report.distribution).rev() {
        let share = if everybody == 0 { 0.0 } else { customers as f64 / everybody as f64 };
        pyramid.row([grade.as_str().into(), customers.into(), Cell::share(share)]);
    }
    printer.table(&pyramid)?;
    printer.result(&format!(
        "{} promoted, {} demoted, {} unchanged as of {}{}",
        number::count(report.promoted()),
        number::count(report.demoted()),
        number::count(report.unchanged()),
        business_time(report.as_of),
        if dry_run { " (dry run: nothing was changed)" } else { "" }
    ))
}

fn to_json(report: &GradesReport, dry_run: bool) -> serde_json::Value {
    let pyramid = Grade::ALL.iter().zip(report.distribution);
    json!({
        "as_of": business_time(report.as_of),
        "dry_run": dry_run,
        "promoted": report.promoted(),
        "demoted": report.demoted(),
        "unchanged": report.unchanged(),
        "moved": report.moved,
        "distribution": pyramid.map(|(grade, customers)| (grade.to_string(), customers.into())).collect::<Map<_, _>>(),
    })
}

/// Whether the update saw what is seen long after a shop's last order: grades only fall, and many do.
fn looks_past_the_orders(report: &GradesReport) -> bool {
    let still_above_bronze: u64 = report.distribution.iter().skip(1).sum();
    let left: u64 = report.moved.iter().filter(|moved| moved.to == Grade::Bronze).map(|moved| moved.customers).sum();
    report.promoted() == 0 && report.demoted() >= 10 && 2 * report.demoted() > still_above_bronze + left
}

pub(super) fn parse_instant(text: &str) -> Result<Timestamp, String> {
    if text.contains(':') {
        let time = DateTime::parse_from_rfc3339(text);
        return time
            .map(|time| time.to_utc().into())
            .map_err(|_| "a time is written with its distance from UTC, such as 2026-01-01T00:00:00+09:00".to_owned());
    }
    parse_date(text).map(Timestamp::business_midnight)
}

/// A distance between demotions; a century is as good as never, and can still be subtracted from any time.
fn parse_rest(text: &str) -> Result<Duration, String> {
    let rest = parse_duration(text)?;
    if rest.as_secs() <= 36_500 * 86_400 { Ok(rest) } else { Err("at most 36500d".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_first_moment_of_business_time() {
        let day = parse_instant("2026-01-01").unwrap();
        assert_eq!(day, parse_instant("2026-01-01T00:00:00+09:00").unwrap());
        assert_eq!(day, parse_instant("2025-12-31T15:00:00Z").unwrap());
        assert_eq!(business_time(day), "2026-01-01T00:00:00+09:00");
        assert!(parse_instant("2026-01-01T00:00:00").is_err_and(|error| error.contains("+09:00")));
        assert!(parse_instant("yesterday").is_err());
    }

    #[test]
    fn the_rest_between_demotions_ends_somewhere() {
        assert_eq!(parse_rest("7d"), Ok(Duration::from_secs(7 * 86_400)));
        assert!(parse_rest("36501d").is_err());
    }
}
