//! Advisory locks by name: who may act, when only one may.
//!
//! They are held until the end of the transaction or connection, so that a crash cannot leave one behind, and belong to the current
//! schema, so that two shops in one database do not wait for each other.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

/// Held while migrations are applied or taken back.
pub const MIGRATE: &str = "migrate";
/// Held by whoever sows.
pub const SEED: &str = "seed";
/// Held by whoever computes grades and writes them.
pub const GRADES: &str = "grades";

const KEY: &str = "hashtextextended('shopstream/' || coalesce(current_schema(), '') || '/' || $1, 0)";
const KEY_OF_DATABASE: &str = "hashtextextended('shopstream//' || $1, 0)";

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = Bool)]
    taken: bool,
}

/// Takes the lock `name` for the rest of the transaction unless another session holds it; says whether it did.
///
/// # Errors
/// When the query fails.
pub fn try_lock(conn: &mut PgConnection, name: &str) -> QueryResult<bool> {
    let query = diesel::sql_query(format!("SELECT pg_try_advisory_xact_lock({KEY}) AS taken"));
    Ok(query.bind::<Text, _>(name).get_result::<Taken>(conn)?.taken)
}

/// Takes the lock `name` for the rest of the transaction, waiting for another session that holds it.
///
/// # Errors
/// When the query fails.
pub fn lock(conn: &mut PgConnection, name: &str) -> QueryResult<()> {
    let query = diesel::sql_query(format!("SELECT pg_advisory_xact_lock({KEY})"));
    query.bind::<Text, _>(name).execute(conn).map(drop)
}

/// Takes the lock `name` until the connection ends, unless another session holds it; says whether it did.
///
/// # Errors
/// When the query fails.
pub fn try_lock_session(conn: &mut PgConnection, name: &str) -> QueryResult<bool> {
    let query = diesel::sql_query(format!("SELECT pg_try_advisory_lock({KEY}) AS taken"));
    Ok(query.bind::<Text, _>(name).get_result::<Taken>(conn)?.taken)
}

/// The same for a lock of the whole database, whichever schema is the current one.
///
/// # Errors
/// When the query fails.
pub fn try_lock_database(conn: &mut PgConnection, name: &str) -> QueryResult<bool> {
    let query = diesel::sql_query(format!("SELECT pg_try_advisory_lock({KEY_OF_DATABASE}) AS taken"));
    Ok(query.bind::<Text, _>(name).get_result::<Taken>(conn)?.taken)
}

/// Whether a session, this one included, holds the lock `name`; nothing is taken.
///
/// # Errors
/// When the query fails.
pub fn is_held(conn: &mut PgConnection, name: &str) -> QueryResult<bool> {
    held(conn, KEY, name)
}

/// The same for a lock of the whole database.
///
/// # Errors
/// When the query fails.
pub fn is_held_in_database(conn: &mut PgConnection, name: &str) -> QueryResult<bool> {
    held(conn, KEY_OF_DATABASE, name)
}

fn held(conn: &mut PgConnection, key: &str, name: &str) -> QueryResult<bool> {
    // How pg_locks shows a lock whose key is one number of 64 bits: halved, with 1 as objsubid.
    let query = diesel::sql_query(format!(
        "SELECT EXISTS (SELECT FROM pg_locks
                         WHERE locktype = 'advisory' AND objsubid = 1 AND granted
                           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                           AND (classid::bigint << 32) | objid::bigint = {key}) AS taken"
    ));
    Ok(query.bind::<Text, _>(name).get_result::<Taken>(conn)?.taken)
}
