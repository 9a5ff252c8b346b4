//! `shopstream dlq replay`.

use color_eyre::eyre::Result;
use serde_json::json;

use super::ReplayArgs;
use crate::commands::Context;
use crate::output::{Table, number};
use crate::stream::dlq::replay::{Counts, Replay, Wish};

/// What can be done without consent.
const OTHERWISE: &str = ", or --dry-run to count them";

pub(super) fn run(args: &ReplayArgs, context: &Context) -> Result<()> {
    if !args.dry_run {
        // Whether a script fails is not to depend on there being letters.
        args.consent.or_somebody_to_ask("this sends dead letters back to their topic", OTHERWISE)?;
    }
    let kafka = context.kafka()?;
    let wish = Wish { class: args.class.as_deref(), limit: args.limit, from_beginning: args.from_beginning };
    let stages = context.printer.stages("dlq");
    let replay = Replay::plan(&kafka, args.topic, wish, &context.interrupt, &stages)?;
    drop(stages);
    let counts = replay.counts.clone();
    let total = counts.total();
    if !args.dry_run && total > 0 {
        let what = format!("this sends {} back to {}", number::some(total, "dead letter"), kafka.name(args.topic));
        args.consent.to(&what, OTHERWISE, context)?;
    }
    // With nothing to send, what is remembered is said once more, or the brokers would forget it one day.
    let goes = !args.dry_run && total + counts.sent_before > 0;
    let stages = context.printer.stages("dlq");
    let sent = if goes { replay.send(&context.interrupt, &stages)? } else { 0 };
    drop(stages);
    show(args, &kafka.name(args.topic), &counts, sent, context)
}

fn show(args: &ReplayArgs, topic: &str, counts: &Counts, sent: u64, context: &Context) -> Result<()> {
    if args.json {
        return context.printer.json(&json!({
            "topic": topic,
            "dry_run": args.dry_run,
            "to_send": counts.to_send,
            "sent": sent,
            "sent_before": counts.sent_before,
            "doubles": counts.doubles,
            "other_classes": counts.other_classes,
            "beyond_limit": counts.beyond_limit,
            "foreign": counts.foreign,
        }));
    }
    let mut table = Table::new(["dead letters", "number"]);
    for (class, letters) in &counts.to_send {
        let what = if args.dry_run { "to send" } else { "sent back" };
        table.row([format!("{what}: {}", class.escape_debug()).into(), (*letters).into()]);
    }
    let rest = [
        ("sent by an earlier replay", counts.sent_before),
        ("written twice for one message", counts.doubles),
        ("of other classes", counts.other_classes),
        ("beyond --limit", counts.beyond_limit),
        ("not of this topic", counts.foreign),
    ];
    for (what, letters) in rest.into_iter().filter(|(_, letters)| *letters > 0) {
        table.row([what.into(), letters.into()]);
    }
    if table.is_empty() {
        return context.printer.result(&format!("There are no dead letters of {topic}."));
    }
    context.printer.table(&table)?;
    let (total, sent) = (counts.total(), number::count(sent));
    context.printer.result(&match total {
        0 => "Nothing to send.".to_owned(),
        _ if args.dry_run => format!("Dry run: to be sent back to {topic}: {}.", number::count(total)),
        _ => format!("Sent back to {topic}, and confirmed by the brokers: {sent}."),
    })
}
