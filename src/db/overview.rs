//! The database at a glance, for those who look every second: no query reads more of a large table than a few rows.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Integer, Nullable, Text, Timestamptz};

use crate::domain::Grade;
use crate::follow::Amount;

/// Customers that are counted by looking at each; beyond that the server's statistics have to do.
const COUNTED_AT_MOST: i64 = 200_000;
/// The same where the number is not known, by the table's size: so many customers take no less.
const COUNTED_BYTES_AT_MOST: i64 = 32 << 20;

/// The server.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct Server {
    /// Its version.
    #[diesel(sql_type = Text)]
    pub version: String,
    /// The most connections that it takes.
    #[diesel(sql_type = BigInt)]
    pub max_connections: i64,
    /// Connections, of all users.
    #[diesel(sql_type = BigInt)]
    pub connections: i64,
    /// Age of the oldest transaction of this database; none when there is no other.
    #[diesel(sql_type = Nullable<Double>)]
    pub oldest_transaction_secs: Option<f64>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct TableSize {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// About how many rows it has; none when the server does not know.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub rows: Option<i64>,
    /// Its size without indexes.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
    /// Rows ever written to it, since the server counts.
    #[diesel(sql_type = BigInt)]
    pub written: i64,
    /// Rows that wait for VACUUM; about.
    #[diesel(sql_type = BigInt)]
    pub dead_rows: i64,
    /// Its size with indexes.
    #[diesel(sql_type = BigInt)]
    pub total_bytes: i64,
    /// Seconds since the last VACUUM; none when there was none.
    #[diesel(sql_type = Nullable<Double>)]
    pub vacuumed_secs: Option<f64>,
}

/// What waits, and what is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Waiting {
    /// Orders that wait for a customer or product.
    #[diesel(sql_type = BigInt)]
    pub parked_orders: i64,
    /// Messages that topics did not keep until they were read.
    #[diesel(sql_type = BigInt)]
    pub expired_messages: i64,
}

/// One of the last orders.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct LastOrder {
    /// When it was made.
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    /// Its first product.
    #[diesel(sql_type = Text)]
    pub product: String,
    /// How many items.
    #[diesel(sql_type = Integer)]
    pub items: i32,
    /// Total, KRW.
    #[diesel(sql_type = BigInt)]
    pub total_amount: i64,
    /// Region of the customer.
    #[diesel(sql_type = Text)]
    pub region: String,
    /// Grade of the customer at that time.
    #[diesel(sql_type = Text)]
    pub grade: String,
    /// Scenario that it follows.
    #[diesel(sql_type = Text)]
    pub scenario: String,
}

/// The grade pyramid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pyramid {
    /// Customers by grade, in the order of grades.
    pub customers: Vec<(Grade, i64)>,
    /// Whether that is an estimate.
    pub estimated: bool,
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    grade: String,
    #[diesel(sql_type = BigInt)]
    customers: i64,
}

/// The server.
///
/// # Errors
/// When the query fails.
pub fn server(conn: &mut PgConnection) -> QueryResult<Server> {
    diesel::sql_query(include_str!("sql/monitor_server.sql")).get_result(conn)
}

/// The shop's tables; those that do not exist are left out.
///
/// # Errors
/// When the query fails.
pub fn tables(conn: &mut PgConnection) -> QueryResult<Vec<TableSize>> {
    diesel::sql_query(include_str!("sql/monitor_tables.sql")).load(conn)
}

/// About how many rows a table has, by the server's statistics: nothing is read of it.
#[derive(Clone, Debug, Default)]
pub struct Estimates(Vec<TableSize>);

impl Estimates {
    /// Of the shop's tables.
    ///
    /// # Errors
    /// When the query fails.
    pub fn take(conn: &mut PgConnection) -> QueryResult<Self> {
        tables(conn).map(Self)
    }

    /// Rows of a table; none where nothing is known.
    #[must_use]
    pub fn rows(&self, table: &str) -> u64 {
        self.0
            .iter()
            .find(|size| size.name == table)
            .and_then(|size| size.rows)
            .map_or(0, |rows| rows.max(0).unsigned_abs())
    }

    /// Rows of some tables together, as an amount of work.
    #[must_use]
    pub fn about(&self, tables: &[&str]) -> Amount {
        about(tables.iter().map(|table| self.rows(table)).sum())
    }
}

/// An estimate; what is 0 by the statistics was never counted.
#[must_use]
pub const fn about(rows: u64) -> Amount {
    if rows == 0 { Amount::Unknown } else { Amount::About(rows) }
}

/// What waits, and what is lost.
///
/// # Errors
/// When the query fails.
pub fn waiting(conn: &mut PgConnection) -> QueryResult<Waiting> {
    diesel::sql_query(include_str!("sql/monitor_waiting.sql")).get_result(conn)
}

/// The last orders, the latest first.
///
/// # Errors
/// When the query fails.
pub fn last_orders(conn: &mut PgConnection, most: i64) -> QueryResult<Vec<LastOrder>> {
    diesel::sql_query(include_str!("sql/monitor_last_orders.sql")).bind::<BigInt, _>(most).load(conn)
}

/// The grade pyramid of customers in a table of about this size: counted where that costs little.
///
/// # Errors
/// When the query fails.
pub fn pyramid(conn: &mut PgConnection, users: Option<&TableSize>) -> QueryResult<Pyramid> {
    let about = users.map_or(0, |users| users.rows.unwrap_or(0));
    let estimated = users.is_some_and(|users| match users.rows {
        Some(rows) => rows > COUNTED_AT_MOST,
        None => users.bytes > COUNTED_BYTES_AT_MOST,
    });
    // Shares of a number that is not known are no numbers.
    if estimated && users.is_some_and(|users| users.rows.is_none()) {
        return Ok(Pyramid { customers: Vec::new(), estimated });
    }
    let steps: Vec<Step> = if estimated {
        diesel::sql_query(include_str!("sql/monitor_grades_estimated.sql")).bind::<BigInt, _>(about).load(conn)?
    } else {
        diesel::sql_query(include_str!("sql/monitor_grades_counted.sql")).load(conn)?
    };
    // A table that was never analysed has no estimate: nothing is better than zeros.
    if estimated && steps.is_empty() {
        return Ok(Pyramid { customers: Vec::new(), estimated });
    }
    let of = |grade: &Grade| {
        let found = steps.iter().find(|step| step.grade == grade.as_str());
        (*grade, found.map_or(0, |step| step.customers))
    };
    Ok(Pyramid { customers: Grade::ALL.iter().map(of).collect(), estimated })
}
