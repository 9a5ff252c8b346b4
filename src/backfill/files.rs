//! The year into files (or nowhere): the shop makes its own customers and products, and needs no service.

use std::thread::scope;

use color_eyre::eyre::Result;
use uuid::Uuid;

use super::lanes::Lane;
use super::request::Makes;
use super::{Request, Summary, Watch};
use crate::domain::rows::{GradeChange, Order, OrderItem, Product, Row, User};
use crate::generator::World;
use crate::generator::year::{Batch, Population, Year};
use crate::interrupt::Interrupt;
use crate::sink::{Format, TableReport};

/// Rows of customers and products made at a time.
const CHUNK: usize = 4_096;

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The year's figures.
    pub summary: Summary,
    /// The tables, in the order of [`crate::domain::rows::TABLES`].
    pub tables: Vec<TableReport>,
    /// The id written with each order and grade change.
    pub run_id: Uuid,
}

/// Makes the year and writes its five tables, with up to `jobs` threads; the rows do not depend on their number.
///
/// # Errors
/// When a table cannot be written, the population is too small, or the run is interrupted.
pub fn run<F: Format>(
    world: &World,
    request: &Request,
    format: &F,
    jobs: usize,
    watch: &dyn Watch,
    interrupt: &Interrupt,
) -> Result<Outcome> {
    let population = Population::generate(world, request.row_seed(), request.as_of, request.users, request.products);
    request.check_population(&population, Makes::ForItself)?;
    let run_id = request.run_id(&population);
    let mut year = Year::new(world, &population, request.year_params(run_id, None));
    let mut summary = Summary::default();
    let names = &world.names;

    let mut tables = scope(|threads| -> Result<Vec<TableReport>> {
        // The widest tables first: with two jobs the items have a thread of their own.
        let mut items = match jobs {
            ..2 => Lane::inline(format.begin::<OrderItem>()?, names),
            _ => Lane::threaded(threads, format.begin::<OrderItem>()?, names),
        };
        let mut orders = match jobs {
            ..3 => Lane::inline(format.begin::<Order>()?, names),
            _ => Lane::threaded(threads, format.begin::<Order>()?, names),
        };
        let mut changes = Lane::inline(format.begin::<GradeChange>()?, names);
        let mut batch = Batch::default();
        let mut fold = || -> Result<()> {
            while year.next(&mut batch) {
                interrupt.check()?;
                changes.push(&batch.grade_changes)?;
                orders.push(&batch.orders)?;
                items.push(&batch.items)?;
                summary.add(&batch);
                watch.batch(&batch);
            }
            Ok(())
        };
        let folded = fold();
        let reports = [orders.finish(), items.finish(), changes.finish()];
        // A table's own failure says more than that its writer has stopped; an interruption more than either.
        if let Err(error) = folded {
            if error.is::<crate::interrupt::Interrupted>() {
                return Err(error);
            }
            reports.into_iter().collect::<Result<Vec<_>>>()?;
            return Err(error);
        }
        reports.into_iter().collect()
    })?;
    watch.orders_done();
    summary.add_grades(&year, &population);

    let shop = Shop { world, request, population: &population, year: &year, interrupt };
    let shop = scope(|threads| -> Result<[TableReport; 2]> {
        if jobs < 2 {
            return Ok([shop.users(format)?, shop.products(format)?]);
        }
        let users = threads.spawn(|| shop.users(format));
        let products = shop.products(format);
        let users = users.join().map_err(|_| color_eyre::eyre::eyre!("the writer of users broke down"))?;
        Ok([users?, products?])
    })?;
    tables.splice(0..0, shop);
    Ok(Outcome { summary, tables, run_id })
}

/// The shop's own tables, as they stand at the end of the year.
struct Shop<'a> {
    world: &'a World,
    request: &'a Request,
    population: &'a Population,
    year: &'a Year<'a>,
    interrupt: &'a Interrupt,
}

impl Shop<'_> {
    fn users<F: Format>(&self, format: &F) -> Result<TableReport> {
        let seed = self.request.row_seed();
        self.write(format, self.population.customers.len(), |at| {
            let mut user = self.world.user_row(seed, &self.population.customers[at]);
            self.year.customer_end(at).apply(&mut user);
            user
        })
    }

    fn products<F: Format>(&self, format: &F) -> Result<TableReport> {
        let seed = self.request.row_seed();
        self.write(format, self.population.products.len(), |at| {
            let mut product = self.world.row_of_product(seed, &self.population.products[at], self.request.as_of);
            self.year.product_end(at).apply(&mut product);
            product
        })
    }

    fn write<R: Row + Send, F: Format>(
        &self,
        format: &F,
        count: usize,
        row: impl Fn(usize) -> R,
    ) -> Result<TableReport> {
        use crate::sink::TableWriter;
        let mut table = format.begin::<R>()?;
        let mut rows = Vec::with_capacity(CHUNK);
        for start in (0..count).step_by(CHUNK) {
            self.interrupt.check()?;
            rows.clear();
            rows.extend((start..count.min(start + CHUNK)).map(&row));
            table.write(&rows, &self.world.names)?;
        }
        table.finish()
    }
}

/// The columns of one of the tables a run writes, by its name.
#[must_use]
pub fn columns_of(table: &str) -> &'static [crate::domain::rows::Column] {
    match table {
        User::TABLE => User::COLUMNS,
        Product::TABLE => Product::COLUMNS,
        Order::TABLE => Order::COLUMNS,
        OrderItem::TABLE => OrderItem::COLUMNS,
        _ => GradeChange::COLUMNS,
    }
}
