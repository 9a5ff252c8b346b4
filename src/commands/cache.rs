//! `shopstream cache refresh`: the pools from PostgreSQL into Redis, once or every so often.

use std::time::{Duration, Instant};

use chrono::Utc;
use color_eyre::eyre::Result;
use diesel::PgConnection;
use redis::Connection;

use super::Context;
use crate::backoff::Backoff;
use crate::cache::members::PoolMeta;
use crate::cache::metrics::CacheMetrics;
use crate::cache::{Cache, refresh};
use crate::cli::example;
use crate::cli::values::parse_interval;
use crate::generator::tables::{DemandTables, PoolSizes};
use crate::output::{Table, failure, number};
use crate::telemetry::{MetricsArgs, Telemetry};

/// Arguments of `cache`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&["shopstream cache refresh", "shopstream cache refresh --every 50s"]))]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Put the pools of customers and products into Redis: the old ones stay until the new ones are complete
    #[command(before_help = example(&["shopstream cache refresh", "shopstream cache refresh --every 50s"]))]
    Refresh(RefreshArgs),
}

#[derive(clap::Args, Debug)]
#[command(mut_arg("metrics_addr", |arg| arg.requires("every")))]
struct RefreshArgs {
    /// Stay, and refresh them every so often
    #[arg(long, value_name = "DURATION", value_parser = parse_interval)]
    every: Option<Duration>,
    #[command(flatten)]
    metrics: MetricsArgs,
    /// Print the result as JSON
    #[arg(long, conflicts_with = "every")]
    json: bool,
}

/// Refreshes the cache.
///
/// # Errors
/// When PostgreSQL or Redis cannot be reached or there is nothing to put in; with `--every` only at the start.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let Action::Refresh(args) = &args.action;
    let sizes = DemandTables::built_in()?.pool;
    let cache = Cache::of(&context.settings)?;
    match args.every {
        Some(every) => stay(&cache, &sizes, every, args, context),
        None => {
            let activity = context.printer.activity("cache", "choosing the pools in PostgreSQL");
            let meta = once(&cache, &sizes, context)?;
            drop(activity);
            if args.json { context.printer.json(&meta) } else { print(&meta, context) }
        }
    }
}

/// One refresh with connections of its own.
///
/// # Errors
/// As [`run`].
pub fn once(cache: &Cache, sizes: &PoolSizes, context: &Context) -> Result<PoolMeta> {
    let mut conn = context.connect_migrated()?;
    let mut redis = cache.connect()?;
    refresh::refresh(&mut conn, cache, &mut redis, Utc::now().into(), sizes, None)
}

/// Prints what is in the pools.
///
/// # Errors
/// When standard output cannot be written.
pub fn print(meta: &PoolMeta, context: &Context) -> Result<()> {
    let mut table = Table::new(["pool", "part", "members"]);
    for (pool, part, members) in [
        ("customers", "bought, longest ago", meta.users_bought),
        ("customers", "never bought, newest", meta.users_new),
        ("products", "most sold", meta.products_sold),
        ("products", "newest", meta.products_newest),
        ("products", "called back", meta.products_called_back),
    ] {
        table.row([pool.into(), part.into(), members.into()]);
    }
    context.printer.table(&table)?;
    context.printer.result(&format!(
        "Generation {}: new to the pools are {} and {}.",
        number::count(meta.generation),
        number::some(meta.users_replaced, "customer"),
        number::some(meta.products_replaced, "product")
    ))
}

/// The connections of a refresher that stays; each is made when it is needed, and anew after it failed.
#[derive(Default)]
struct Connections {
    postgres: Option<PgConnection>,
    redis: Option<Connection>,
}

/// Until asked to stop. A service that is away is tried again, sooner than at the next turn; the old pool stays meanwhile.
fn stay(cache: &Cache, sizes: &PoolSizes, every: Duration, args: &RefreshArgs, context: &Context) -> Result<()> {
    let telemetry = Telemetry::start(&context.settings, &args.metrics)?;
    let metrics = CacheMetrics::register(&mut telemetry.registry());
    let pool = telemetry.health().part("pool");
    let mut connections = Connections::default();
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10));
    loop {
        let began = Instant::now();
        let outcome = turn(cache, sizes, every, &mut connections, context).or_else(|_| {
            // A service that was started anew ends the connections to it, which shows at their next use: once more.
            connections = Connections::default();
            turn(cache, sizes, every, &mut connections, context)
        });
        let pause = match outcome {
            Ok(meta) => {
                metrics.refreshed(&meta, began.elapsed());
                pool.ready();
                tracing::info!(
                    generation = meta.generation,
                    users = meta.users(),
                    products = meta.products(),
                    users_replaced = meta.users_replaced,
                    products_replaced = meta.products_replaced,
                    took_ms = meta.took_ms,
                    "cache refreshed"
                );
                backoff.reset();
                every.saturating_sub(began.elapsed())
            }
            Err(report) => {
                metrics.failed();
                let why = failure::line(&report);
                pool.not_ready(&why);
                tracing::warn!("the cache was not refreshed; the pool that is there, if any, stays: {why}");
                connections = Connections::default();
                every.min(backoff.pause())
            }
        };
        if !context.interrupt.sleep(pause) {
            tracing::info!("asked to stop");
            return Ok(());
        }
    }
}

fn turn(
    cache: &Cache,
    sizes: &PoolSizes,
    every: Duration,
    connections: &mut Connections,
    context: &Context,
) -> Result<PoolMeta> {
    let conn = match &mut connections.postgres {
        Some(conn) => conn,
        none => none.insert(context.connect_migrated()?),
    };
    let redis = match &mut connections.redis {
        Some(redis) => redis,
        none => none.insert(cache.connect()?),
    };
    refresh::refresh(conn, cache, redis, Utc::now().into(), sizes, Some(every))
}
