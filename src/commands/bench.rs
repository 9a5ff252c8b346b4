//! `shopstream bench`: this deployment, measured.

use color_eyre::eyre::Result;

use super::Context;
use crate::bench::{self, Request};
use crate::cli::example;
use crate::cli::values::parse_count;
use crate::output::{Cell, Table};

/// Arguments of `bench`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&["shopstream bench", "shopstream bench --orders 500_000 --members 6 --json"]))]
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
/// When a service is away, or refuses.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let Args { orders, users, products, members, json } = *args;
    let request = Request { orders, users, products, members };
    let printer = &context.printer;
    printer.note(
        "in a schema, topics and keys of its own, which are removed afterwards; it keeps all services busy for a while",
    );
    let activity = printer.activity("bench", "beginning");
    let watch = |what: &str| {
        activity.at(what);
        printer.status(what);
    };
    let report = bench::run(&request, &context.settings, &context.interrupt, &watch)?;
    drop(activity);
    if json {
        return printer.json(&report);
    }
    let mut table = Table::new(["what", "measured", "against", "times"]);
    for line in &report.lines {
        let times = match line.times {
            times if !times.is_finite() => String::new(),
            0.0..0.1 => format!("{:.3}", line.times),
            times => format!("{times:.1}"),
        };
        table.row([
            line.what.as_str().into(),
            line.measured.as_str().into(),
            line.against.as_str().into(),
            Cell::right(times),
        ]);
    }
    printer.table(&table)?;
    for words in &report.words {
        printer.result(&format!("\n{words}"))?;
    }
    Ok(())
}
