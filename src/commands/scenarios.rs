//! `shopstream scenarios`: the shopping events, and when each is in force.

mod by_hand;

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

use super::own_files::{OwnFiles, read};
use super::{Context, business_year};
use crate::backfill::request::check_year;
use crate::cli::example;
use crate::cli::values::parse_year;
use crate::domain::{AgeGroup, Gender};
use crate::error::Failure;
use crate::generator::World;
use crate::generator::calendar::days_of_year;
use crate::generator::scenarios::Scenario;
use crate::output::{Cell, Table, number};
use crate::spelling::nearest;

/// Arguments of `scenarios`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&["shopstream scenarios list", "shopstream scenarios calendar --year 2025"]))]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Show all scenarios
    #[command(before_help = example(&["shopstream scenarios list"]))]
    List(ListArgs),
    /// Show one scenario with its weights
    #[command(before_help = example(&["shopstream scenarios show black-friday"]))]
    Show(ShowArgs),
    /// Show which scenario is in force on each day of a year
    #[command(before_help = example(&["shopstream scenarios calendar --year 2026", "shopstream scenarios calendar --year 2026 --stretches"]))]
    Calendar(CalendarArgs),
    /// Check a scenario file of your own
    #[command(before_help = example(&["shopstream scenarios validate examples/scenarios.toml"]))]
    Validate(ValidateArgs),
    /// Switch a scenario on by hand: all live producers follow it at their next order
    #[command(before_help = example(&["shopstream scenarios activate black-friday --for 30m"]))]
    Activate(by_hand::ActivateArgs),
    /// Switch off what was switched on by hand
    #[command(before_help = example(&["shopstream scenarios deactivate"]))]
    Deactivate,
}

#[derive(clap::Args, Debug)]
struct ListArgs {
    #[command(flatten)]
    own: OwnFiles,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args, Debug)]
struct ShowArgs {
    /// The scenario's id
    id: String,
    #[command(flatten)]
    own: OwnFiles,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args, Debug)]
struct CalendarArgs {
    /// The year, 1975–2100 [default: this year]
    #[arg(long, value_name = "YEAR", value_parser = parse_year)]
    year: Option<i32>,
    /// One line a stretch of days with the same scenario, instead of one a day
    #[arg(long)]
    stretches: bool,
    #[command(flatten)]
    own: OwnFiles,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args, Debug)]
struct ValidateArgs {
    /// The scenario file
    file: PathBuf,
    /// The catalogue whose categories it names, if not the built-in one
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
}

/// Prints what was asked for.
///
/// # Errors
/// For a file with a mistake, an unknown id or a year without a calendar.
pub fn run(args: &Args, context: &Context) -> color_eyre::Result<()> {
    match &args.action {
        Action::List(args) => list(args, context),
        Action::Show(args) => show(args, context),
        Action::Calendar(args) => calendar(args, context),
        Action::Validate(args) => validate(args, context),
        Action::Activate(args) => by_hand::activate(args, context),
        Action::Deactivate => by_hand::deactivate(context),
    }
}

/// A scenario as JSON.
#[derive(Serialize)]
struct Json<'a> {
    id: &'a str,
    what: &'a str,
    gender: [f64; 2],
    ages: [f64; 5],
    categories: serde_json::Map<String, serde_json::Value>,
    quantity: Option<&'a [f64]>,
    demand: f64,
    reach: f64,
}

impl<'a> Json<'a> {
    fn of(scenario: &'a Scenario, world: &World) -> Self {
        let weights = world.catalog.categories.iter().zip(&scenario.categories);
        Self {
            id: &scenario.id,
            what: &scenario.what,
            gender: scenario.gender,
            ages: scenario.ages,
            categories: weights.map(|(category, weight)| (category.id.clone(), (*weight).into())).collect(),
            quantity: scenario.quantity.is_some().then_some(&scenario.quantity_weights),
            demand: scenario.demand,
            reach: scenario.reach,
        }
    }
}

fn list(args: &ListArgs, context: &Context) -> color_eyre::Result<()> {
    let world = args.own.world()?;
    if args.json {
        let all: Vec<_> = world.scenarios.all.iter().map(|scenario| Json::of(scenario, &world)).collect();
        return context.printer.json(&all);
    }
    let mut table = Table::new(["id", "what happens", "demand", "reach", "strongest categories"]);
    for scenario in &world.scenarios.all {
        table.row([
            scenario.id.as_str().into(),
            scenario.what.as_str().into(),
            Cell::right(format!("× {}", scenario.demand)),
            Cell::right(format!("{:.0} %", scenario.reach * 100.0)),
            strongest(scenario, &world, 3).into(),
        ]);
    }
    context.printer.table(&table)
}

/// The categories a scenario names, the heaviest first.
fn strongest(scenario: &Scenario, world: &World, count: usize) -> String {
    let mut named: Vec<_> = (0..scenario.named.len()).filter(|&at| scenario.named[at]).collect();
    named.sort_by(|&a, &b| scenario.categories[b].total_cmp(&scenario.categories[a]));
    if named.is_empty() {
        return "all equal".to_owned();
    }
    let text = |&at: &usize| format!("{} {}", world.catalog.categories[at].id, scenario.categories[at]);
    named.iter().take(count).map(text).collect::<Vec<_>>().join(", ")
}

