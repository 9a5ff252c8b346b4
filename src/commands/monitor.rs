//! `shopstream monitor`: the pipeline in a terminal, in a log, or as JSON.

use std::io::IsTerminal;
use std::time::Duration;

use color_eyre::Report;
use color_eyre::eyre::Result;

use super::Context;
use crate::cli::example;
use crate::cli::values::parse_interval;
use crate::error::Failure;
use crate::monitor::metrics::MonitorMetrics;
use crate::monitor::screen::{self, Theme};
use crate::monitor::{Monitor, Scope, Snapshot, line};
use crate::telemetry::{MetricsArgs, Telemetry};

/// How long services are waited for before a snapshot is printed as it is.
const PATIENCE: Duration = Duration::from_secs(4);
/// Time between two lines.
const LINE_EVERY: &str = "10s";

/// Arguments of `monitor`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&[
    "shopstream monitor",
    "shopstream monitor --once",
    "shopstream monitor cache | tee cache.log",
]))]
pub struct Args {
    /// Look at this part alone
    #[arg(value_enum, value_name = "PART")]
    part: Option<Part>,
    /// Print one snapshot, and end: with 1 when a service is away
    #[arg(long, conflicts_with_all = ["every", "metrics_addr"])]
    once: bool,
    /// Print JSON: one object, or, without --once, one a line
    #[arg(long)]
    json: bool,
    /// Time between two lines where there is no terminal
    #[arg(long, value_name = "DURATION", default_value = LINE_EVERY, value_parser = parse_interval)]
    every: Duration,
    #[command(flatten)]
    metrics: MetricsArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// The cache
    Cache,
}

/// Shows the pipeline until asked to stop, or once.
///
/// # Errors
/// When no service is configured, or the terminal cannot be used; with `--once` also when a service is away.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let scope = if args.part.is_some() { Scope::Cache } else { Scope::All };
    let on_terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    let drawn = !args.once && !args.json && on_terminal && can_be_drawn_on(context);
    // Logs would be drawn over; what went wrong is on the screen.
    let telemetry = if drawn {
        Telemetry::start_silently(&args.metrics)?
    } else if args.once {
        None
    } else {
        Some(Telemetry::start(&context.settings, &args.metrics)?)
    };
    let metrics = telemetry.as_ref().map(|telemetry| {
        let metrics = MonitorMetrics::register(&mut telemetry.registry(), telemetry.health());
        (metrics, telemetry)
    });
    let tell = |snapshot: &Snapshot| {
        if let Some((metrics, telemetry)) = &metrics {
            // A scrape in between would see half of it.
            let _registry = telemetry.registry();
            metrics.update(snapshot);
        }
    };
    let monitor = Monitor::start(&context.settings, scope)?;
    if args.once {
        return once(&monitor, args, context);
    }
    if drawn {
        return screen::run(&monitor, Theme::new(context.printer.stdout_color()), &context.interrupt, tell);
    }
    // The first line is to have figures, not question marks.
    let first = monitor.settled(PATIENCE, |pause| context.interrupt.sleep(pause));
    print(&first, args, context)?;
    tell(&first);
    while context.interrupt.sleep(args.every) {
        let snapshot = monitor.snapshot();
        tell(&snapshot);
        print(&snapshot, args, context)?;
    }
    Ok(())
}

/// Whether the terminal obeys what moves its cursor; says so where it does not.
fn can_be_drawn_on(context: &Context) -> bool {
    let told = match std::env::var("TERM") {
        Ok(kind) if kind == "dumb" => "TERM is dumb",
        Ok(kind) if !kind.is_empty() => return true,
        _ => "TERM is not set",
    };
    context
        .printer
        .note(&format!("{told}: nothing can be drawn on this terminal, so there is a line each interval (--every)"));
    false
}

fn print(snapshot: &Snapshot, args: &Args, context: &Context) -> Result<()> {
    let text = if args.json { snapshot.json().to_string() } else { line::line(snapshot) };
    context.printer.result(&text)
}

fn once(monitor: &Monitor, args: &Args, context: &Context) -> Result<()> {
    let snapshot = monitor.settled(PATIENCE, |pause| context.interrupt.sleep(pause));
    if args.json {
        context.printer.json(&snapshot.json())?;
    } else {
        context.printer.result(&screen::still(&snapshot))?;
    }
    if snapshot.is_anything_away() {
        let away = snapshot.away();
        let names: Vec<&str> = away.iter().map(|(name, ..)| *name).collect();
        let failure = Failure::new(format!("away, or refusing to answer: {}", names.join(", ")));
        // What was refused has been explained where it was asked.
        let failure = if snapshot.words().contains(&"refused") { failure.refusal() } else { failure };
        // Where only one is, what it said tells what to do.
        let [(_, why, help)] = away.as_slice() else {
            return Err(failure.help("start them, or see what is wrong: shopstream doctor").into());
        };
        let help = help.unwrap_or("start it, or see what is wrong: shopstream doctor");
        return Err(Report::msg((*why).to_owned()).wrap_err(failure.help(help)));
    }
    Ok(())
}
