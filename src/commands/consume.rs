//! `shopstream consume`: a topic's messages into PostgreSQL.

use std::time::Duration;

use color_eyre::eyre::Result;

use super::Context;
use crate::cli::example;
use crate::cli::values::{parse_count, parse_duration};
use crate::consume::{self, Request, Topic};
use crate::error::EXIT_FAILED;
use crate::interrupt::{Interrupt, end};
use crate::telemetry::{MetricsArgs, Telemetry};

/// Within this time after a signal the process ends, whatever hangs: 10 s are promised.
const LAST_MOMENT: Duration = Duration::from_millis(9_500);

/// Arguments of `consume`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&[
    "shopstream consume --topic orders",
    "shopstream consume --topic orders --members 3",
]))]
pub struct Args {
    /// The topic, by its name without prefix
    #[arg(long, value_enum, value_name = "TOPIC")]
    topic: Topic,
    /// Group members in this process
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    members: u16,
    /// Messages that one transaction takes at most
    #[arg(long, value_name = "N", default_value = "5_000", value_parser = parse_batch_size)]
    batch_size: usize,
    /// Bytes that one transaction takes at most
    #[arg(long, value_name = "N", default_value = "16_000_000", value_parser = parse_count::<usize>)]
    batch_bytes: usize,
    /// How long a message waits for others
    #[arg(long, value_name = "DURATION", default_value = "200ms", value_parser = parse_duration)]
    batch_wait: Duration,
    /// Read the topic from its beginning once more; what is stored stays as it is
    #[arg(long)]
    from_beginning: bool,
    /// How long an order waits for its customer and products before it becomes a dead letter
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = parse_duration)]
    orphan_timeout: Duration,
    /// Orders that wait so at most; when there are more, the partition waits too
    #[arg(long, value_name = "N", default_value = "100_000", value_parser = parse_orphan_limit)]
    orphan_limit: u32,
    #[command(flatten)]
    metrics: MetricsArgs,
}

fn parse_orphan_limit(text: &str) -> Result<u32, String> {
    match parse_count::<u32>(text)? {
        0 => Err("with no room at all the first orphan would stop its partition for ever; at least 1".to_owned()),
        limit => Ok(limit),
    }
}

fn parse_batch_size(text: &str) -> Result<usize, String> {
    let size = parse_count::<usize>(text)?;
    if (1..=100_000).contains(&size) { Ok(size) } else { Err("a batch has 1 to 100_000 messages".to_owned()) }
}

/// Consumes until asked to stop.
///
/// # Errors
/// When PostgreSQL, Kafka or the topic is missing at the start, or something comes up that waiting does not mend.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let request = Request {
        topic: args.topic,
        members: args.members,
        batch_size: args.batch_size,
        batch_bytes: args.batch_bytes,
        batch_wait: args.batch_wait,
        from_beginning: args.from_beginning,
        orphan_timeout: args.orphan_timeout,
        orphan_limit: args.orphan_limit,
    };
    let kafka = context.kafka()?.waiting_for_refusing();
    // A wrong address and a database without tables are told at once; later, PostgreSQL is waited for.
    drop(context.connect_migrated()?);
    let telemetry = Telemetry::start(&context.settings, &args.metrics)?;
    end_in_time(context.interrupt.clone());
    let database_url = context.settings.database_url()?.expose();
    consume::run(&request, &kafka, database_url, &telemetry, &context.interrupt)
}

/// Ends the process should it not end by itself after a signal. Nothing is lost: offsets move with the rows.
fn end_in_time(interrupt: Interrupt) {
    std::thread::spawn(move || {
        while interrupt.sleep(Duration::from_secs(3_600)) {}
        std::thread::sleep(LAST_MOMENT);
        tracing::error!("not everything ended in time; ending now. What was not committed will be read again");
        end(EXIT_FAILED);
    });
}
