//! `backfill_runs`: which years were written, from what, and how far; and taking one back.

use std::time::Duration;

use chrono::{DateTime, Utc};
use color_eyre::eyre::{Context, Result, eyre};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, SmallInt, Timestamptz};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::lock;
use super::schema::backfill_runs;
use super::seeding::seed_runs;
use super::storing;
use crate::domain::Timestamp;
use crate::error::Failure;
use crate::generator::World;
use crate::generator::year::{Population, Year};

/// Customers or products updated at a time.
const CHUNK: usize = 20_000;
/// How long a month that an earlier process is writing is waited for.
const MONTH_PATIENCE: Duration = Duration::from_secs(30);

/// What a year was written from; with the seeded rows it decides every byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunParameters {
    /// Number of orders, were the year over.
    pub orders: u64,
    /// The seed.
    pub seed: u64,
    /// Whether customers come back by habit.
    pub habits: bool,
    /// XXH3 of the user's own scenarios.
    pub scenarios: Option<u64>,
    /// XXH3 of the user's own catalogue.
    pub catalog: Option<u64>,
    /// Orders from this moment on (Unix microseconds) were left out, for it was now.
    pub until: Option<i64>,
}

/// A year in `backfill_runs`.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id, as in the rows.
    pub run_id: Uuid,
    /// What it is made from; `None` where another version wrote it in a way this one cannot read.
    pub parameters: Option<RunParameters>,
    /// Whether all of it is there, counters and grades included.
    pub complete: bool,
    /// Months that are there.
    pub months_done: Vec<i16>,
    /// The version that began it.
    pub version: String,
}

/// The run of a year, if there is one.
///
/// # Errors
/// When the query fails, or its parameters are not ours.
pub fn find(conn: &mut PgConnection, year: i32) -> Result<Option<Run>> {
    use backfill_runs as r;
    type Found = (Uuid, serde_json::Value, String, Vec<i16>, String);
    let found: Option<Found> = r::table
        .filter(r::year.eq(year as i16))
        .select((r::run_id, r::parameters, r::state, r::months_done, r::version))
        .first(conn)
        .optional()
        .wrap_err("cannot read backfill_runs")?;
    found
        .map(|(run_id, parameters, state, months, version)| {
            Ok(Run {
                run_id,
                parameters: serde_json::from_value(parameters).ok(),
                complete: state == "complete",
                months_done: months,
                version,
            })
        })
        .transpose()
}

/// Keeps every earlier process from writing the year's run any further, and returns the attempt under which this one
/// may; `None` when the year has no run. A month that an earlier process is in the middle of is waited for.
///
/// The year's lock alone does not do this: it is one connection's, and the others of its run may outlive it.
///
/// # Errors
/// A [`Failure`] when such a month does not end; also when a query fails.
pub fn take_over(conn: &mut PgConnection, year: i32) -> Result<Option<Uuid>> {
    use backfill_runs as r;
    let taken = conn.transaction(|conn| {
        conn.batch_execute(&format!("SET LOCAL lock_timeout = '{}s'", MONTH_PATIENCE.as_secs()))?;
        // Stronger than what a month holds (`hold_month`), which an update of the row alone would not be.
        let found = r::table.filter(r::year.eq(year as i16)).select(r::run_id).for_update();
        let Some(run_id) = found.first::<Uuid>(conn).optional()? else { return Ok(None) };
        let new = diesel::update(r::table.find(run_id)).set(r::attempt.eq(gen_random_uuid()));
        new.returning(r::attempt).get_result(conn).map(Some)
    });
    taken.map_err(|error: diesel::result::Error| match &error {
        diesel::result::Error::DatabaseError(_, said) if said.message().contains("lock timeout") => {
            Failure::new(format!("an earlier run is in the middle of a month of {year}, and does not end it"))
                .help("end that process, or its sessions in PostgreSQL; then give the same command again")
                .into()
        }
        _ => color_eyre::Report::new(error).wrap_err("cannot take over backfill_runs"),
    })
}

/// Holds the run for a month's transaction: nobody takes it over before the transaction has ended.
///
/// # Errors
/// A [`Failure`] when another process has taken it over already; also when the query fails.
pub fn hold_month(conn: &mut PgConnection, run_id: Uuid, attempt: Uuid) -> Result<()> {
    use backfill_runs as r;
    let held = r::table.find(run_id).filter(r::attempt.eq(attempt)).select(r::run_id).for_key_share();
    match held.first::<Uuid>(conn).optional().wrap_err("cannot read backfill_runs")? {
        Some(_) => Ok(()),
        None => Err(Failure::new("another process has taken over this run of the year")
            .help("let that one finish; this one has written nothing since")
            .into()),
    }
}

define_sql_function! {
    /// PostgreSQL's own random UUID.
    fn gen_random_uuid() -> diesel::sql_types::Uuid;
}

/// Records that a run begins; returns the attempt under which it may be written.
///
/// # Errors
/// When the year has a run already, or the query fails.
pub fn begin(conn: &mut PgConnection, year: i32, run_id: Uuid, parameters: &RunParameters) -> Result<Uuid> {
    use backfill_runs as r;
    diesel::insert_into(r::table)
        .values((
            r::run_id.eq(run_id),
            r::year.eq(year as i16),
            r::parameters.eq(serde_json::to_value(parameters).wrap_err("cannot write a run's parameters")?),
            r::version.eq(env!("CARGO_PKG_VERSION")),
        ))
        .returning(r::attempt)
        .get_result(conn)
        .wrap_err("cannot write backfill_runs")
}

