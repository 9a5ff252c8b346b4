//! `shopstream topics`: Kafka's topics, made and looked at.

use super::Context;
use crate::cli::example;
use crate::error::Failure;
use crate::output::{Cell, Table, number};
use crate::stream::drift::Drift;
use crate::stream::rights::{On, Operation};
use crate::stream::topics::{self, TopicState, Wishes};

/// Arguments of `topics`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&["shopstream topics create", "shopstream topics describe"]))]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Make the topics that are missing; safe to repeat
    #[command(before_help = example(&["shopstream topics create", "shopstream topics create --partitions 12"]))]
    Create(CreateArgs),
    /// Show partitions, leaders, in-sync replicas, and where a topic is not what it should be; status 1 when one is not
    #[command(before_help = example(&["shopstream topics describe"]))]
    Describe(DescribeArgs),
}

#[derive(clap::Args, Debug)]
struct CreateArgs {
    #[command(flatten)]
    wishes: WishArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// How topics are made, where not by default.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct WishArgs {
    /// Partitions of users, products and orders [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=10_000))]
    partitions: Option<i32>,
    /// Brokers that keep each message [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=100))]
    replication: Option<i32>,
}

#[derive(clap::Args, Debug)]
struct DescribeArgs {
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Makes or shows the topics.
///
/// # Errors
/// When the brokers cannot be reached, are too few, or refuse.
pub fn run(args: &Args, context: &Context) -> color_eyre::Result<()> {
    match &args.action {
        Action::Create(args) => {
            let states = create(args.wishes, context)?;
            if args.json { context.printer.json(&states) } else { print(&states, context) }
        }
        Action::Describe(args) => describe(args, context),
    }
}

/// Makes the topics that are missing; prints nothing.
///
/// # Errors
/// When the brokers cannot be reached, are too few, or refuse.
pub fn create(args: WishArgs, context: &Context) -> color_eyre::Result<Vec<TopicState>> {
    let kafka = context.kafka()?;
    let _activity = context.printer.activity("topics", "asking the brokers");
    let wishes = Wishes { partitions: args.partitions, replication: args.replication };
    runtime()?.block_on(topics::create(&kafka, wishes))
}

/// Prints what was made, and where topics are not what they should be.
///
/// # Errors
/// When standard output cannot be written.
pub fn print(states: &[TopicState], context: &Context) -> color_eyre::Result<()> {
    let mut table = Table::new(["topic", "was", "partitions", "replication"]);
    for state in states {
        let was = if state.created { "created" } else { "there already" };
        let (partitions, replication) = (state.partitions.len(), state.replication());
        table.row([state.name.as_str().into(), was.into(), partitions.into(), replication.into()]);
    }
    context.printer.table(&table)?;
    warn_of_drift(states, |_| true, context);
    Ok(())
}

fn runtime() -> color_eyre::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().build()?)
}

fn describe(args: &DescribeArgs, context: &Context) -> color_eyre::Result<()> {
    let kafka = context.kafka()?;
    let activity = context.printer.activity("topics", "asking the brokers");
    let states = runtime()?.block_on(topics::describe(&kafka, None))?;
    drop(activity);
    if args.json {
        context.printer.json(&states)?;
    } else {
        print_partitions(&states, context)?;
    }
    for (drift, operation) in
        [(Drift::Hidden, Operation::Describe), (Drift::SettingsHidden, Operation::DescribeConfigs)]
    {
        let refused = states.iter().filter(|state| state.drift.contains(&drift)).map(|state| state.name.as_str());
        let refused: Vec<&str> = refused.collect();
        if !refused.is_empty() {
            return Err(kafka.lacks(operation, On::Topics(&refused)).into());
        }
    }
    let missing = states.iter().filter(|state| !state.exists()).count();
    if missing > 0 {
        let what = format!("{} missing", number::part(missing, states.len(), "topic"));
        return Err(Failure::new(what).help("make them with: shopstream topics create").into());
    }
    let drifting = states.iter().filter(|state| !state.drift.is_empty()).count();
    if drifting > 0 {
        let those = if drifting == 1 { "it" } else { "they" };
        let what = format!("{} not as {those} should be", number::part(drifting, states.len(), "topic"));
        return Err(Failure::new(what)
            .help("mend each as said above; what was set otherwise on purpose can stay")
            .into());
    }
    Ok(())
}

fn print_partitions(states: &[TopicState], context: &Context) -> color_eyre::Result<()> {
    let mut table = Table::new(["topic", "partition", "leader", "replicas", "in sync"]);
    for state in states {
        for partition in &state.partitions {
            let leader = if partition.leader < 0 { "none".to_owned() } else { partition.leader.to_string() };
            table.row([
                state.name.as_str().into(),
                Cell::right(partition.id.to_string()),
                Cell::right(leader),
                numbers(&partition.replicas).into(),
                numbers(&partition.in_sync).into(),
            ]);
        }
    }
    context.printer.table(&table)?;
    // What is missing or hidden ends the command with an error that has the remedy for all topics.
    warn_of_drift(states, |drift| !matches!(drift, Drift::Missing | Drift::Hidden | Drift::SettingsHidden), context);
    Ok(())
}

fn numbers(brokers: &[i32]) -> String {
    brokers.iter().map(i32::to_string).collect::<Vec<_>>().join(",")
}

/// Says where topics are not what they should be, and below, once each, what mends those differences that are `to_mend`.
fn warn_of_drift(states: &[TopicState], to_mend: impl Fn(&Drift) -> bool, context: &Context) {
    let mut remedies: Vec<&str> = Vec::new();
    for state in states.iter().filter(|state| !state.drift.is_empty()) {
        let drift: Vec<String> = state.drift.iter().map(ToString::to_string).collect();
        context.printer.warn(&format!("topic {}: {}", state.name, drift.join(", ")));
        for (_, remedy) in state.drift.iter().zip(&state.remedies).filter(|(drift, _)| to_mend(drift)) {
            if !remedies.contains(&remedy.as_str()) {
                remedies.push(remedy);
            }
        }
    }
    remedies.iter().for_each(|remedy| context.printer.help(remedy));
}
