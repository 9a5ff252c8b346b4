//! The year through Kafka's topics.

use chrono::Utc;
use color_eyre::eyre::Result;
use serde_json::json;

use super::Args;
use super::report::{self, BarByMonth};
use crate::backfill::Request;
use crate::backfill::kafka::Replay;
use crate::commands::Context;
use crate::domain::Timestamp;
use crate::generator::World;
use crate::output::Table;

/// Makes the year and sends it.
pub(super) fn run(args: &Args, world: &World, request: &Request, context: &Context) -> Result<()> {
    let kafka = context.kafka()?;
    let bar = BarByMonth::new(&context.printer, request, world);
    let replay = Replay { kafka: &kafka, speed: args.speed, now: Timestamp::from(Utc::now()) };
    let outcome = replay.run(world, request, &bar, &context.interrupt)?;
    bar.finish();
    if args.json {
        return context.printer.json(&json!({
            "year": request.year,
            "until": outcome.until.map(|until| until.to_utc().to_rfc3339()),
            "topics": outcome.topics.iter().map(|(topic, delivered)| json!({ "topic": topic, "delivered": delivered }))
                .collect::<Vec<_>>(),
            "summary": report::summary_json(&outcome.summary, world),
        }));
    }
    report::show_summary(&outcome.summary, world, &context.printer)?;
    let mut table = Table::new(["topic", "messages delivered"]);
    for (topic, delivered) in &outcome.topics {
        table.row([topic.as_str().into(), (*delivered).into()]);
    }
    context.printer.table(&table)?;
    let so_far = if outcome.until.is_some() { " until now" } else { "" };
    context.printer.result(&format!(
        "\nThe year {}{so_far} is in Kafka at {}. Grade changes are not sent: `shopstream grades update` makes them anew.",
        request.year,
        kafka.brokers()
    ))
}
