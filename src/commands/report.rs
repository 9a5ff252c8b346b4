//! `shopstream report`: a page of charts of a year.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::Context;
use super::consent::Consent;
use crate::backfill::request::check_year;
use crate::cli::example;
use crate::cli::values::parse_year;
use crate::error::Failure;
use crate::output::number;
use crate::report::files::Dataset;
use crate::report::{Report, events, page, postgres, write};

/// Arguments of `report`.
#[derive(clap::Args, Debug)]
#[command(mut_arg("yes", |arg| arg.requires("replace")))]
#[command(before_help = example(&[
    "shopstream report --from dataset",
    "shopstream report --from postgres --year 2025 --out year.html",
]))]
pub struct Args {
    /// Whose figures: a folder that backfill wrote, or `postgres` [default: postgres where a database is configured, else
    /// the folder shopstream-YEAR]
    #[arg(long, value_name = "DIR|postgres")]
    from: Option<PathBuf>,
    /// The year [default: the folder's; in PostgreSQL the newest that backfill wrote]
    #[arg(long, value_name = "YEAR", value_parser = parse_year)]
    year: Option<i32>,
    /// The HTML file to write; an earlier report there gives way [default: shopstream-report-YEAR.html]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Overwrite the file even if it is no report; asks first
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    consent: Consent,
    /// Print the result as JSON: where the page is, and its headline figures
    #[arg(long)]
    json: bool,
}

/// Counts the year and writes the page.
///
/// # Errors
/// When there is no such year, the folder is damaged, or the file cannot be written.
pub fn run(args: &Args, context: &Context) -> color_eyre::Result<()> {
    // What is wrong with the year or the place is said before the work.
    args.year.map_or(Ok(()), check_year)?;
    if let Some(out) = &args.out {
        check(out, args, context)?;
    }
    let report = match args.source(context.settings.database_url.value.is_some())? {
        Source::Postgres => from_postgres(args, context)?,
        Source::Folder(folder) => from_folder(args, folder, context)?,
    };
    let year = report.figures.year;
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("shopstream-report-{year}.html")));
    if args.out.is_none() {
        check(&out, args, context)?;
    }
    let html = page::html(&report)?;
    write::write(&out, &html)?;
    for note in &report.notes {
        context.printer.warn(note);
    }
    if args.json {
        return context.printer.json(&json(&report, &out, html.len()));
    }
    let size = number::bytes(html.len() as u64);
    context.printer.result(&format!("The report of {year} is in {} ({size}); open it in a browser.", out.display()))
}

/// Whether the page may be written there.
fn check(out: &Path, args: &Args, context: &Context) -> color_eyre::Result<()> {
    let refused = write::check(out, false);
    if refused.is_ok() || !args.replace {
        return refused;
    }
    write::check(out, true)?;
    args.consent.to(&format!("this overwrites {}, which is no report of shopstream's", out.display()), "", context)
}

/// Whose figures a report is made of.
enum Source {
    Postgres,
    Folder(PathBuf),
}

impl Args {
    fn source(&self, configured: bool) -> Result<Source, Failure> {
        match (&self.from, self.year) {
            (Some(from), _) if from.as_os_str() == "postgres" => Ok(Source::Postgres),
            (Some(folder), _) => Ok(Source::Folder(folder.clone())),
            (None, _) if configured => Ok(Source::Postgres),
            (None, Some(year)) => Ok(Source::Folder(PathBuf::from(format!("shopstream-{year}")))),
            (None, None) => Err(Failure::usage("it was not said whose figures the report is to show")
                .help("name a folder that backfill wrote with --from DIR, or set DATABASE_URL")),
        }
    }
}

fn from_folder(args: &Args, folder: PathBuf, context: &Context) -> color_eyre::Result<Report> {
    let dataset = Dataset::open(&folder)?;
    if let Some(year) = args.year.filter(|year| *year != dataset.year()) {
        let what = format!("{} holds the year {}, and not {year}", folder.display(), dataset.year());
        return Err(Failure::usage(what).help("leave --year out, or name another folder with --from").into());
    }
    dataset.check_files()?;
    let progress = context.printer.progress("reading", Some(dataset.orders()), "orders");
    let report = dataset.report(&|orders| progress.inc(orders), &context.interrupt)?;
    progress.finish();
    Ok(report)
}

fn from_postgres(args: &Args, context: &Context) -> color_eyre::Result<Report> {
    let mut conn = context.connect_migrated()?;
    let year = args.year.map_or_else(|| postgres::newest_year(&mut conn), Ok)?;
    postgres::report(&mut conn, year, &context.interrupt, &context.printer.stages("report"))
}

fn json(report: &Report, out: &Path, bytes: usize) -> serde_json::Value {
    let figures = &report.figures;
    let total = figures.total();
    json!({
        "year": figures.year,
        "out": out.display().to_string(),
        "bytes": bytes,
        "revenue": total.revenue,
        "orders": total.orders,
        "completed_orders": total.completed,
        "items": total.items,
        "average_order": total.average(),
        "customers": figures.customers(),
        "customers_who_bought": figures.customers_who_bought,
        "top_scenario": events::top(figures, |_| true).map(|(name, _)| name),
        "notes": report.notes,
    })
}
