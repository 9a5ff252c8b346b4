//! `scenarios activate` and `deactivate`: a scenario in force for all producers, in place of the calendar's.

use std::time::Duration;

use chrono::Utc;
use color_eyre::eyre::Result;

use super::unknown;
use crate::cache::{Cache, scenario};
use crate::cli::values::parse_duration;
use crate::commands::Context;
use crate::commands::own_files::OwnFiles;
use crate::domain::date::business_time;

/// Arguments of `scenarios activate`.
#[derive(clap::Args, Debug)]
pub(super) struct ActivateArgs {
    /// The scenario's id
    id: String,
    /// How long it stays on
    #[arg(long = "for", value_name = "DURATION", default_value = "30m", value_parser = parse_duration)]
    time: Duration,
    #[command(flatten)]
    own: OwnFiles,
}

/// Switches a scenario on.
pub(super) fn activate(args: &ActivateArgs, context: &Context) -> Result<()> {
    let world = args.own.world()?;
    if world.scenarios.position(&args.id).is_none() {
        return Err(unknown(&args.id, &world).into());
    }
    let cache = Cache::of(&context.settings)?;
    let mut redis = cache.connect()?;
    let before = scenario::by_hand(&cache, &mut redis).map_err(|error| cache.explain(&error))?;
    scenario::activate(&cache, &mut redis, &args.id, args.time).map_err(|error| cache.explain(&error))?;
    let secs = i64::try_from(args.time.as_secs()).unwrap_or(i64::MAX / 2_000_000);
    let until = business_time(crate::domain::Timestamp::from_secs(Utc::now().timestamp().saturating_add(secs)));
    let instead = before.map_or_else(String::new, |before| format!(", instead of {}", before.id));
    context.printer.result(&format!("{} is on until {until}{instead}", args.id))
}

/// Switches off whatever is on.
pub(super) fn deactivate(context: &Context) -> Result<()> {
    let cache = Cache::of(&context.settings)?;
    let mut redis = cache.connect()?;
    let before = scenario::by_hand(&cache, &mut redis).map_err(|error| cache.explain(&error))?;
    scenario::deactivate(&cache, &mut redis).map_err(|error| cache.explain(&error))?;
    context.printer.result(&match before {
        Some(before) => format!("{} is off; the calendar is in force", before.id),
        None => "nothing was switched on by hand; the calendar is in force".to_owned(),
    })
}
