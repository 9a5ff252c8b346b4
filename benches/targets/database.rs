//! A database for measurements, and `psql` on it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use color_eyre::eyre::{Context, Result, bail};
use diesel::RunQueryDsl as _;

use super::measure::{once, shopstream};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A database of its own, dropped with the value.
pub struct Database {
    server: String,
    name: String,
    /// Where it is.
    pub url: String,
    /// For files that go with it.
    pub folder: PathBuf,
}

impl Database {
    /// An empty one. Needs `DATABASE_URL`, of a role that may create databases.
    pub fn create() -> Result<Self> {
        let server =
            std::env::var("DATABASE_URL").wrap_err("DATABASE_URL is not set: run `make up`, then `make bench`")?;
        let name = format!("shopstream_bench_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
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

    /// The program, on this database.
    pub fn shopstream(&self, arguments: &[&str]) -> Command {
        let mut command = shopstream();
        command.env("DATABASE_URL", &self.url).arg("-q").args(arguments);
        command
    }

    /// `psql` with each line as a command of its own, on one connection.
    pub fn psql(&self, lines: &[String]) -> Command {
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url]);
        for line in lines {
            command.args(["-c", line]);
        }
        command
    }

    /// Runs statements.
    pub fn sql(&self, text: &str) -> Result<()> {
        once(&mut self.psql(&[text.to_owned()])).map(drop)
    }

    /// Neither side pays for what went before it.
    pub fn settle(&self, tables: &[&str]) -> Result<()> {
        once(&mut self.psql(&[format!("VACUUM ANALYZE {}", tables.join(", "))]))?;
        let mut conn = shopstream::db::connect(&self.url)?;
        // Only a superuser, or a member of pg_checkpoint, may ask for a checkpoint; without it the runs vary more.
        let _ = diesel::sql_query("CHECKPOINT").execute(&mut conn);
        Ok(())
    }

    /// `\copy` of tables into or from files in the folder.
    pub fn copy_lines(&self, tables: &[&str], direction: &str) -> Vec<String> {
        let file = |table: &str| self.folder.join(table).display().to_string();
        tables.iter().map(|table| format!("\\copy {table} {direction} '{}' (FORMAT BINARY)", file(table))).collect()
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
