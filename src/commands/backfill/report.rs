//! What `backfill` shows: a bar by month while it works, and the year's figures at the end.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{Month, NaiveDate};
use color_eyre::eyre::Result;
use serde_json::json;

use crate::backfill::files::Outcome;
use crate::backfill::{Request, Summary, Watch};
use crate::generator::World;
use crate::generator::year::Batch;
use crate::output::{Cell, Printer, Progress, Table, number};
use crate::sink::Place;

/// Progress by month.
pub(super) struct BarByMonth {
    progress: Progress,
    printer: Printer,
    month: AtomicU32,
    year: i32,
    shown: bool,
}

impl BarByMonth {
    pub(super) fn new(printer: &Printer, request: &Request, world: &World) -> Self {
        let label = super::title(request, world);
        Self {
            progress: printer.progress(&label, Some(request.orders), "orders"),
            printer: printer.clone(),
            month: AtomicU32::new(0),
            year: request.year,
            shown: printer.verbosity() >= crate::config::Verbosity::Normal,
        }
    }

    pub(super) const fn is_shown(&self) -> bool {
        self.shown
    }

    pub(super) fn finish(self) {
        self.progress.finish();
    }
}

impl Watch for BarByMonth {
    fn shop_begins(&self) {
        self.progress.step("customers and products");
    }

    fn batch(&self, batch: &Batch) {
        if self.month.fetch_max(batch.month, Ordering::Relaxed) < batch.month {
            self.progress.step(&format!("{}-{:02}", self.year, batch.month));
        }
        self.progress.inc(batch.orders.len() as u64);
    }

    fn waiting(&self, messages: u64) {
        let messages = number::verb(messages, "message", ("waits", "wait"));
        self.printer.warn(&format!("{messages} for Kafka's brokers, which do not answer; Ctrl-C gives up"));
    }

    fn orders_done(&self) {
        self.progress.step("customers and products");
    }
}

/// Prints the result of a run into files (`out` has their folder and the manifest), or nowhere.
pub(super) fn show(
    as_json: bool,
    outcome: &Outcome,
    out: Option<(&Path, &Path)>,
    request: &Request,
    world: &World,
    printer: &Printer,
) -> Result<()> {
    if as_json {
        return printer.json(&json!({
            "year": request.year,
            "run_id": outcome.run_id.to_string(),
            "out": out.map(|(out, _)| out.display().to_string()),
            "tables": outcome.tables.iter().map(|table| match &table.place {
                Place::File { name, bytes, sha256 } =>
                    json!({ "table": table.table, "rows": table.rows, "file": name, "bytes": bytes, "sha256": sha256 }),
                Place::Digest { xxh3 } =>
                    json!({ "table": table.table, "rows": table.rows, "xxh3": format!("{xxh3:016x}") }),
                Place::Elsewhere(place) => json!({ "table": table.table, "rows": table.rows, "place": place }),
            }).collect::<Vec<_>>(),
            "summary": summary_json(&outcome.summary, world),
        }));
    }
    show_summary(&outcome.summary, world, printer)?;
    let mut table = Table::new(["table", "rows", if out.is_some() { "file" } else { "XXH3 of all fields" }, "size"]);
    for written in &outcome.tables {
        let (place, size) = match &written.place {
            Place::File { name, bytes, .. } => (name.clone(), number::bytes(*bytes)),
            Place::Digest { xxh3 } => (format!("{xxh3:016x}"), String::new()),
            Place::Elsewhere(place) => (place.clone(), String::new()),
        };
        table.row([written.table.into(), written.rows.into(), place.into(), Cell::right(size)]);
    }
    printer.table(&table)?;
    if let Some((out, manifest)) = out {
        printer.result(&format!(
            "\nThe dataset is in {}; {} holds its parameters and checksums.",
            out.display(),
            manifest.file_name().unwrap_or_default().display()
        ))?;
    }
    Ok(())
}

/// Prints the months and the grade pyramid.
pub(super) fn show_summary(summary: &Summary, world: &World, printer: &Printer) -> Result<()> {
    let mut table = Table::new(["month", "orders", "items", "revenue", "top scenario", "its orders"]);
    for (number, month) in (1..).zip(&summary.months) {
        let name = Month::try_from(number).map_or_else(|_| String::new(), |month| month.name().to_owned());
        let (scenario, orders) = match month.top_scenario() {
            Some((scenario, orders)) => (world.names.scenarios[usize::from(scenario)].clone(), Cell::from(orders)),
            None => ("–".to_owned(), Cell::right("")),
        };
        table.row([
            name.into(),
            month.orders.into(),
            month.items.into(),
            Cell::won(month.revenue),
            scenario.into(),
            orders,
        ]);
    }
    let revenue = summary.months.iter().map(|month| month.revenue).sum();
    table.row([
        "year".into(),
        summary.orders().into(),
        summary.items().into(),
        Cell::won(revenue),
        "".into(),
        "".into(),
    ]);
    printer.table(&table)?;
    let customers: u64 = summary.grades.iter().sum();
    let mut pyramid = Table::new(["grade at the end", "customers", "share"]);
    for (grade, count) in summary.pyramid() {
        pyramid.row([grade.as_str().into(), count.into(), Cell::share(count as f64 / customers.max(1) as f64)]);
    }
    printer.table(&pyramid)
}

/// The same for scripts.
pub(super) fn summary_json(summary: &Summary, world: &World) -> serde_json::Value {
    let month = |(number, month): (u32, &crate::backfill::summary::Month)| {
        json!({
            "month": NaiveDate::from_ymd_opt(2000, number, 1).map(|day| day.format("%m").to_string()),
            "orders": month.orders,
            "items": month.items,
            "revenue": month.revenue,
            "top_scenario": month.top_scenario().map(|(at, _)| world.names.scenarios[usize::from(at)].clone()),
        })
    };
    json!({
        "orders": summary.orders(),
        "items": summary.items(),
        "months": (1..).zip(&summary.months).map(month).collect::<Vec<_>>(),
        "grades": summary.pyramid().map(|(g, n)| (g.to_string(), n.into())).collect::<serde_json::Map<_, _>>(),
        "grade_changes": summary.grade_changes,
    })
}
