//! The year into PostgreSQL.

use chrono::Utc;
use color_eyre::eyre::Result;
use serde_json::json;

use super::Args;
use super::report::{self, BarByMonth};
use crate::backfill::Request;
use crate::backfill::postgres::{Earlier, admit};
use crate::commands::Context;
use crate::db::address::DatabaseAddress;
use crate::db::runs;
use crate::domain::Timestamp;
use crate::error::Failure;
use crate::generator::World;
use crate::interrupt::Interrupted;
use crate::output::failure::with_remedy;

/// Connections at once: more wait for PostgreSQL rather than for us.
const CONNECTIONS: usize = 2;

pub(super) fn run(args: &Args, world: &World, request: &Request, context: &Context) -> Result<()> {
    let url = context.settings.database_url()?.expose();
    let earlier = match (args.resume, args.replace) {
        (true, _) => Earlier::Resume,
        (_, true) => Earlier::Replace,
        _ => Earlier::Refuse,
    };
    let address = DatabaseAddress::parse(url)?;
    let failed = |help: &str| {
        Failure::new(format!("the year {} was not written to PostgreSQL at {address}", request.year)).help(help)
    };
    if args.replace {
        ask(args, request.year, context)?;
    }
    let admitted = admit(world, url, request, earlier, Timestamp::from(Utc::now()))
        .map_err(|error| with_remedy(error, || failed("give the same command again once the cause is mended")))?;
    let complete = admitted.was_complete();
    let bar = BarByMonth::new(&context.printer, request, world);
    let outcome =
        admitted.run(args.jobs.map_or(CONNECTIONS, usize::from), &bar, &context.interrupt).map_err(|error| {
            if error.is::<Interrupted>() {
                let help = Failure::new(format!("the year {} is there in part", request.year))
                    .help("give --resume to finish it, or --replace to begin anew");
                return error.wrap_err(help);
            }
            with_remedy(error, || {
                failed("months that are done stay; once the cause is mended, --resume goes on, --replace begins anew")
            })
        })?;
    bar.finish();
    if args.json {
        return context.printer.json(&json!({
            "year": request.year,
            "run_id": outcome.run_id.to_string(),
            "was_complete": outcome.was_complete,
            "summary": report::summary_json(&outcome.summary, world),
        }));
    }
    report::show_summary(&outcome.summary, world, &context.printer)?;
    let place = if complete { "was there already" } else { "is in PostgreSQL" };
    context.printer.result(&format!(
        "\nThe year {} {place}: tables orders, order_items, grade_changes (run {}); view order_lines.",
        request.year, outcome.run_id
    ))
}

/// Asks whether the year that is there may go, if one is.
fn ask(args: &Args, year: i32, context: &Context) -> Result<()> {
    let Some(run) = runs::find(&mut context.connect_migrated()?, year)? else { return Ok(()) };
    let months = run.months_done.len();
    let what = format!("this takes back the year {year} in PostgreSQL, {months} of 12 months (run {})", run.run_id);
    args.consent.to(&what, "", context)
}