/// Records a month, in the transaction of its rows.
///
/// # Errors
/// When the query fails.
pub fn month_done(conn: &mut PgConnection, run_id: Uuid, month: u32, orders: u64, items: u64) -> Result<()> {
    diesel::sql_query(include_str!("sql/run_month_done.sql"))
        .bind::<diesel::sql_types::Uuid, _>(run_id)
        .bind::<SmallInt, _>(month as i16)
        .bind::<BigInt, _>(orders as i64)
        .bind::<BigInt, _>(items as i64)
        .execute(conn)
        .wrap_err("cannot write backfill_runs")
        .and_then(
            |rows| if rows == 1 { Ok(()) } else { Err(eyre!("the run {run_id} is not in backfill_runs any more")) },
        )
}

/// Holds a year against other runs until the connection ends; false if another session has it.
///
/// # Errors
/// When the query fails.
pub fn hold(conn: &mut PgConnection, year: i32) -> Result<bool> {
    lock::try_lock_session(conn, &format!("backfill/{year}")).wrap_err("cannot take the year's lock")
}

/// Brings customers and products up to date with the year, and marks the run complete; within a transaction.
///
/// Rows are locked in the order of ids, so that two writers never wait for each other in a circle.
///
/// # Errors
/// When a query fails.
pub fn finish(conn: &mut PgConnection, run_id: Uuid, population: &Population, year: &Year<'_>) -> Result<()> {
    // The planner takes the arrays for costly, and would compile for longer than the updates run.
    conn.batch_execute("SET LOCAL jit = off").wrap_err("cannot set a parameter of the transaction")?;
    let time = Timestamp::to_utc;
    let bought: Vec<(Uuid, Option<DateTime<Utc>>, DateTime<Utc>)> = (0..population.customers.len())
        .filter_map(|at| {
            let end = year.customer_end(at);
            let changed = end.last_ordered.max(end.last_graded)?;
            Some((population.customers[at].id, end.last_ordered.map(time), time(changed)))
        })
        .collect();
    for chunk in bought.chunks(CHUNK) {
        diesel::sql_query(include_str!("sql/run_finish_users.sql"))
            .bind::<Array<diesel::sql_types::Uuid>, _>(chunk.iter().map(|row| row.0).collect::<Vec<_>>())
            .bind::<Array<Nullable<Timestamptz>>, _>(chunk.iter().map(|row| row.1).collect::<Vec<_>>())
            .bind::<Array<Timestamptz>, _>(chunk.iter().map(|row| row.2).collect::<Vec<_>>())
            .execute(conn)
            .wrap_err("cannot bring the customers up to date")?;
    }
    let sold: Vec<storing::Sale> = (0..population.products.len())
        .filter_map(|at| {
            let end = year.product_end(at);
            Some((population.products[at].id, i64::from(end.order_count), time(end.last_sold?)))
        })
        .collect();
    for chunk in sold.chunks(CHUNK) {
        storing::products_sold(conn, chunk).wrap_err("cannot bring the products up to date")?;
    }
    diesel::sql_query(include_str!("sql/run_complete.sql"))
        .bind::<diesel::sql_types::Uuid, _>(run_id)
        .execute(conn)
        .wrap_err("cannot write backfill_runs")?;
    Ok(())
}

/// Takes a run back: its orders, items and grade changes go, and counters, last orders and grades are made to agree
/// with what is left; in one transaction.
///
/// # Errors
/// When a query fails.
pub fn take_back(conn: &mut PgConnection, world: &World, run: &Run) -> Result<()> {
    conn.transaction(|conn| {
        conn.batch_execute("SET LOCAL jit = off").wrap_err("cannot set a parameter of the transaction")?;
        lock::lock(conn, lock::GRADES).wrap_err("cannot take the grades' lock")?;
        // Several statements cannot take parameters; a UUID's text needs no quoting.
        let script = include_str!("sql/run_take_back.sql").replace(":run_id", &format!("'{}'::uuid", run.run_id));
        // What was counted only when the run was complete is only then taken off again.
        let script = script.replace(":complete", if run.complete { "true" } else { "false" });
        conn.batch_execute(&script).wrap_err("cannot take the earlier run back")?;
        restore_logins(conn, world)
    })
}

/// Puts back the last logins that the year had moved: they follow from the seeds.
fn restore_logins(conn: &mut PgConnection, world: &World) -> Result<()> {
    for run in seed_runs(conn)? {
        for start in (0..run.users as u32).step_by(CHUNK) {
            let seeded: Vec<_> = (start..(run.users as u32).min(start + CHUNK as u32))
                .map(|index| world.customer_sampler.customer(run.seed as u64, index, run.as_of))
                .collect();
            let logins: Vec<_> =
                seeded.iter().map(|customer| Timestamp::from_secs(customer.last_login.into()).to_utc()).collect();
            diesel::sql_query(include_str!("sql/run_restore_users.sql"))
                .bind::<Array<diesel::sql_types::Uuid>, _>(
                    seeded.iter().map(|customer| customer.id).collect::<Vec<_>>(),
                )
                .bind::<Array<Timestamptz>, _>(logins)
                .execute(conn)
                .wrap_err("cannot put back the customers' last logins")?;
        }
    }
    Ok(())
}
