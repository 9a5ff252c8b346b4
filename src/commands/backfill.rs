//! `shopstream backfill`: the simulated year, into PostgreSQL, files or Kafka.

mod report;
mod to_files;
mod to_kafka;
mod to_postgres;

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::ValueEnum;

use super::Context;
use super::consent::Consent;
use super::own_files::OwnFiles;
use super::switch::Switch;
use crate::backfill::dataset::FileFormat;
use crate::backfill::request::{DEFAULT_SEED, Sizes};
use crate::backfill::{Request, Shard};
use crate::cli::example;
use crate::cli::values::{parse_count, parse_date, parse_factor, parse_year};
use crate::error::Failure;
use crate::generator::World;
use crate::sink::compress::Compression;
use crate::spelling::did_you_mean;

/// Arguments of `backfill`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&[
    "shopstream backfill --year 2025 --to parquet --out dataset",
    "shopstream backfill --year 2025 --to postgres",
    "shopstream backfill --year 2025 --to kafka --speed 3600",
]))]
#[command(mut_arg("yes", |arg| arg.requires("replace")))]
pub struct Args {
    /// The year to simulate, 1975–2100
    #[arg(long, value_name = "YEAR", value_parser = parse_year)]
    year: i32,
    /// Where to write [default: postgres where a database is configured, else parquet]
    #[arg(long, value_enum, value_name = "TARGET")]
    to: Option<Target>,
    /// Orders in the year [default: 50_000]
    #[arg(long, value_name = "N", value_parser = parse_count::<u64>)]
    orders: Option<u64>,
    /// Customers to make; not for PostgreSQL [default: one per 5 orders, at least 10_000]
    #[arg(long, value_name = "N", value_parser = parse_count::<u64>)]
    users: Option<u64>,
    /// Products to make; not for PostgreSQL [default: two per customer, at least 20_000]
    #[arg(long, value_name = "N", value_parser = parse_count::<u64>)]
    products: Option<u64>,
    /// Seed of every random draw: the same seed makes the same data
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED, value_parser = parse_count::<u64>)]
    seed: u64,
    /// The day until which customers sign up and products are made; not for PostgreSQL [default: 1 January of the next year]
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    as_of: Option<NaiveDate>,
    /// Whether customers come back by habit, or are all drawn from the pools
    #[arg(long, value_enum, value_name = "ON", default_value_t = Switch::On)]
    habits: Switch,
    /// The folder for files [default: shopstream-YEAR]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Compression of files [default: zstd for Parquet, else none]
    #[arg(long, value_parser = parse_compression, value_name = "zstd|gzip|none")]
    compression: Option<Compression>,
    /// Make the I-th of N independent shops; files and null only
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// The same, counted from 0 as a Kubernetes Job counts: 0/4
    #[arg(long, value_name = "I/N", value_parser = Shard::of_index, conflicts_with = "shard")]
    shard_index: Option<Shard>,
    /// Threads, or PostgreSQL's connections [default: 4 at most; 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: Option<u16>,
    /// So many times as fast as the clock, 3600; Kafka only
    #[arg(long, value_name = "FACTOR", value_parser = parse_factor)]
    speed: Option<f64>,
    /// Finish what an earlier run left half-way
    #[arg(long, conflicts_with = "replace")]
    resume: bool,
    /// Write it anew in place of what a run wrote; asks first
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    own: OwnFiles,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Where a year can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    /// PostgreSQL, for the customers and products that `seed` made
    Postgres,
    /// Parquet files
    Parquet,
    /// CSV files
    Csv,
    /// NDJSON files
    Ndjson,
    /// The topics users, products and orders: what was done in the year, in order of time, but no grade changes
    Kafka,
    /// Nowhere: only hash every field
    Null,
}

fn parse_compression(text: &str) -> Result<Compression, String> {
    let known = ["zstd", "gzip", "none"];
    text.parse().map_err(|_| format!("{text:?} is none of {}{}", known.join(", "), did_you_mean(text, known)))
}

