//! `shopstream produce`: the live shop's orders, products and customers into Kafka.

use std::time::Duration;

use chrono::Utc;
use clap::ValueEnum;
use color_eyre::eyre::Result;
use serde_json::json;
use uuid::Uuid;

use super::Context;
use super::own_files::OwnFiles;
use super::switch::Switch;
use crate::backfill::request::DEFAULT_SEED;
use crate::cache::Cache;
use crate::cli::example;
use crate::cli::values::{parse_count, parse_duration, parse_factor, parse_rate};
use crate::error::Failure;
use crate::generator::live::Run;
use crate::generator::sign_ups::SignUpCurve;
use crate::output::{Table, number};
use crate::produce::forecast::Forecast;
use crate::produce::inject::Rates;
use crate::produce::{self, Outcome, Pace, Request, Streams};
use crate::telemetry::{MetricsArgs, Telemetry};

/// Arguments of `produce`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&[
    "shopstream produce",
    "shopstream produce --rate 500/s --duration 5m",
    "shopstream produce --stream users",
]))]
pub struct Args {
    /// What to make [default: orders and products]
    #[arg(long, value_enum, value_name = "STREAM")]
    stream: Option<StreamArg>,
    /// Orders a second, whatever the hour (messages, with one other stream)
    #[arg(long, value_name = "N/TIME", value_parser = parse_rate)]
    rate: Option<f64>,
    /// As fast as the brokers take them
    #[arg(long, conflicts_with = "rate")]
    unthrottled: bool,
    /// End after so many orders (messages, with one other stream)
    #[arg(long, value_name = "N", value_parser = parse_count::<u64>)]
    limit: Option<u64>,
    /// End after so long
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    duration: Option<Duration>,
    /// Hasten the shop so many times: at night (UTC+9) it sells about an order a minute
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = parse_factor)]
    speed: f64,
    /// Seed of every random draw
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED, value_parser = parse_count::<u64>)]
    seed: u64,
    /// Name of the run, from which all ids follow: an earlier run's makes its ids again, which consumers store once
    /// [default: a new one, printed]
    #[arg(long, value_name = "NAME")]
    run: Option<String>,
    /// Make so many orders wrong on purpose, such as duplicate=0.5%,late=1%,poison=0.1%,orphan=0.1%
    #[arg(long, value_name = "KIND=PERCENT,…")]
    inject: Option<Rates>,
    /// Whether customers come back by habit, or are all drawn from the pool
    #[arg(long, value_enum, value_name = "ON", default_value_t = Switch::On)]
    habits: Switch,
    /// Sign-ups at the beginning
    #[arg(long, value_name = "N/TIME", default_value = "1/s", value_parser = parse_rate)]
    curve_start: f64,
    /// Sign-ups that remain in the end
    #[arg(long, value_name = "N/TIME", default_value = "1/120s", value_parser = parse_rate)]
    curve_floor: f64,
    /// When half of the decline lies behind
    #[arg(long, value_name = "DURATION", default_value = "3h", value_parser = parse_duration)]
    curve_midpoint: Duration,
    /// How slowly sign-ups decline
    #[arg(long, value_name = "DURATION", default_value = "45m", value_parser = parse_duration)]
    curve_width: Duration,
    #[command(flatten)]
    own: OwnFiles,
    #[command(flatten)]
    metrics: MetricsArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StreamArg {
    /// Orders alone
    Orders,
    /// Products alone
    Products,
    /// Customers alone, along the curve of sign-ups
    Users,
    /// All three
    All,
}

/// Produces until asked to stop.
///
/// # Errors
/// When Kafka or its topics are missing at the start, or a message was not delivered in the end.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let request = request(args)?;
    let world = args.own.world()?;
    let kafka = context.kafka()?.waiting_for_refusing();
    let cache = if request.streams.orders { Some(Cache::of(&context.settings)?) } else { None };
    let telemetry = Telemetry::start(&context.settings, &args.metrics)?;
    let expected = match request.pace {
        Pace::Live if request.streams.orders => format!(": {}", Forecast::now(&world, request.speed).text()),
        _ => String::new(),
    };
    tracing::info!(run = request.run, seed = request.seed, "producing begins{expected}");
    let outcome = produce::run(&request, &world, &kafka, cache, &telemetry, &context.interrupt)?;
    report(&outcome, args.json, context)?;
    outcome.failure.map_or(Ok(()), Err)
}

