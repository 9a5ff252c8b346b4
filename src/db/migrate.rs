//! The embedded migrations: applying, listing and taking back, and telling a database that does not fit this binary.

use std::collections::BTreeSet;

use color_eyre::eyre::{WrapErr, eyre};
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{lock, rights};
use crate::error::Failure;
use crate::output::number;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// A migration of this binary, and whether the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    /// When it was written, as digits; migrations apply in this order.
    pub version: String,
    /// Its folder's name.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// What this binary and the database know of migrations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// This binary's migrations, oldest first.
    pub known: Vec<MigrationStatus>,
    /// Versions the database has and this binary does not: a newer shopstream was here.
    pub unknown: Vec<String>,
}

impl Status {
    /// Whether the database has exactly this binary's migrations.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.unknown.is_empty() && self.known.iter().all(|migration| migration.applied)
    }
}

/// Applies what is missing, all or nothing; returns the names of what was applied, oldest first.
///
/// Several may call this at once: the first works, the others wait and find nothing left to do.
///
/// # Errors
/// A [`Failure`] when a newer shopstream migrated the database, or there is no schema for the tables. A missing right to make
/// them is [explained](rights::explained) where the command ends.
pub fn apply(conn: &mut PgConnection) -> color_eyre::Result<Vec<String>> {
    conn.transaction(|conn| {
        wait_for_turn(conn)?;
        let before = status(conn)?;
        refuse_newer(&before)?;
        conn.run_pending_migrations(MIGRATIONS).map_err(|error| refused(&error.to_string()))?;
        Ok(before.known.into_iter().filter(|migration| !migration.applied).map(|migration| migration.name).collect())
    })
}

/// Tables with rows in them that [`revert_last`] would drop. Finds out by doing it and undoing that again.
///
/// # Errors
/// As [`revert_last`].
pub fn loss_by_revert(conn: &mut PgConnection) -> color_eyre::Result<Vec<String>> {
    let mut lost = Ok(Vec::new());
    let undone = conn.transaction::<(), _, _>(|conn| {
        lost = filled_tables(conn).and_then(|before| {
            revert_last(conn)?;
            let after = tables(conn)?;
            Ok(before.into_iter().filter(|table| !after.contains(table)).collect())
        });
        Err(diesel::result::Error::RollbackTransaction)
    });
    match undone {
        Ok(()) | Err(diesel::result::Error::RollbackTransaction) => lost,
        Err(error) => Err(error.into()),
    }
}

/// Takes the latest migration back, with the data in what it made; returns its name, or `None` when there is none.
///
/// # Errors
/// A [`Failure`] when the latest is of a newer shopstream.
pub fn revert_last(conn: &mut PgConnection) -> color_eyre::Result<Option<String>> {
    conn.transaction(|conn| {
        wait_for_turn(conn)?;
        let before = status(conn)?;
        refuse_newer(&before)?;
        let Some(last) = before.known.into_iter().rfind(|migration| migration.applied) else { return Ok(None) };
        conn.revert_last_migration(MIGRATIONS)
            .map_err(|error| eyre!(error))
            .wrap_err_with(|| format!("cannot revert migration {}", last.name))?;
        Ok(Some(last.name))
    })
}

/// Compares this binary's migrations with the database's. Writes nothing.
///
/// # Errors
/// When the database cannot be asked.
pub fn status(conn: &mut PgConnection) -> color_eyre::Result<Status> {
    // A schema that may not be used looks like an empty one.
    rights::ensure_usable_schema(conn)?;
    let mut applied = applied_versions(conn).wrap_err("cannot read which migrations were applied")?;
    let mut known = embedded()?;
    for migration in &mut known {
        migration.applied = applied.remove(&migration.version);
    }
    Ok(Status { known, unknown: applied.into_iter().collect() })
}

/// Makes sure that the database fits this binary; every command that uses tables calls this first.
///
/// # Errors
/// A [`Failure`] that says how to mend it.
pub fn ensure_current(conn: &mut PgConnection) -> color_eyre::Result<()> {
    let status = status(conn)?;
    refuse_newer(&status)?;
    let missing = status.known.iter().filter(|migration| !migration.applied).count();
    if missing == 0 {
        return Ok(());
    }
    let what = if missing == status.known.len() {
        "the database is not set up: shopstream's tables are not there".to_owned()
    } else {
        let missing = number::part(missing, status.known.len(), "migration");
        format!("the database is behind this shopstream: {missing} missing")
    };
    Err(Failure::new(what).help("run `shopstream migrate`").into())
}

fn refuse_newer(status: &Status) -> Result<(), Failure> {
    if status.unknown.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "the database was migrated by a newer shopstream than this one ({}): it has migration {}",
        env!("CARGO_PKG_VERSION"),
        status.unknown.join(", ")
    ))
    .help("use that newer shopstream, also to revert what it applied"))
}

/// What is refused for want of a right is explained where all such refusals are.
fn refused(message: &str) -> color_eyre::Report {
    let report = eyre!(message.to_owned()).wrap_err("cannot apply the migrations");
    if message.contains("no schema has been selected") {
        return report.wrap_err(
            Failure::new("the schema in which the tables are to be made does not exist")
                .help("CREATE SCHEMA …, or name another in the search_path of DATABASE_URL (--database-url)"),
        );
    }
    report
}

fn wait_for_turn(conn: &mut PgConnection) -> QueryResult<()> {
    if !lock::try_lock(conn, lock::MIGRATE)? {
        tracing::info!("another shopstream is migrating this database; waiting for it");
        lock::lock(conn, lock::MIGRATE)?;
    }
    Ok(())
}

fn embedded() -> color_eyre::Result<Vec<MigrationStatus>> {
    let migrations: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().map_err(|error| eyre!(error))?;
    let mut known: Vec<_> = migrations
        .iter()
        .map(|migration| MigrationStatus {
            version: migration.name().version().to_string(),
            name: migration.name().to_string(),
            applied: false,
        })
        .collect();
    known.sort_by(|a, b| a.version.cmp(&b.version));
    Ok(known)
}

#[derive(QueryableByName)]
struct Exists {
    #[diesel(sql_type = Bool)]
    exists: bool,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

fn tables(conn: &mut PgConnection) -> color_eyre::Result<Vec<String>> {
    let names = diesel::sql_query(
        "SELECT relname::text AS name FROM pg_class
          WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' ORDER BY relname",
    );
    Ok(names.load::<Name>(conn)?.into_iter().map(|row| row.name).collect())
}

fn filled_tables(conn: &mut PgConnection) -> color_eyre::Result<Vec<String>> {
    let mut filled = Vec::new();
    for table in tables(conn)? {
        let quoted = table.replace('"', "\"\"");
        let query = diesel::sql_query(format!("SELECT EXISTS (SELECT FROM \"{quoted}\") AS exists"));
        if query.get_result::<Exists>(conn)?.exists {
            filled.push(table);
        }
    }
    Ok(filled)
}

/// Diesel's harness would create its table only to find it empty; a question must not write.
fn applied_versions(conn: &mut PgConnection) -> QueryResult<BTreeSet<String>> {
    let table = diesel::sql_query("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS exists");
    if !table.get_result::<Exists>(conn)?.exists {
        return Ok(BTreeSet::new());
    }
    let versions = diesel::sql_query("SELECT version::text AS name FROM __diesel_schema_migrations");
    Ok(versions.load::<Name>(conn)?.into_iter().map(|row| row.name).collect())
}
