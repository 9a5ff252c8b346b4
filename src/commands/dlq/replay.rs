//! `shopstream dlq replay`.

use std::io::{BufRead, IsTerminal};

use color_eyre::eyre::{Result, WrapErr};
use serde_json::json;

use super::ReplayArgs;
use crate::commands::Context;
use crate::error::Failure;
use crate::output::{Table, number, write_stderr};
use crate::stream::client::Kafka;
use crate::stream::dlq::replay::{Counts, Replay, Wish};

pub(super) fn run(args: &ReplayArgs, context: &Context) -> Result<()> {
    let asks = !args.yes && !args.dry_run;
    if asks && !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "dead letters are sent back only when somebody has agreed, and nobody can be asked here",
        )
        .help("add --yes to send them, or --dry-run to count them")
        .into());
    }
    let kafka = Kafka::of(&context.settings)?;
    let wish = Wish { class: args.class.as_deref(), limit: args.limit, from_beginning: args.from_beginning };
    let replay = Replay::plan(&kafka, args.topic, wish, &context.interrupt)?;
    let counts = replay.counts.clone();
    let total = counts.total();
    if asks && total > 0 && !agreed(total, &kafka.name(args.topic))? {
        return context.printer.result("Nothing was sent.");
    }
    // With nothing to send, what is remembered is said once more, or the brokers would forget it one day.
    let goes = !args.dry_run && total + counts.sent_before > 0;
    let sent = if goes { replay.send(&context.interrupt)? } else { 0 };
    show(args, &kafka.name(args.topic), &counts, sent, context)
}

fn agreed(letters: u64, topic: &str) -> Result<bool> {
    // A question is no message: it is asked under -q too.
    write_stderr(&format!("dead letters to be sent back to {topic}: {}. Go on? [y/N] ", number::count(letters)))?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).wrap_err("the answer cannot be read")?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
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
