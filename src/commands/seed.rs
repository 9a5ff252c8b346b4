//! `shopstream seed`: the shop's customers and products, into PostgreSQL.

use chrono::NaiveDate;
use color_eyre::eyre::Result;
use serde_json::json;

use super::own_files::OwnFiles;
use super::{Context, business_year};
use crate::backfill::request::{DEFAULT_SEED, check_as_of};
use crate::cli::example;
use crate::cli::values::{parse_count, parse_date};
use crate::db::seeding::{self, SeedOutcome, SeedRequest};
use crate::output::Table;

/// Arguments of `seed`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&["shopstream seed", "shopstream seed --users 10_000 --products 20_000 --as-of 2026-01-01"]))]
pub struct Args {
    #[command(flatten)]
    shop: SeedArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Which shop is sown.
#[derive(clap::Args, Debug)]
pub struct SeedArgs {
    /// Customers
    #[arg(long, value_name = "N", default_value = "10_000", value_parser = parse_count::<u32>)]
    users: u32,
    /// Products
    #[arg(long, value_name = "N", default_value = "20_000", value_parser = parse_count::<u32>)]
    products: u32,
    /// Seed of every random draw: the same one again adds nothing, another adds another shop's rows
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED, value_parser = parse_count::<u64>)]
    seed: u64,
    /// The day until which customers sign up and products are made [default: 1 January of this year]
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    as_of: Option<NaiveDate>,
    #[command(flatten)]
    own: OwnFiles,
}

/// Writes what the seed's shop lacks.
///
/// # Errors
/// When the database cannot be reached or written, the seed was sown as of another day, or on an interruption.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let outcome = sow(&args.shop, context)?;
    if args.json { as_json(&args.shop, &outcome, context) } else { print(&args.shop, &outcome, context) }
}

/// Writes what the seed's shop lacks; prints nothing but progress.
///
/// # Errors
/// As [`run`].
pub fn sow(args: &SeedArgs, context: &Context) -> Result<SeedOutcome> {
    if let Some(as_of) = args.as_of {
        check_as_of(as_of)?;
    }
    let request = SeedRequest {
        seed: args.seed,
        users: args.users,
        products: args.products,
        as_of: args.as_of,
        default_as_of: NaiveDate::from_ymd_opt(business_year(), 1, 1).unwrap_or(NaiveDate::MIN),
    };
    let world = args.own.world()?;
    let mut conn = context.connect_migrated()?;
    let total = u64::from(args.users) + u64::from(args.products);
    let progress = context.printer.progress("seed", Some(total), "rows");
    let outcome = seeding::seed(&mut conn, &world, &request, &|rows| progress.inc(rows), &context.interrupt)?;
    progress.finish();
    Ok(outcome)
}

fn as_json(args: &SeedArgs, outcome: &SeedOutcome, context: &Context) -> Result<()> {
    context.printer.json(&json!({
        "seed": args.seed,
        "as_of": outcome.as_of.to_string(),
        "users": { "added": outcome.users.0, "total": outcome.users.1 },
        "products": { "added": outcome.products.0, "total": outcome.products.1 },
    }))
}

/// Prints what was added.
///
/// # Errors
/// When standard output cannot be written.
pub fn print(args: &SeedArgs, outcome: &SeedOutcome, context: &Context) -> Result<()> {
    let mut table = Table::new(["table", "added", "of this seed"]);
    table.row(["users".into(), outcome.users.0.into(), outcome.users.1.into()]);
    table.row(["products".into(), outcome.products.0.into(), outcome.products.1.into()]);
    context.printer.table(&table)?;
    context.printer.result(&format!("Seed {} as of {}.", args.seed, outcome.as_of))
}
