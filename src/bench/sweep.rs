//! What measurements that were killed have left, removed: only what bears their name, and only where nobody is at work.

use color_eyre::eyre::Result;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use serde::Serialize;

use super::own::Own;
use crate::config::Settings;
use crate::db;
use crate::db::lock;
use crate::interrupt::Interrupt;
use crate::output::failure;

/// What was found of earlier measurements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Names of those of which nothing is left now.
    pub removed: Vec<String>,
    /// Those that a bench is at work with.
    pub in_use: Vec<String>,
    /// Those that could not be removed.
    pub left: Vec<Left>,
}

/// Something that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Its name.
    pub name: String,
    /// Why it stays, and what to do.
    pub why: String,
}

/// A schema that a measurement made.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub(crate) struct Found {
    /// Its name, with which names of topics and keys begin.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Where the topics and keys are.
    #[diesel(sql_type = Nullable<Text>)]
    place: Option<String>,
}

/// The schemas that measurements made, those at work among them.
pub(crate) fn find(conn: &mut PgConnection) -> QueryResult<Vec<Found>> {
    diesel::sql_query(include_str!("../db/sql/bench_schemas.sql")).load(conn)
}

/// Those that nobody is at work with.
pub(crate) fn abandoned(conn: &mut PgConnection) -> QueryResult<Vec<String>> {
    let mut names = Vec::new();
    for found in find(conn)? {
        if !lock::is_held_in_database(conn, &found.name)? {
            names.push(found.name);
        }
    }
    Ok(names)
}

/// Removes what earlier measurements have left in this database, and in the Kafka and Redis that they worked with.
///
/// # Errors
/// When the database cannot be read. What cannot be removed is no error here: the outcome says so.
pub fn sweep(settings: &Settings, interrupt: &Interrupt) -> Result<Swept> {
    let mut conn = db::connect(settings.database_url()?.expose())?;
    let mut swept = Swept::default();
    for found in find(&mut conn)? {
        interrupt.check()?;
        // Held until this connection ends: nobody else sweeps the same.
        if !lock::try_lock_database(&mut conn, &found.name)? {
            swept.in_use.push(found.name);
            continue;
        }
        let own = Own::named(found.name.clone(), settings)?;
        let place = own.place();
        if let Some(other) = found.place.filter(|other| *other != place) {
            let why = format!("it was made by {other}; sweep it with the same --kafka-brokers and --redis-url");
            swept.left.push(Left { name: found.name, why });
            continue;
        }
        match own.remove(&mut conn, false, interrupt) {
            Ok(()) => swept.removed.push(found.name),
            Err(error) => swept.left.push(Left { name: found.name, why: failure::told(&error).0 }),
        }
        interrupt.leaves(None);
    }
    Ok(swept)
}
