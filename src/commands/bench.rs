//! `shopstream bench`: this deployment, measured.

use color_eyre::eyre::Result;

use super::Context;
use crate::bench::{self, Request, Swept};
use crate::cli::example;
use crate::cli::values::parse_count;
use crate::error::Failure;
use crate::follow::Follow;
use crate::output::{number, wrapped};

/// How wide the words are.
const WIDTH: usize = 80;

/// Arguments of `bench`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&[
    "shopstream bench",
    "shopstream bench --orders 500_000 --members 6 --json",
    "shopstream bench --sweep",
]))]
pub struct Args {
    /// Orders that go each way into the tables
    #[arg(long, value_name = "N", default_value = "100_000", value_parser = parse_orders)]
    orders: u32,
    /// Customers of the shop that is made for it
    #[arg(long, value_name = "N", default_value = "10_000", value_parser = parse_some)]
    users: u32,
    /// Products of that shop
    #[arg(long, value_name = "N", default_value = "20_000", value_parser = parse_some)]
    products: u32,
    /// Group members that consume
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    members: u16,
    /// Measure nothing; remove what a bench that was killed has left
    #[arg(long, conflicts_with_all = ["orders", "users", "products", "members"])]
    sweep: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

fn parse_orders(text: &str) -> Result<u32, String> {
    match parse_count::<u32>(text)? {
        orders @ 1_000..=10_000_000 => Ok(orders),
        _ => Err("1_000 to 10_000_000 orders: fewer say nothing".to_owned()),
    }
}

fn parse_some(text: &str) -> Result<u32, String> {
    match parse_count::<u32>(text)? {
        count @ 1_000..=10_000_000 => Ok(count),
        _ => Err("1_000 to 10_000_000: the pools are to be full".to_owned()),
    }
}

/// Measures, prints, and leaves nothing behind.
///
/// # Errors
/// When a service is away, or refuses; also when something of what was made could not be removed.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let Args { orders, users, products, members, sweep, json } = *args;
    let stages = context.printer.stages("bench").aloud();
    if sweep {
        stages.at("removing what earlier ones have left");
        let swept = bench::sweep(&context.settings, &context.interrupt)?;
        drop(stages);
        return tell(&swept, json, context);
    }
    let printer = &context.printer;
    printer.note(
        "in a schema, topics and keys of its own, which are removed afterwards; it keeps all services busy for a while",
    );
    let swept = bench::sweep(&context.settings, &context.interrupt)?;
    for name in &swept.removed {
        printer.note(&format!("an earlier bench was killed; what it left was removed ({name})"));
    }
    for left in &swept.left {
        printer.warn(&format!("{} of an earlier bench stays: {}", left.name, left.why));
    }
    let request = Request { orders, users, products, members };
    let outcome = bench::run(&request, &context.settings, &context.interrupt, &stages)?;
    drop(stages);
    let report = outcome.report;
    if json {
        printer.json(&report)?;
    } else {
        for table in report.tables() {
            printer.table(&table)?;
            printer.result("")?;
        }
        let words: Vec<String> = report.words.iter().map(|words| wrapped(words, WIDTH)).collect();
        printer.result(&words.join("\n\n"))?;
    }
    outcome.stays.map_or(Ok(()), Err)
}

fn tell(swept: &Swept, json: bool, context: &Context) -> Result<()> {
    let printer = &context.printer;
    if json {
        printer.json(swept)?;
    } else {
        for name in &swept.removed {
            printer.result(&format!("{name}: removed"))?;
        }
        for name in &swept.in_use {
            printer.result(&format!("{name}: a bench is at work with it"))?;
        }
        for left in &swept.left {
            printer.result(&format!("{}: stays; {}", left.name, left.why))?;
        }
        if *swept == Swept::default() {
            printer.result("No bench has left anything.")?;
        }
    }
    match swept.left.len() {
        0 => Ok(()),
        left => Err(Failure::new(format!("{} of a bench could not be removed", number::some(left as u64, "remnant")))
            .help(
                "mend what is said of it, then give the same command again; `shopstream doctor` examines the services",
            )
            .into()),
    }
}
