//! `shopstream init`: everything that a shop needs before it opens.

use color_eyre::eyre::Result;

use super::seed::SeedArgs;
use super::topics::WishArgs;
use super::{Context, cache, seed, topics};
use crate::cache::Cache;
use crate::cli::example;
use crate::db::migrate;
use crate::generator::tables::DemandTables;
use crate::output::number;

/// Arguments of `init`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&["shopstream init --as-of 2026-01-01"]))]
pub struct Args {
    #[command(flatten)]
    shop: SeedArgs,
    #[command(flatten)]
    topics: WishArgs,
}

/// Migrates, makes topics, sows, fills the cache; what is there already stays.
///
/// # Errors
/// When a service cannot be reached or refuses; the step is named, and those before it are done.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let printer = &context.printer;
    // All three are asked first: what is misspelt comes to light before anything is done.
    let cache = Cache::of(&context.settings)?;
    context.settings.kafka_brokers()?;
    let mut conn = context.connect()?;

    let applied = migrate::apply(&mut conn)?;
    printer.result(&match applied.len() {
        0 => "PostgreSQL: the tables are there already".to_owned(),
        new => format!("PostgreSQL: {} applied", number::some(new as u64, "migration")),
    })?;
    drop(conn);
    context.interrupt.check()?;

    printer.result("Kafka:")?;
    topics::print(&topics::create(args.topics, context)?, context)?;
    context.interrupt.check()?;

    printer.result("Customers and products:")?;
    seed::print(&args.shop, &seed::sow(&args.shop, context)?, context)?;
    context.interrupt.check()?;

    printer.result("Redis:")?;
    let sizes = DemandTables::built_in()?.pool;
    cache::print(&cache::once(&cache, &sizes, context)?, context)
}
