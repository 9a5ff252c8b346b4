//! A day of the shop on standard output, one order with its items a line (NDJSON):
//!
//! ```text
//! cargo run --example day_of_orders -- 2025-11-28 | head -n 3
//! ```
//!
//! An order depends on what the shop has seen so far, so the year is folded up to that day. No service is needed, and
//! the same day gives the same bytes each time.

use std::io::{self, BufWriter, Write};

use chrono::{Datelike, Days, NaiveDate};
use color_eyre::eyre::{Context, OptionExt, Result};
use shopstream::backfill::Request;
use shopstream::backfill::request::{DEFAULT_SEED, Makes, Sizes};
use shopstream::domain::Timestamp;
use shopstream::domain::rows::{Names, Order, OrderItem};
use shopstream::generator::World;
use shopstream::generator::year::{Batch, Population, Year};
use shopstream::sink::ndjson::write_line;

fn main() -> Result<()> {
    let given = std::env::args().nth(1).unwrap_or_else(|| "2025-11-28".to_owned());
    let day = given.parse().wrap_err_with(|| format!("{given:?} is no date; write it as 2025-11-28"))?;
    let outcome = write_day(day, BufWriter::new(io::stdout().lock()));
    match outcome {
        // `| head` has read enough.
        Err(error) if is_closed_pipe(&error) => Ok(()),
        outcome => outcome,
    }
}

/// Writes the orders of `day` (of business time), in order of time.
pub fn write_day(day: NaiveDate, mut out: impl Write) -> Result<()> {
    // The figures of the built-in shop, with as many orders, customers and products as a backfill has by default.
    let world = World::new(None, None)?;
    let request = Request::new(day.year(), DEFAULT_SEED, Sizes::default())?;
    let population = Population::generate(&world, request.seed, request.as_of, request.users, request.products);
    request.check_population(&population, Makes::ForItself)?;

    let next_day = day.checked_add_days(Days::new(1)).ok_or_eyre("there is no day after this one")?;
    let until = Some(Timestamp::business_midnight(next_day));
    let params = request.year_params(request.run_id(&population), until);
    let mut year = Year::new(&world, &population, params);
    let mut batch = Batch::default();
    let mut line = Vec::new();
    while year.next(&mut batch) {
        let mut items = batch.items.as_slice();
        for order in &batch.orders {
            let (own, others) = items.split_at(usize::from(order.item_count.unsigned_abs()));
            items = others;
            if order.created_at.business_day() == day {
                line.clear();
                nest(order, own, &world.names, &mut line)?;
                out.write_all(&line)?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

/// One line: the order's object, with its items' objects in an array at its end.
fn nest(order: &Order, items: &[OrderItem], names: &Names, line: &mut Vec<u8>) -> Result<()> {
    write_line(order, names, line)?;
    reopen(line);
    line.extend_from_slice(b",\"items\":[");
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            line.push(b',');
        }
        write_line(item, names, line)?;
        reopen(line);
        line.push(b'}');
    }
    line.extend_from_slice(b"]}\n");
    Ok(())
}

/// Takes the closing brace and the end of the line off again.
fn reopen(line: &mut Vec<u8>) {
    line.truncate(line.len().saturating_sub(2));
}

fn is_closed_pipe(error: &color_eyre::Report) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
