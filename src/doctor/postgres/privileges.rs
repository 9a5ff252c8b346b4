//! What the role may do, tried: each statement touches no row, and everything is rolled back.

use color_eyre::eyre::{Result, WrapErr};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;

use super::server::Server;
use crate::db::copy::{CopyBuffer, CopyRow, copy_in};
use crate::db::rights::{NEEDS, Right};
use crate::doctor::finding::{Finding, Level};
use crate::domain::rows::{GradeChange, Order, OrderItem, Product, User};

/// A statement that needs this right alone, and finds no row.
fn statement(right: Right, table: &str, column: &str) -> String {
    match right {
        Right::Select => format!("SELECT FROM {table} LIMIT 0"),
        Right::Insert => format!("INSERT INTO {table} ({column}) SELECT NULL WHERE false"),
        Right::Update => format!("UPDATE {table} SET {column} = DEFAULT WHERE false"),
        Right::Delete => format!("DELETE FROM {table} WHERE false"),
    }
}

/// Tries what the commands need of the tables that are there.
pub(super) fn tried(
    conn: &mut PgConnection,
    server: &Server,
    tables: &[String],
    pending: bool,
) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    let undone = conn.transaction::<(), Error, _>(|conn| {
        for (table, column, rights) in NEEDS.iter().filter(|(table, ..)| tables.iter().any(|there| there == table)) {
            found.extend(of_table(conn, server, table, column, rights));
        }
        found.extend(others(conn, server, pending));
        Err(Error::RollbackTransaction)
    });
    match undone {
        Ok(()) | Err(Error::RollbackTransaction) => {}
        Err(error) => return Err(error).wrap_err("privileges cannot be tried"),
    }
    // A note is on what few commands need.
    if found.iter().all(|finding| finding.level == Level::Note) {
        found.insert(0, Finding::ok("privileges", "all that a shop needs was tried, and rolled back"));
    }
    Ok(found)
}

fn of_table(conn: &mut PgConnection, server: &Server, table: &str, column: &str, rights: &[Right]) -> Option<Finding> {
    let mut refused = Vec::new();
    let mut why = String::new();
    for right in rights {
        let Err(error) = attempt(conn, |conn| conn.batch_execute(&statement(*right, table, column))) else { continue };
        if error.contains("lock timeout") {
            // The others would have to wait as well.
            let what =
                format!("what {} may do with it was not tried, for somebody has locked it: {error}", server.role);
            return Some(Finding::warning("privileges", what, "ask again when that is done").about(table));
        }
        refused.push(right.word());
        why = error;
    }
    let copied = match table {
        "users" => copy::<User>(conn),
        "products" => copy::<Product>(conn),
        "orders" => copy::<Order>(conn),
        "order_items" => copy::<OrderItem>(conn),
        "grade_changes" => copy::<GradeChange>(conn),
        _ => Ok(()),
    };
    // COPY needs the right to insert, and that there is no row security.
    if let Err(error) = copied
        && !refused.contains(&"INSERT")
    {
        refused.push("COPY");
        why = error;
    }
    if refused.is_empty() {
        return None;
    }
    let schema = server.schema.as_deref().unwrap_or_default();
    let mend = if refused == ["COPY"] {
        format!("as the owner: ALTER TABLE {schema}.{table} DISABLE ROW LEVEL SECURITY, which COPY does not go with")
    } else {
        format!("as the owner of the table: GRANT {} ON {schema}.{table} TO {}", refused.join(", "), server.role)
    };
    let what = format!("{} lacks {}: {why}", server.role, refused.join(", "));
    Some(Finding::problem("privileges", what, mend).about(table))
}

fn others(conn: &mut PgConnection, server: &Server, pending: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    let Server { role, database, .. } = server;
    if let Err(why) = attempt(conn, |conn| conn.batch_execute("CREATE TEMPORARY TABLE doctor_tries () ON COMMIT DROP"))
    {
        let what =
            format!("{role} may make no temporary tables, which grades update and backfill --replace need: {why}");
        let mend = format!("as the owner of the database: GRANT TEMPORARY ON DATABASE {database} TO {role}");
        found.push(Finding::problem("privileges", what, mend).about("temporary tables"));
    }
    if let Err(why) = attempt(conn, |conn| conn.batch_execute("CREATE SCHEMA doctor_tries_to_create")) {
        let what = format!("{role} may make no schema, which bench alone needs, for its measurements: {why}");
        let mend = format!("as the owner of the database: GRANT CREATE ON DATABASE {database} TO {role}");
        found.push(Finding::note("privileges", what).mend(mend).about("bench"));
    }
    if pending && let Err(why) = attempt(conn, |conn| conn.batch_execute("CREATE TABLE doctor_tries_to_create ()")) {
        let schema = server.schema.as_deref().unwrap_or_default();
        let what = format!("{role} may not make the tables that are missing: {why}");
        let mend = format!("as the owner of the schema: GRANT CREATE ON SCHEMA {schema} TO {role}");
        found.push(Finding::problem("privileges", what, mend).about("schema"));
    }
    found
}

fn copy<R: CopyRow>(conn: &mut PgConnection) -> Result<(), String> {
    let mut refusal = None;
    let nothing = CopyBuffer::<R>::default();
    let undone = conn.transaction::<(), Error, _>(|conn| {
        refusal = copy_in::<R, _>(conn, [&nothing]).err();
        Err(Error::RollbackTransaction)
    });
    match (refusal, undone) {
        (Some(report), _) => Err(crate::output::failure::told(&report).0),
        (None, Ok(()) | Err(Error::RollbackTransaction)) => Ok(()),
        (None, Err(error)) => Err(error.to_string()),
    }
}

/// Runs something up to a savepoint's rollback; what was refused is told in the server's words.
fn attempt(conn: &mut PgConnection, work: impl FnOnce(&mut PgConnection) -> QueryResult<()>) -> Result<(), String> {
    let undone = conn.transaction::<(), Error, _>(|conn| {
        work(conn)?;
        Err(Error::RollbackTransaction)
    });
    match undone {
        Ok(()) | Err(Error::RollbackTransaction) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}
