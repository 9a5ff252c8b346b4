//! PostgreSQL: whether it can be used, and whether what it holds is as it should be.

mod contents;
pub(super) mod parked;
mod privileges;
mod schema;
mod server;

use chrono::{DateTime, Utc};
use color_eyre::eyre::{Result, WrapErr};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;

use super::PATIENCE;
use super::clock::Reading;
use super::desk::{Desk, Heard};
use super::finding::Finding;
use crate::config::Settings;
use crate::db::address::DatabaseAddress;
use crate::db::offsets;

/// No statement of the doctor's takes longer, and none waits long for somebody else's lock.
const LIMITS: &str = "SET statement_timeout = '3s'; SET lock_timeout = '500ms'";

pub(super) fn examine(settings: &Settings, desk: &Desk) {
    if let Err(report) = look(settings, desk) {
        desk.found(Finding::failed("complete", &report));
    }
}

fn look(settings: &Settings, desk: &Desk) -> Result<()> {
    let url = match settings.database_url() {
        Ok(url) => url.expose(),
        Err(failure) if settings.database_url.value.is_none() => {
            let without = "no database is configured: init, migrate, seed, cache refresh, consume, grades, verify and \
                           backfill --to postgres need one; files need none";
            desk.found(Finding::not_configured(without, &failure));
            return Ok(());
        }
        Err(failure) => {
            desk.found(Finding::of("reachable", &failure));
            return Ok(());
        }
    };
    let mut conn = match crate::db::connect_within(url, PATIENCE) {
        Ok(conn) => conn,
        Err(report) => {
            desk.found(Finding::failed("reachable", &report));
            return Ok(());
        }
    };
    let conn = &mut conn;
    desk.found(Finding::ok("reachable", DatabaseAddress::parse(url)?.to_string()));
    conn.batch_execute(LIMITS).wrap_err("the session's limits cannot be set")?;
    let server = server::ask(conn)?;
    desk.all(server.findings());
    desk.found(Reading::take(|| now(conn)).wrap_err("the server's clock cannot be read")?.finding("PostgreSQL"));
    desk.found(server::oldest(conn)?);
    if server.schema.is_none() {
        desk.found(Finding::problem(
            "schema",
            "search_path names no schema that exists: there is no place for tables",
            "create the schema, or leave options=-c search_path=… out of DATABASE_URL",
        ));
        return Ok(());
    }
    let tables = schema::tables(conn)?;
    let (migrations, pending) = schema::migrations(conn, url);
    desk.found(migrations);
    if server.takes_writes() {
        desk.all(privileges::tried(conn, &server, &tables, pending)?);
    }
    desk.all(contents::findings(conn, &tables, desk));
    if tables.iter().any(|table| table == "consumer_offsets") {
        // Where reading it is forbidden, that is a finding already.
        if let Ok(stored) = offsets::all(conn) {
            desk.say(Heard::Stored(stored));
        }
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Now {
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

fn now(conn: &mut PgConnection) -> QueryResult<DateTime<Utc>> {
    Ok(diesel::sql_query("SELECT clock_timestamp() AS now").get_result::<Now>(conn)?.now)
}
