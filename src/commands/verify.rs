//! `shopstream verify`: what was produced against what is stored.

mod print;

use std::time::Duration;

use chrono::Utc;

use super::Context;
use super::grades::parse_instant;
use crate::cli::example;
use crate::cli::values::parse_duration;
use crate::domain::Timestamp;
use crate::error::Failure;
use crate::output::number;
use crate::verify::foreign::{ForeignTable, Identifier, TableName};
use crate::verify::report::Report;
use crate::verify::{Audit, Request, Watch};

/// Arguments of `verify`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&[
    "shopstream verify --wait 1m",
    "shopstream verify --orders-table analytics.my_orders --id-column order_id --amount-column total",
]))]
pub struct Args {
    /// Read only what was sent since then: a duration before now (2h), a day (its 00:00, UTC+9) or an RFC 3339 time
    #[arg(long, value_name = "TIME", value_parser = parse_since)]
    pub since: Option<Timestamp>,

    /// Wait up to this long until the consumers have read what the topics hold now; status 1 when they have not
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, conflicts_with = "orders_table")]
    pub wait: Option<Duration>,

    /// Audit this table of another consumer, against the topic of orders alone
    #[arg(long, value_name = "SCHEMA.TABLE", requires_all = ["id_column", "amount_column"])]
    pub orders_table: Option<TableName>,

    /// Its column with the order's id (UUID or text)
    #[arg(long, value_name = "NAME", requires = "orders_table")]
    pub id_column: Option<Identifier>,

    /// Its column with the order's total (any number)
    #[arg(long, value_name = "NAME", requires = "orders_table")]
    pub amount_column: Option<Identifier>,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Audits, prints, and fails when something disagrees, or what was waited for did not come.
///
/// # Errors
/// As said; also when the brokers or the database cannot be read.
pub fn run(args: &Args, context: &Context) -> color_eyre::Result<()> {
    let kafka = context.kafka()?;
    let request = request(args);
    // Somebody else's table may lie in a database that is none of the shop's.
    let mut conn = if request.orders_table.is_some() { context.connect()? } else { context.connect_migrated()? };
    let stages = context.printer.stages("verify");
    let watch = Watch { interrupt: &context.interrupt, follow: &stages };
    let audit = Audit { kafka: &kafka, watch };
    let report = audit.run(&mut conn, &request)?;
    drop(stages);
    if args.json {
        context.printer.json(&print::to_json(&report)?)?;
    } else {
        print::print(&report, &context.printer)?;
    }
    verdict(&report, args.wait)
}

fn request(args: &Args) -> Request {
    let columns = args.id_column.clone().zip(args.amount_column.clone());
    let orders_table =
        args.orders_table.clone().zip(columns).map(|(table, (id, amount))| ForeignTable { table, id, amount });
    Request { since: args.since, wait: args.wait, orders_table }
}

fn verdict(report: &Report, wait: Option<Duration>) -> color_eyre::Result<()> {
    if !report.agrees() {
        let what = format!("what was produced and what is stored disagree: {}", report.disagreements.join("; "));
        return Err(Failure::new(what).help("docs/verify.md says what each figure means and where to look").into());
    }
    match wait {
        // Who waits wants to know that all is stored, and only knows what was read.
        Some(wait) if report.not_read_in_time > 0 => {
            let (messages, wait) = (number::some(report.not_read_in_time, "message"), number::duration(wait));
            Err(Failure::new(format!("after {wait} the consumers have not read {messages} that they were waited for"))
                .help("look whether they run (shopstream monitor --once), or wait longer: --wait DURATION")
                .into())
        }
        _ => Ok(()),
    }
}

fn parse_since(text: &str) -> Result<Timestamp, String> {
    if let Ok(ago) = parse_duration(text) {
        let seconds = i64::try_from(ago.as_secs()).map_err(|_| "this duration is too long".to_owned())?;
        let now = Timestamp::from(Utc::now());
        let earliest = now.secs();
        return if seconds < earliest { Ok(now.plus_secs(-seconds)) } else { Err("that is too long ago".to_owned()) };
    }
    parse_instant(text).map_err(|error| format!("{error}; or write a duration before now, such as 2h"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_a_duration_or_a_moment() {
        let hour = parse_since("1h").unwrap();
        let off = Utc::now().timestamp() - 3_600 - hour.secs();
        assert!((0..60).contains(&off), "{off}");
        assert_eq!(parse_since("2026-01-01T00:00:00Z").unwrap().secs(), 1_767_225_600);
        for wrong in ["yesterday", "99999d", ""] {
            assert!(parse_since(wrong).is_err(), "{wrong:?}");
        }
    }
}