fn request(args: &Args) -> Result<Request, Failure> {
    let of = |orders, products, users| Streams { orders, products, users };
    let streams = match args.stream {
        None => of(true, true, false),
        Some(StreamArg::Orders) => of(true, false, false),
        Some(StreamArg::Products) => of(false, true, false),
        Some(StreamArg::Users) => of(false, false, true),
        Some(StreamArg::All) => of(true, true, true),
    };
    let inject = args.inject.unwrap_or_default();
    if !inject.is_zero() && !streams.orders {
        return Err(Failure::usage("--inject makes orders wrong, and this stream has none")
            .help("leave --stream out, or choose orders or all"));
    }
    if args.curve_floor > args.curve_start {
        return Err(Failure::usage("--curve-floor is above --curve-start: sign-ups only slow down")
            .help("the defaults are --curve-start 1/s --curve-floor 1/120s"));
    }
    if args.run.as_ref().is_some_and(|run| run.trim().is_empty() || run.len() > 100) {
        return Err(Failure::usage("--run takes a name of 1 to 100 characters"));
    }
    Ok(Request {
        streams,
        pace: match (args.unthrottled, args.rate) {
            (true, _) => Pace::Unthrottled,
            (false, Some(rate)) => Pace::Rate(rate),
            (false, None) => Pace::Live,
        },
        limit: args.limit,
        duration: args.duration,
        speed: args.speed,
        seed: args.seed,
        run: args.run.clone().unwrap_or_else(new_name),
        inject,
        curve: SignUpCurve {
            start: args.curve_start,
            floor: args.curve_floor,
            midpoint: args.curve_midpoint.as_secs_f64(),
            width: args.curve_width.as_secs_f64(),
        },
        habits: args.habits.is_on(),
    })
}

/// A name that no other run has; it tells when the run began.
fn new_name() -> String {
    Run::name_at(Utc::now().into(), Uuid::new_v4().as_fields().0)
}

fn report(outcome: &Outcome, as_json: bool, context: &Context) -> Result<()> {
    let (sent, delivered) = (&outcome.sent.sent, &outcome.sent.delivered);
    if as_json {
        context.printer.json(&json!({
            "run": outcome.run,
            "sent": sent,
            "delivered": delivered,
            "late": outcome.sent.late,
            "undelivered": outcome.count.lost(),
            "seconds": outcome.took.as_secs_f64(),
            "forgotten_visits": outcome.forgotten_visits,
        }))?;
    } else {
        let mut table = Table::new(["message", "sent", "delivered"]);
        for (what, sent, delivered) in [
            ("orders", sent.orders, delivered.orders),
            ("products", sent.products, delivered.products),
            ("users", sent.users, delivered.users),
            ("orders again (injected)", sent.duplicates, delivered.duplicates),
            ("poison (injected)", sent.poison, delivered.poison),
            ("orphans (injected)", sent.orphans, delivered.orphans),
        ] {
            if sent > 0 {
                table.row([what.into(), sent.into(), delivered.into()]);
            }
        }
        context.printer.table(&table)?;
        let late = if outcome.sent.late > 0 {
            format!(" {} late (injected).", number::verb(outcome.sent.late, "order", ("was", "were")))
        } else {
            String::new()
        };
        context.printer.result(&format!(
            "{} delivered, {} not, in {} ({}/s); run {}.{late}",
            number::count(outcome.count.delivered),
            number::count(outcome.count.lost()),
            number::duration(outcome.took),
            number::count(outcome.rate() as u64),
            outcome.run
        ))?;
    }
    if outcome.forgotten_visits > 0 {
        let visits = number::some(outcome.forgotten_visits, "visit");
        context.printer.warn(&format!("{visits} of returning customers could not be noted in Redis"));
    }
    match outcome.count.lost() {
        0 => Ok(()),
        // The failure that ended the run says it better.
        _ if outcome.failure.is_some() => Ok(()),
        lost => {
            let why = outcome.count.first_error.as_deref().unwrap_or("the brokers did not confirm them in time");
            Err(Failure::new(format!("{} not delivered: {why}", number::verb(lost, "message", ("was", "were"))))
                .help(
                    "see whether at least two of the brokers run, and whether a topic was deleted and made again meanwhile; then \
                     produce again: a new run makes new orders",
                )
                .into())
        }
    }
}
