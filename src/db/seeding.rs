//! `seed`: the shop's customers and products, in one transaction. `seed_runs` remembers how far each seed was sown, so
//! that repeating it adds nothing, and a larger count adds the difference.

use chrono::NaiveDate;
use color_eyre::eyre::{Context, Result};
use diesel::prelude::*;

use super::copy::{CopyBuffer, CopyRow, copy_in};
use super::lock;
use super::schema::seed_runs;
use crate::error::Failure;
use crate::generator::World;
use crate::generator::year::Population;
use crate::interrupt::Interrupt;

/// Rows encoded at a time.
const CHUNK: usize = 2_048;

/// What is to be sown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeedRequest {
    /// Everything follows from it.
    pub seed: u64,
    /// Number of customers.
    pub users: u32,
    /// Number of products.
    pub products: u32,
    /// The day asked for, if any.
    pub as_of: Option<NaiveDate>,
    /// The day for a seed that was never sown, when none is asked for.
    pub default_as_of: NaiveDate,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeedOutcome {
    /// The day the shop was made for.
    pub as_of: NaiveDate,
    /// Customers added now, and in all.
    pub users: (u32, u32),
    /// Products added now, and in all.
    pub products: (u32, u32),
}

/// A seed that was sown.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = seed_runs, check_for_backend(diesel::pg::Pg))]
pub struct SeedRun {
    /// The seed's 64 bits.
    pub seed: i64,
    /// The day the shop was made for.
    pub as_of: NaiveDate,
    /// Customers sown.
    pub users: i64,
    /// Products sown.
    pub products: i64,
}

/// All seeds sown so far.
///
/// # Errors
/// When the query fails.
pub fn seed_runs(conn: &mut PgConnection) -> Result<Vec<SeedRun>> {
    let runs = seed_runs::table.order(seed_runs::seed).select(SeedRun::as_select()).load(conn);
    runs.wrap_err("cannot read seed_runs")
}

/// Sows. `watch` is told of rows as they are sent.
///
/// # Errors
/// A [`Failure`] when the seed was sown as of another day than the one asked for; else when a row cannot be written, or
/// on an interruption. Nothing is stored then.
pub fn seed(
    conn: &mut PgConnection,
    world: &World,
    request: &SeedRequest,
    watch: &dyn Fn(u64),
    interrupt: &Interrupt,
) -> Result<SeedOutcome> {
    conn.transaction(|conn| {
        // Two seeders at once: the second waits, and finds everything there.
        lock::lock(conn, lock::SEED).wrap_err("cannot take the seeders' lock")?;
        let known: Option<SeedRun> = seed_runs::table
            .find(request.seed as i64)
            .select(SeedRun::as_select())
            .first(conn)
            .optional()
            .wrap_err("cannot read seed_runs")?;
        let as_of = decide_as_of(request, known.as_ref())?;
        let sown = known.map_or((0, 0), |run| (run.users as u32, run.products as u32));
        let (users, products) = (request.users.max(sown.0), request.products.max(sown.1));

        let sampler = &world.customer_sampler;
        let mut new = Population {
            customers: (sown.0..users).map(|index| sampler.customer(request.seed, index, as_of)).collect(),
            products: (sown.1..products).map(|index| world.product(request.seed, index, as_of)).collect(),
        };
        // In the order of ids an index is filled from left to right.
        new.sort();
        let customer = |at: usize| world.user_row(request.seed, &new.customers[at]);
        copy_rows(conn, world, new.customers.len(), customer, watch, interrupt)?;
        let product = |at: usize| world.product_row(request.seed, new.products[at].index, as_of);
        copy_rows(conn, world, new.products.len(), product, watch, interrupt)?;

        if (users, products) != sown || (users, products) == (0, 0) {
            record(conn, request.seed, as_of, users, products).wrap_err("cannot write seed_runs")?;
        }
        Ok(SeedOutcome { as_of, users: (users - sown.0, users), products: (products - sown.1, products) })
    })
}

fn decide_as_of(request: &SeedRequest, known: Option<&SeedRun>) -> Result<NaiveDate, Failure> {
    match (known, request.as_of) {
        (Some(run), Some(asked)) if run.as_of != asked => Err(Failure::usage(format!(
            "seed {} was sown as of {}; it cannot be sown as of {asked} too",
            request.seed, run.as_of
        ))
        .help("leave --as-of out to add to it, or give another --seed for another shop beside it")),
        (Some(run), _) => Ok(run.as_of),
        (None, asked) => Ok(asked.unwrap_or(request.default_as_of)),
    }
}

fn record(conn: &mut PgConnection, seed: u64, as_of: NaiveDate, users: u32, products: u32) -> QueryResult<usize> {
    use diesel::upsert::excluded;
    use seed_runs as s;
    let row = (
        s::seed.eq(seed as i64),
        s::as_of.eq(as_of),
        s::users.eq(i64::from(users)),
        s::products.eq(i64::from(products)),
        s::version.eq(env!("CARGO_PKG_VERSION")),
    );
    diesel::insert_into(s::table)
        .values(row)
        .on_conflict(s::seed)
        .do_update()
        .set((
            s::users.eq(excluded(s::users)),
            s::products.eq(excluded(s::products)),
            s::version.eq(excluded(s::version)),
            s::updated_at.eq(diesel::dsl::now),
        ))
        .execute(conn)
}

/// Copies `count` rows into their table, a chunk at a time.
fn copy_rows<R: CopyRow>(
    conn: &mut PgConnection,
    world: &World,
    count: usize,
    row: impl Fn(usize) -> R,
    watch: &dyn Fn(u64),
    interrupt: &Interrupt,
) -> Result<()> {
    let chunks = (0..count).step_by(CHUNK).take_while(|_| !interrupt.is_set()).map(|start| {
        let mut buffer = CopyBuffer::<R>::with_capacity(CHUNK * 300);
        for at in start..count.min(start + CHUNK) {
            buffer.push(&row(at), &world.names);
        }
        watch(buffer.rows());
        buffer
    });
    copy_in::<R, _>(conn, chunks)?;
    // The chunks end early on a signal; the transaction then goes.
    interrupt.check()?;
    Ok(())
}