fn show(args: &ShowArgs, context: &Context) -> color_eyre::Result<()> {
    let world = args.own.world()?;
    let Some(at) = world.scenarios.position(&args.id) else {
        return Err(unknown(&args.id, &world).into());
    };
    let scenario = &world.scenarios.all[usize::from(at)];
    if args.json {
        return context.printer.json(&Json::of(scenario, &world));
    }
    let weights = |labels: &[&str], weights: &[f64]| {
        labels.iter().zip(weights).map(|(label, weight)| format!("{label} {weight}")).collect::<Vec<_>>().join("  ")
    };
    let pieces: Vec<String> = (1..=scenario.quantity_weights.len()).map(|n| format!("{n}:")).collect();
    let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
    let quantity = match scenario.quantity {
        Some(_) => weights(&pieces, &scenario.quantity_weights),
        None => "by category".to_owned(),
    };
    let printer = &context.printer;
    printer.result(&format!("{}: {}", scenario.id, scenario.what))?;
    let mut facts = Table::new(["", "weights"]);
    facts.row([
        "gender".into(),
        weights(&Gender::ALL.iter().map(|g| g.as_str()).collect::<Vec<_>>(), &scenario.gender).into(),
    ]);
    facts.row([
        "age".into(),
        weights(&AgeGroup::ALL.iter().map(|a| a.as_str()).collect::<Vec<_>>(), &scenario.ages).into(),
    ]);
    facts.row(["pieces".into(), quantity.into()]);
    facts.row(["demand".into(), format!("× {}", scenario.demand).into()]);
    facts.row(["reach".into(), format!("{:.0} % of the orders while in force", scenario.reach * 100.0).into()]);
    printer.table(&facts)?;
    let mut categories = Table::new(["category", "", "weight", "named"]);
    for (at, category) in world.catalog.categories.iter().enumerate() {
        categories.row([
            category.id.as_str().into(),
            category.name.as_str().into(),
            Cell::right(format!("{:.2}", scenario.categories[at])),
            if scenario.named[at] { "yes" } else { "" }.into(),
        ]);
    }
    printer.table(&categories)
}

/// An id that no scenario has, with the nearest one that has.
fn unknown(id: &str, world: &World) -> Failure {
    let known = world.scenarios.all.iter().map(|scenario| scenario.id.as_str());
    let help = match nearest(id, known) {
        Some(known) => format!("did you mean {known}? `shopstream scenarios list` shows all"),
        None => "`shopstream scenarios list` shows all".to_owned(),
    };
    Failure::usage(format!("no scenario is called {id:?}")).help(help)
}

/// Days with one scenario.
struct Stretch<'a> {
    from: NaiveDate,
    to: NaiveDate,
    scenario: &'a Scenario,
}

fn calendar(args: &CalendarArgs, context: &Context) -> color_eyre::Result<()> {
    let world = args.own.world()?;
    let year = args.year.unwrap_or_else(business_year);
    check_year(year)?;
    let mut stretches: Vec<Stretch<'_>> = Vec::new();
    for (day, scenario) in days_of_year(year).into_iter().zip(world.scenarios.calendar(year)) {
        let scenario = &world.scenarios.all[usize::from(scenario)];
        match stretches.last_mut() {
            Some(last) if args.stretches && last.scenario.id == scenario.id => last.to = day,
            _ => stretches.push(Stretch { from: day, to: day, scenario }),
        }
    }
    if args.json {
        let json = |stretch: &Stretch<'_>| {
            json!({
                "from": stretch.from.to_string(),
                "to": stretch.to.to_string(),
                "scenario": stretch.scenario.id,
                "demand": stretch.scenario.demand,
            })
        };
        return context.printer.json(&stretches.iter().map(json).collect::<Vec<_>>());
    }
    let days: &[&str] = if args.stretches { &["from", "to", "days"] } else { &["day"] };
    let mut table = Table::new(days.iter().chain(&["scenario", "demand"]).copied());
    for Stretch { from, to, scenario } in &stretches {
        let mut cells: Vec<Cell> = vec![from.format("%F %a").to_string().into()];
        if args.stretches {
            cells.push(to.format("%F %a").to_string().into());
            cells.push(((*to - *from).num_days() + 1).into());
        }
        cells.push(scenario.id.as_str().into());
        cells.push(Cell::right(format!("× {}", scenario.demand)));
        table.row(cells);
    }
    context.printer.table(&table)
}

fn validate(args: &ValidateArgs, context: &Context) -> color_eyre::Result<()> {
    let catalog = args.catalog.as_deref().map(read).transpose()?;
    let scenarios = read(&args.file)?;
    let world = World::new(catalog.as_ref(), Some(&scenarios))?;
    for (number, window) in world.scenarios.idle_windows() {
        let id = &world.names.scenarios[usize::from(window.scenario)];
        context.printer.warn(&format!(
            "window {number} ({id}) is never in force: windows before it take all of its days; move it up"
        ));
    }
    let windows = world.scenarios.windows.len();
    context.printer.result(&format!(
        "{} is valid: {}, {} in the calendar",
        args.file.display(),
        number::some(world.scenarios.all.len() as u64, "scenario"),
        number::some(windows as u64, "window")
    ))
}
