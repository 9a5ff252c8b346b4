//! An audit's report on the terminal, and as JSON.

use color_eyre::eyre::Result;
use serde_json::{Value, json};

use crate::output::number::count;
use crate::output::{Cell, Printer, Table};
use crate::verify::report::{Named, Report};

pub(super) fn print(report: &Report, printer: &Printer) -> Result<()> {
    printer.table(&topics(report))?;
    if let Some(table) = injected(report) {
        printer.result("")?;
        printer.table(&table)?;
    }
    if !report.invariants.is_empty() {
        let mut table = Table::new(["what must hold", "broken by"]);
        for invariant in &report.invariants {
            table.row([invariant.rule.into(), invariant.broken.count.into()]);
        }
        printer.result("")?;
        printer.table(&table)?;
    }
    let mut lines = Vec::new();
    for topic in &report.topics {
        for (what, named) in [
            ("missing", &topic.missing_ids),
            ("doubled", &topic.doubled),
            ("altered", &topic.altered),
            ("unknown", &topic.unknown),
        ] {
            list(&format!("{} {what}", topic.topic), named, &mut lines);
        }
    }
    for invariant in &report.invariants {
        list(&format!("against “{}”", invariant.rule), &invariant.broken, &mut lines);
    }
    lines.extend(report.notes.iter().map(|note| format!("note: {note}")));
    if report.agrees() {
        lines.push("Everything that was produced and read is stored, once and unaltered, or accounted for.".to_owned());
    }
    if !lines.is_empty() {
        printer.result(&format!("\n{}", lines.join("\n")))?;
    }
    Ok(())
}

fn topics(report: &Report) -> Table {
    let mut table = Table::new([
        "topic",
        "table",
        "produced",
        "again",
        "unreadable",
        "stored",
        "dead letters",
        "waiting",
        "not read",
        "missing",
        "doubled",
        "altered",
        "unknown",
        "elsewhere",
    ]);
    for topic in &report.topics {
        let mut row: Vec<Cell> = vec![topic.topic.as_str().into(), topic.table.as_str().into()];
        let fates = topic.fates;
        row.extend(
            [
                topic.produced,
                topic.duplicates,
                topic.unreadable,
                fates.stored,
                fates.dead_lettered,
                fates.waiting,
                fates.not_read,
                fates.missing,
                topic.doubled.count,
                topic.altered.count,
                topic.unknown.count,
                topic.elsewhere,
            ]
            .map(Cell::from),
        );
        table.row(row);
    }
    table
}

/// What was made wrong on purpose, and what became of it.
fn injected(report: &Report) -> Option<Table> {
    let mut table =
        Table::new(["injected", "topic", "messages", "stored", "dead letters", "waiting", "not read", "missing"]);
    let mut any = false;
    for topic in &report.topics {
        for (kind, fates) in &topic.injected {
            any = true;
            let mut row: Vec<Cell> = vec![(*kind).into(), topic.topic.as_str().into()];
            let figures =
                [fates.total(), fates.stored, fates.dead_lettered, fates.waiting, fates.not_read, fates.missing];
            row.extend(figures.map(Cell::from));
            table.row(row);
        }
    }
    any.then_some(table)
}

/// The first of something by name.
fn list(what: &str, named: &Named, lines: &mut Vec<String>) {
    if named.count == 0 {
        return;
    }
    let shown = named.first.len() as u64;
    let of =
        if shown < named.count { format!(" (the first {shown} of {})", count(named.count)) } else { String::new() };
    lines.push(format!("{what}{of}:"));
    lines.extend(named.first.iter().map(|name| format!("  {name}")));
}

/// Everything, for scripts.
pub(super) fn to_json(report: &Report) -> Result<Value> {
    let mut value = serde_json::to_value(report)?;
    value["agrees"] = json!(report.agrees());
    value["not_read"] = json!(report.not_read());
    Ok(value)
}
