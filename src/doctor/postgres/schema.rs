//! Tables and migrations.

use color_eyre::eyre::{Result, WrapErr};
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::db::{migrate, rights};
use crate::doctor::finding::Finding;

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Tables and views of the schema in force.
pub(super) fn tables(conn: &mut PgConnection) -> Result<Vec<String>> {
    let names = diesel::sql_query(
        "SELECT relname::text AS name FROM pg_class
          WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'v') ORDER BY relname",
    );
    let names: Vec<Name> = names.load(conn).wrap_err("pg_class cannot be read")?;
    Ok(names.into_iter().map(|row| row.name).collect())
}

/// Whether the tables are those of this program, and whether this program would make some.
pub(super) fn migrations(conn: &mut PgConnection, url: &str) -> (Finding, bool) {
    match migrate::status(conn) {
        Ok(status) => (of_status(&status), status.unknown.is_empty() && !status.is_current()),
        Err(report) => {
            let lacking = rights::lacking(&report, url);
            let finding = lacking
                .map_or_else(|| Finding::failed("migrations", &report), |failure| Finding::of("migrations", &failure));
            (finding, false)
        }
    }
}

fn of_status(status: &migrate::Status) -> Finding {
    let known = status.known.len();
    if !status.unknown.is_empty() {
        let what = format!("a newer shopstream migrated this database: it has {}", status.unknown.join(", "));
        return Finding::problem("migrations", what, "use that newer shopstream, also to revert what it applied");
    }
    let missing: Vec<&str> =
        status.known.iter().filter(|migration| !migration.applied).map(|migration| migration.name.as_str()).collect();
    match missing.len() {
        0 => Finding::ok("migrations", format!("all {known} are applied")),
        count if count == known => {
            let what = "the database is not set up: shopstream's tables are not there";
            Finding::problem("migrations", what, "shopstream init for everything, or shopstream migrate for the tables")
        }
        count => {
            let what = format!("{count} of {known} are missing: {}", missing.join(", "));
            Finding::problem("migrations", what, "shopstream migrate")
        }
    }
}