/// Makes the year.
///
/// # Errors
/// For a request that cannot be met, a place that cannot be written, or an interruption.
pub fn run(args: &Args, context: &Context) -> color_eyre::Result<()> {
    let configured = context.settings.database_url.value.is_some();
    let target = args.to.unwrap_or(if configured { Target::Postgres } else { Target::Parquet });
    let (world, [catalog, scenarios]) = args.own.load()?;
    let sizes = Sizes { orders: args.orders, users: args.users, products: args.products, as_of: args.as_of };
    let request = Request {
        habits: args.habits.is_on(),
        shard: args.shard.or(args.shard_index),
        catalog,
        scenarios,
        ..Request::new(args.year, args.seed, sizes)?
    };
    if args.speed.is_some() && target != Target::Kafka {
        return Err(Failure::usage("--speed is for Kafka; everything else is written as fast as it can be")
            .help("leave it out, or add --to kafka")
            .into());
    }
    match target {
        Target::Postgres => {
            args.refuse_for_postgres()?;
            to_postgres::run(args, &world, &request, context)
        }
        Target::Parquet => to_files::run(args, FileFormat::Parquet, &world, &request, context),
        Target::Csv => to_files::run(args, FileFormat::Csv, &world, &request, context),
        Target::Ndjson => to_files::run(args, FileFormat::Ndjson, &world, &request, context),
        Target::Kafka => {
            args.refuse_for_kafka()?;
            to_kafka::run(args, &world, &request, context)
        }
        Target::Null => to_files::nowhere(args, &world, &request, context),
    }
}

impl Args {
    /// PostgreSQL has its customers and products already, and is one shop.
    fn refuse_for_postgres(&self) -> Result<(), Failure> {
        let given = [
            ("--users", self.users.is_some()),
            ("--products", self.products.is_some()),
            ("--as-of", self.as_of.is_some()),
        ];
        if let Some((flag, _)) = given.iter().find(|(_, given)| *given) {
            return Err(Failure::usage(format!(
                "{flag} cannot be used with PostgreSQL, whose customers and products come from `seed`"
            ))
            .help(format!("give {flag} to `shopstream seed`, or write files with --to parquet")));
        }
        let given = [
            ("--shard", self.shard.is_some()),
            ("--shard-index", self.shard_index.is_some()),
            ("--out", self.out.is_some()),
            ("--compression", self.compression.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((flag, _)) => Err(Failure::usage(format!("{flag} is for files; PostgreSQL was asked for"))
                .help("add --to parquet, --to csv or --to ndjson")),
            None => Ok(()),
        }
    }

    /// A topic is no place to look at: what was sent cannot be taken back, gone on with, or be sent from several sides in
    /// order of time.
    fn refuse_for_kafka(&self) -> Result<(), Failure> {
        let given = [
            ("--out", self.out.is_some(), "is for files"),
            (
                "--compression",
                self.compression.is_some(),
                "is for files; a producer's is --kafka-option compression.type=…",
            ),
            ("--shard", self.shard.is_some(), "is for files; a topic holds one shop"),
            ("--shard-index", self.shard_index.is_some(), "is for files; a topic holds one shop"),
            ("--jobs", self.jobs.is_some(), "is for files and PostgreSQL; messages are sent in order of time"),
            ("--resume", self.resume, "is for files and PostgreSQL; messages are not gone on with"),
            ("--replace", self.replace, "is for files and PostgreSQL; what was sent cannot be taken back"),
        ];
        match given.iter().find(|(_, given, _)| *given) {
            Some((flag, _, why)) => Err(Failure::usage(format!("{flag} means nothing with --to kafka: it {why}"))
                .help(format!("leave {flag} out; the whole year is sent, with the same ids each time"))),
            None => Ok(()),
        }
    }

    fn threads(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, |n| n.get().min(4));
        self.jobs.map_or_else(processors, usize::from)
    }
}

/// How the year is called in progress and results.
fn title(request: &Request, world: &World) -> String {
    let shard = request.shard.map_or_else(String::new, |shard| format!(", shard {shard}"));
    let own =
        if request.scenarios.is_some() { format!(", {} scenarios", world.scenarios.all.len()) } else { String::new() };
    format!("{}{shard}{own}", request.year)
}
