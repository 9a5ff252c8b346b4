//! Targets 3, 4 and 5: a year and a seed into PostgreSQL. Needs `DATABASE_URL` (a role that may create databases) and
//! `psql`; works in a database of its own, which it drops.

use color_eyre::eyre::Result;

use super::database::Database;
use super::measure::{Sample, median, of_samples, once};
use super::report::{Report, Wanted};

/// Seconds of the earlier public implementation, as published with the targets.
const EARLIER_YEAR: f64 = 908.0;
const EARLIER_SEED: f64 = 140.0;
/// Tables that a year writes, with their columns in the order of a copy.
const WRITTEN: [&str; 3] = ["orders", "order_items", "grade_changes"];

/// As before the first year.
fn empty_year(database: &Database) -> Result<()> {
    database.sql(
        "TRUNCATE orders, order_items, grade_changes, backfill_runs;
         UPDATE users SET last_ordered_at = NULL, grade = 'BRONZE' WHERE last_ordered_at IS NOT NULL;
         UPDATE products SET order_count = 0 WHERE order_count > 0",
    )?;
    settle(database)
}

fn settle(database: &Database) -> Result<()> {
    database.settle(&[&["users", "products"], WRITTEN.as_slice()].concat())
}

/// Targets 3, 4 and 5.
pub fn run(report: &mut Report) -> Result<()> {
    let database = Database::create()?;
    once(&mut database.shopstream(&["migrate"]))?;

    let seed = median(
        || {
            database.sql("TRUNCATE users, products, seed_runs, orders, order_items, grade_changes, backfill_runs")?;
            settle(&database)
        },
        || once(&mut database.shopstream(&["seed", "--as-of", "2026-01-01"])),
    )?;
    report.add(
        "5",
        "seed, 10,000 customers and 20,000 products",
        format!("{:.2} s", seed.wall),
        format!("{EARLIER_SEED:.0} s (the earlier implementation)"),
        EARLIER_SEED / seed.wall,
        Wanted::AtLeast(150.0, "≥ 150 times faster"),
    );

    let backfill = || once(&mut database.shopstream(&["backfill", "--year", "2025", "--to", "postgres"]));
    empty_year(&database)?;
    backfill()?;
    once(&mut database.psql(&database.copy_lines(&WRITTEN, "TO")))?;
    let (mut ours, mut copy): (Vec<Sample>, Vec<Sample>) = (Vec::new(), Vec::new());
    for _ in 0..super::measure::RUNS {
        empty_year(&database)?;
        ours.push(backfill()?);
        empty_year(&database)?;
        copy.push(once(&mut database.psql(&database.copy_lines(&WRITTEN, "FROM")))?);
    }
    let (ours, copy) = (of_samples(&ours), of_samples(&copy));
    report.add(
        "3",
        "backfill --year 2025 into PostgreSQL",
        format!("{:.2} s", ours.wall),
        format!("psql \\copy of the same rows, one connection: {:.2} s", copy.wall),
        ours.wall / copy.wall,
        Wanted::AtMost(0.8, "≤ 0.8 ×"),
    );
    report.add(
        "4",
        "the same",
        format!("{:.2} s", ours.wall),
        format!("{EARLIER_YEAR:.0} s (the earlier implementation)"),
        EARLIER_YEAR / ours.wall,
        Wanted::AtLeast(300.0, "≥ 300 times faster"),
    );
    Ok(())
}
