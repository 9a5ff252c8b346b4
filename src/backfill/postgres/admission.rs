//! What stands against writing a year: the calendar, the database, an earlier run.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, eyre};
use diesel::PgConnection;
use uuid::Uuid;

use crate::backfill::Request;
use crate::backfill::request::Makes;
use crate::db::population::seeded_population;
use crate::db::runs::{self, RunParameters};
use crate::db::{self, migrate};
use crate::domain::Timestamp;
use crate::error::Failure;
use crate::generator::World;
use crate::generator::year::{Population, YearParams};

/// How long another run of the year is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// What to do about an earlier run of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// Refuse.
    Refuse,
    /// Finish it.
    Resume,
    /// Take it back.
    Replace,
}

/// A run that has been admitted: nothing stands against writing it.
pub struct Admitted<'a> {
    pub(super) world: &'a World,
    pub(super) url: &'a str,
    /// Holds the year against other runs as long as it lives.
    pub(super) conn: PgConnection,
    pub(super) population: Population,
    pub(super) params: YearParams,
    pub(super) run_id: Uuid,
    /// Under which this process may write.
    pub(super) attempt: Uuid,
    pub(super) months_done: BTreeSet<u32>,
    pub(super) was_complete: bool,
}

/// Checks what stands against the run, and records that it begins. `now` decides where a year that is not over stops.
///
/// # Errors
/// A [`Failure`] for a future year, a database without tables or customers, or an earlier run of the year.
pub fn admit<'a>(
    world: &'a World,
    url: &'a str,
    request: &Request,
    earlier: Earlier,
    now: Timestamp,
) -> Result<Admitted<'a>> {
    let until = request.until(now, "a shop's database holds no future")?;
    let mut conn = db::connect(url)?;
    migrate::ensure_current(&mut conn)?;
    hold_year(&mut conn, request.year)?;
    let mut attempt = if earlier == Earlier::Refuse { None } else { runs::take_over(&mut conn, request.year)? };
    let population = seeded_population(&mut conn, world)?;
    let mut parameters = RunParameters {
        orders: request.orders,
        seed: request.seed,
        habits: request.habits,
        scenarios: request.scenarios,
        catalog: request.catalog,
        until: until.map(Timestamp::micros),
    };
    let run_id = request.run_id(&population);
    let found = runs::find(&mut conn, request.year)?;
    if found.is_none() || earlier == Earlier::Replace {
        // Before anything is taken back.
        request.check_population(&population, Makes::InDatabase)?;
    }
    let mut months_done = BTreeSet::new();
    let mut was_complete = false;
    match (&found, earlier) {
        (Some(run), Earlier::Resume) => {
            // A year that was cut at its own "now" goes on to that moment, not to today's.
            let recorded = match &run.parameters {
                Some(recorded) if run.version == env!("CARGO_PKG_VERSION") => recorded,
                _ => {
                    return Err(Failure::new(format!("the run was begun by shopstream {}", run.version))
                        .help("finish it with that version, or write it anew with --replace")
                        .into());
                }
            };
            parameters.until = recorded.until;
            if *recorded != parameters || run.run_id != run_id {
                return Err(resume_mismatch(request.year, recorded, &parameters).into());
            }
            months_done = run.months_done.iter().map(|&month| month as u32).collect();
            was_complete = run.complete;
        }
        (Some(run), Earlier::Refuse) => return Err(year_is_there(request.year, run).into()),
        (Some(run), Earlier::Replace) => runs::take_back(&mut conn, world, run)?,
        (None, _) => {}
    }
    if found.is_none() || earlier == Earlier::Replace {
        attempt = Some(runs::begin(&mut conn, request.year, run_id, &parameters)?);
    }
    let attempt = attempt.ok_or_else(|| eyre!("the run of {} went away while it was taken over", request.year))?;
    let params = request.year_params(run_id, parameters.until.map(Timestamp::from_micros));
    Ok(Admitted { world, url, conn, population, params, run_id, attempt, months_done, was_complete })
}

/// Keeps other runs of the year out. PostgreSQL takes a moment to notice that a killed run's connection is gone.
fn hold_year(conn: &mut PgConnection, year: i32) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !runs::hold(conn, year)? {
        if Instant::now() > deadline {
            return Err(Failure::new(format!("another run is writing the year {year}"))
                .help("wait for it, or stop it")
                .into());
        }
        std::thread::sleep(PATIENCE / 50);
    }
    Ok(())
}

fn year_is_there(year: i32, run: &runs::Run) -> Failure {
    if run.complete {
        Failure::new(format!("the year {year} is there already (run {})", run.run_id))
            .help("nothing is left to do; --replace takes back what that run wrote and writes it anew, or choose another --year")
    } else {
        Failure::new(format!("the year {year} is there half-way: {} of 12 months", run.months_done.len()))
            .help("give --resume to finish it, or --replace to begin anew")
    }
}

fn resume_mismatch(year: i32, run: &RunParameters, asked: &RunParameters) -> Failure {
    let habits = if run.habits { "on" } else { "off" };
    let failure = Failure::usage(format!("the year {year} that is there was made from something else"));
    if run == asked {
        return failure.help("customers or products have changed since; write it anew with --replace");
    }
    failure.help(format!(
        "it had --orders {} --seed {} --habits {habits}{}{}: give the same, or --replace",
        run.orders,
        run.seed,
        if run.catalog == asked.catalog { "" } else { ", another --catalog file (or none)" },
        if run.scenarios == asked.scenarios { "" } else { ", another --scenarios file (or none)" },
    ))
}
