//! A member's connection to PostgreSQL: made anew when it broke, with limits to how long it may hang.

use color_eyre::eyre::{Report, Result, WrapErr};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;

use crate::db::{self, rights};
use crate::output::failure;

/// Nothing that a member asks takes longer, unless the server is in trouble. A transaction that stands still (its member was
/// stopped, its host is gone) is ended by the server, so that whoever takes the partition over need not wait for it.
const LIMITS: &str = "SET statement_timeout = '30s'; SET lock_timeout = '10s';
                      SET idle_in_transaction_session_timeout = '15s'";

/// The connection, or the lack of one.
pub(super) struct Link {
    url: String,
    conn: Option<PgConnection>,
}

impl Link {
    pub fn new(url: &str) -> Self {
        Self { url: url.to_owned(), conn: None }
    }

    /// Whether there is a connection.
    pub const fn is_up(&self) -> bool {
        self.conn.is_some()
    }

    /// The connection, made now if there is none.
    pub fn get(&mut self) -> Result<&mut PgConnection> {
        match &mut self.conn {
            Some(conn) => Ok(conn),
            none => {
                let mut conn = db::connect(&self.url)?;
                db::migrate::ensure_current(&mut conn)?;
                conn.batch_execute(LIMITS).wrap_err("cannot set the session's limits")?;
                Ok(none.insert(conn))
            }
        }
    }

    /// What is said of a failure, in one line: a right that is missing with who can grant it.
    pub fn why(&self, report: &Report) -> String {
        match rights::lacking(report, &self.url) {
            Some(failure) => failure::line(&failure.into()),
            None => failure::line(report),
        }
    }

    /// Forgets the connection: nobody knows in what state it is.
    pub fn drop(&mut self) {
        self.conn = None;
    }
}
