//! Targets 3, 4 and 5: a year and a seed into PostgreSQL. Needs `DATABASE_URL` (a role that may create databases) and
//! `psql`; works in a database of its own, which it drops.

use std::path::PathBuf;
use std::process::Command;

use color_eyre::eyre::{Context, Result, bail};
use diesel::RunQueryDsl as _;

use super::measure::{Sample, median, of_samples, once, shopstream};
use super::report::{Report, Wanted};

/// Seconds of the earlier public implementation, as published with the targets.
const EARLIER_YEAR: f64 = 908.0;
const EARLIER_SEED: f64 = 140.0;
/// Tables that a year writes, with their columns in the order of a copy.
const WRITTEN: [&str; 3] = ["orders", "order_items", "grade_changes"];

/// A database of its own.
struct Database {
    server: String,
    name: String,
    url: String,
    folder: PathBuf,
}

impl Database {
    fn create() -> Result<Self> {
        let server =
            std::env::var("DATABASE_URL").wrap_err("DATABASE_URL is not set: run `make up`, then `make bench`")?;
        let name = format!("shopstream_bench_{}", std::process::id());
        let (base, query) = server.split_once('?').map_or((server.as_str(), ""), |(base, query)| (base, query));
        let Some((host, _)) = base.rsplit_once('/') else { bail!("DATABASE_URL names no database") };
        let url = if query.is_empty() { format!("{host}/{name}") } else { format!("{host}/{name}?{query}") };
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder)?;
        let database = Self { name, url, folder, server: server.clone() };
        let mut conn = shopstream::db::connect(&server)?;
        diesel::sql_query(format!("CREATE DATABASE {}", database.name)).execute(&mut conn)?;
        Ok(database)
    }

    fn shopstream(&self, arguments: &[&str]) -> Command {
        let mut command = shopstream();
        command.env("DATABASE_URL", &self.url).arg("-q").args(arguments);
        command
    }

    /// `psql` with each line as a command of its own, on one connection.
    fn psql(&self, lines: &[String]) -> Command {
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url]);
        for line in lines {
            command.args(["-c", line]);
        }
        command
    }

    fn sql(&self, text: &str) -> Result<()> {
        once(&mut self.psql(&[text.to_owned()])).map(drop)
    }

    fn empty_year(&self) -> Result<()> {
        self.sql(
            "TRUNCATE orders, order_items, grade_changes, backfill_runs;
             UPDATE users SET last_ordered_at = NULL, grade = 'BRONZE' WHERE last_ordered_at IS NOT NULL;
             UPDATE products SET order_count = 0 WHERE order_count > 0",
        )?;
        self.settle()
    }

    /// Neither side pays for what went before it.
    fn settle(&self) -> Result<()> {
        once(&mut self.psql(&[format!("VACUUM ANALYZE users, products, {}", WRITTEN.join(", "))]))?;
        let mut conn = shopstream::db::connect(&self.url)?;
        // Only a superuser, or a member of pg_checkpoint, may ask for a checkpoint; without it the runs vary more.
        let _ = diesel::sql_query("CHECKPOINT").execute(&mut conn);
        Ok(())
    }

    fn copy_lines(&self, direction: &str) -> Vec<String> {
        let file = |table: &str| self.folder.join(table).display().to_string();
        WRITTEN.iter().map(|table| format!("\\copy {table} {direction} '{}' (FORMAT BINARY)", file(table))).collect()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        if let Ok(mut conn) = shopstream::db::connect(&self.server) {
            let _ = diesel::sql_query(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).execute(&mut conn);
        }
    }
}

/// Targets 3, 4 and 5.
pub fn run(report: &mut Report) -> Result<()> {
    let database = Database::create()?;
    once(&mut database.shopstream(&["migrate"]))?;

    let seed = median(
        || {
            database.sql("TRUNCATE users, products, seed_runs, orders, order_items, grade_changes, backfill_runs")?;
            database.settle()
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
    database.empty_year()?;
    backfill()?;
    once(&mut database.psql(&database.copy_lines("TO")))?;
    let (mut ours, mut copy): (Vec<Sample>, Vec<Sample>) = (Vec::new(), Vec::new());
    for _ in 0..super::measure::RUNS {
        database.empty_year()?;
        ours.push(backfill()?);
        database.empty_year()?;
        copy.push(once(&mut database.psql(&database.copy_lines("FROM")))?);
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
