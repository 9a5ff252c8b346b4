//! A sink of your own: instead of writing rows, it adds up what each category sold.
//!
//! ```text
//! cargo run --example own_sink -- 2025
//! ```
//!
//! A sink is two traits: a [`Format`] begins tables, a [`TableWriter`] takes their rows. Rows are generic, so that one
//! implementation serves all five tables: it learns a row's columns from [`Row::COLUMNS`] and its values through a
//! [`FieldVisitor`]. For writing each field somewhere, `src/sink/ndjson.rs` is the shortest model.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;
use color_eyre::eyre::{Context, Result};
use shopstream::backfill::request::{DEFAULT_SEED, Sizes};
use shopstream::backfill::{Request, Unwatched, files};
use shopstream::domain::Timestamp;
use shopstream::domain::rows::{FieldVisitor, Names, OrderItem, Row};
use shopstream::generator::World;
use shopstream::interrupt::Interrupt;
use shopstream::sink::{Format, Place, TableReport, TableWriter};
use uuid::Uuid;

/// Items sold and their amount in KRW, by category.
pub type Sales = BTreeMap<String, (u64, i64)>;

fn main() -> Result<()> {
    let given = std::env::args().nth(1).unwrap_or_else(|| "2025".to_owned());
    let year = given.parse().wrap_err_with(|| format!("{given:?} is no year"))?;
    let sales = sales_of(year, Sizes::default())?;
    let mut out = io::stdout().lock();
    for (category, (items, amount)) in &sales {
        writeln!(out, "{items:>8} items  {amount:>15} KRW  {category}")?;
    }
    Ok(())
}

/// What each category sold in a year, cancelled and refunded orders included.
pub fn sales_of(year: i32, sizes: Sizes) -> Result<Sales> {
    let world = World::new(None, None)?;
    let request = Request::new(year, DEFAULT_SEED, sizes)?;
    let sink = SalesByCategory::default();
    files::run(&world, &request, &sink, 2, &Unwatched, &Interrupt::never())?;
    let sales = sink.total.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(sales.clone())
}

/// The format: what all tables share.
#[derive(Debug, Default)]
struct SalesByCategory {
    total: Arc<Mutex<Sales>>,
}

impl Format for SalesByCategory {
    type Table<R: Row + Send> = SalesTable;

    fn begin<R: Row + Send>(&self) -> Result<SalesTable> {
        // Of the five tables only one matters here; the others are counted, nothing more.
        let matters = R::TABLE == OrderItem::TABLE;
        let column = |name| R::COLUMNS.iter().position(|column| matters && column.name == name);
        Ok(SalesTable {
            table: R::TABLE,
            rows: 0,
            columns: column("category").zip(column("line_amount")),
            sales: BTreeMap::new(),
            total: Arc::clone(&self.total),
        })
    }
}

/// The writer of one table. It may live in a thread of its own, and adds to the total only when it is complete.
struct SalesTable {
    table: &'static str,
    rows: u64,
    /// Positions of the category and of the amount.
    columns: Option<(usize, usize)>,
    sales: Sales,
    total: Arc<Mutex<Sales>>,
}

impl<R: Row> TableWriter<R> for SalesTable {
    fn write(&mut self, rows: &[R], names: &Names) -> Result<()> {
        self.rows += rows.len() as u64;
        let Some((category, amount)) = self.columns else { return Ok(()) };
        for row in rows {
            let mut picked = Picked { column: 0, wanted: (category, amount), category: String::new(), amount: 0 };
            row.visit(names, &mut picked);
            let (items, sum) = self.sales.entry(picked.category).or_default();
            *items += 1;
            *sum += picked.amount;
        }
        Ok(())
    }

    fn finish(self) -> Result<TableReport> {
        let mut total = self.total.lock().unwrap_or_else(PoisonError::into_inner);
        for (category, (items, amount)) in self.sales {
            let sum = total.entry(category).or_default();
            sum.0 += items;
            sum.1 += amount;
        }
        // A sink without files has no checksum to report; the null sink gives a digest of all fields here.
        Ok(TableReport { table: self.table, rows: self.rows, place: Place::Elsewhere("a total".to_owned()) })
    }
}

/// Picks two fields of a row; the others go by.
struct Picked {
    column: usize,
    wanted: (usize, usize),
    category: String,
    amount: i64,
}

impl FieldVisitor for Picked {
    fn label(&mut self, _code: u8, value: &str) {
        if self.column == self.wanted.0 {
            self.category.push_str(value);
        }
        self.column += 1;
    }

    fn int64(&mut self, value: i64) {
        if self.column == self.wanted.1 {
            self.amount = value;
        }
        self.column += 1;
    }

    fn uuid(&mut self, _value: Uuid) {
        self.column += 1;
    }

    fn text(&mut self, _value: &str) {
        self.column += 1;
    }

    fn int16(&mut self, _value: i16) {
        self.column += 1;
    }

    fn int32(&mut self, _value: i32) {
        self.column += 1;
    }

    fn float64(&mut self, _value: f64) {
        self.column += 1;
    }

    fn boolean(&mut self, _value: bool) {
        self.column += 1;
    }

    fn date(&mut self, _value: NaiveDate) {
        self.column += 1;
    }

    fn timestamp(&mut self, _value: Timestamp) {
        self.column += 1;
    }

    fn null(&mut self) {
        self.column += 1;
    }
}
