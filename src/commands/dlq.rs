//! `shopstream dlq`: dead letters, looked into and sent back.

mod inspect;
mod replay;

use clap::builder::PossibleValuesParser;

use super::Context;
use super::consent::Consent;
use crate::cli::example;
use crate::cli::values::parse_count;
use crate::stream::dlq::topic_of;
use crate::stream::message::ErrorClass;

/// Arguments of `dlq`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&["shopstream dlq inspect orders", "shopstream dlq replay orders --class orphan"]))]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Show what could not be stored: how many of each class, and the last ones
    #[command(before_help = example(&["shopstream dlq inspect orders", "shopstream dlq inspect orders --class schema --payload"]))]
    Inspect(InspectArgs),
    /// Send dead letters back to the topic they came from, each original once
    ///
    /// Safe to repeat: once the brokers have a letter, it is remembered as sent, and a further replay sends only what came
    /// since. Letters go with their own key, bytes and headers, and x-shopstream-replayed names the place where they died.
    ///
    /// The memory is the offset of a consumer group: dlq-replay-TOPIC for replays of all letters, and
    /// dlq-replay-TOPIC-CLASS for those with --class, so that a replay of one class passes over letters of others without
    /// losing them. Kafka forgets such an offset when no replay has moved it for offsets.retention.minutes (7 days unless the
    /// brokers are set otherwise); a later replay then sends everything again, which consumers store once.
    #[command(before_help = example(&["shopstream dlq replay orders --dry-run", "shopstream dlq replay orders --class orphan --yes"]))]
    Replay(ReplayArgs),
}

#[derive(clap::Args, Debug)]
struct InspectArgs {
    /// Whose dead letters: users, products or orders
    #[arg(value_parser = topic_of, value_name = "TOPIC")]
    topic: &'static str,
    /// Only letters of this class
    #[arg(long, value_name = "CLASS", value_parser = classes())]
    class: Option<String>,
    /// How many letters to show, the last ones
    #[arg(long, value_name = "N", default_value = "20", value_parser = parse_count::<usize>)]
    limit: usize,
    /// Show their payloads too, the beginning of each
    #[arg(long)]
    payload: bool,
    /// Show payloads to their end
    #[arg(long, requires = "payload")]
    full: bool,
    /// Print the result as JSON, payloads included
    #[arg(long, conflicts_with_all = ["payload", "full"])]
    json: bool,
}

#[derive(clap::Args, Debug)]
struct ReplayArgs {
    /// Whose dead letters: users, products or orders
    #[arg(value_parser = topic_of, value_name = "TOPIC")]
    topic: &'static str,
    /// Only letters of this class
    #[arg(long, value_name = "CLASS", value_parser = classes())]
    class: Option<String>,
    /// At most so many letters, the oldest first
    #[arg(long, value_name = "N", value_parser = parse_count::<u64>)]
    limit: Option<u64>,
    /// Send also what was sent back before
    #[arg(long)]
    from_beginning: bool,
    /// Only count what would be sent
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    consent: Consent,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

fn classes() -> PossibleValuesParser {
    PossibleValuesParser::new(ErrorClass::ALL.iter().map(|class| class.as_str()))
}

/// Looks into dead letters, or sends them back.
///
/// # Errors
/// When the brokers cannot be reached, a topic does not exist, letters were not delivered, or nobody can be asked.
pub fn run(args: &Args, context: &Context) -> color_eyre::Result<()> {
    match &args.action {
        Action::Inspect(args) => inspect::run(args, context),
        Action::Replay(args) => replay::run(args, context),
    }
}
