//! Somebody else's table of orders: an id and an amount, and nothing more is known of it.

use color_eyre::eyre::{Result, WrapErr};
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use uuid::Uuid;

use super::Watch;
use super::content::Digester;
use super::ledger::Ledger;
use super::rows::{Kept, Strangers, Turns};
use crate::domain::Timestamp;
use crate::error::Failure;
use crate::spelling::did_you_mean;

/// Longest name that PostgreSQL keeps, bytes.
const MOST_BYTES: usize = 63;
/// Types an id can have.
const ID_TYPES: [&str; 4] = ["uuid", "text", "character varying", "character"];
/// Types an amount can have.
const AMOUNT_TYPES: [&str; 7] = ["smallint", "integer", "bigint", "numeric", "real", "double precision", "money"];

/// A name in PostgreSQL, as its catalogue has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier(String);

impl Identifier {
    /// Between double quotes, so that it is never anything but a name.
    #[must_use]
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

impl std::str::FromStr for Identifier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = !text.contains(['"', '\0', '.']) && !text.chars().any(char::is_control);
        if !text.is_empty() && text.len() <= MOST_BYTES && plain {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "{text:?} is no name; write it as \\d in psql shows it, without quotes, at most {MOST_BYTES} bytes"
            ))
        }
    }
}

impl std::fmt::Display for Identifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A table, with its schema or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName(Vec<Identifier>);

impl TableName {
    fn quoted(&self) -> String {
        self.0.iter().map(Identifier::quoted).collect::<Vec<_>>().join(".")
    }
}

impl std::str::FromStr for TableName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<Identifier> = text.split('.').map(str::parse).collect::<Result<_, _>>()?;
        if parts.len() <= 2 { Ok(Self(parts)) } else { Err(format!("{text:?} is no table; write SCHEMA.TABLE")) }
    }
}

impl std::fmt::Display for TableName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.iter().map(|part| part.0.as_str()).collect::<Vec<_>>().join("."))
    }
}

/// A table of orders that another consumer fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignTable {
    /// Its name.
    pub table: TableName,
    /// The column that holds the order's id, as UUID or text.
    pub id: Identifier,
    /// The column that holds the order's total, as any number.
    pub amount: Identifier,
}

#[derive(QueryableByName)]
struct ColumnType {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<Text>)]
    id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    amount: Option<String>,
}

impl ForeignTable {
    /// Makes sure that the table has what is to be read.
    ///
    /// # Errors
    /// A [`Failure`] when the table or a column is not there, or of a type that cannot be compared.
    pub fn check(&self, conn: &mut PgConnection) -> Result<()> {
        let columns = diesel::sql_query(include_str!("../db/sql/verify_foreign_columns.sql"))
            .bind::<Text, _>(self.table.quoted())
            .load::<ColumnType>(conn)
            .wrap_err("cannot look the table up")?;
        let table = &self.table;
        if columns.is_empty() {
            return Err(Failure::usage(format!("the database has no table {table}"))
                .help("name it as --orders-table SCHEMA.TABLE; capitals count")
                .into());
        }
        for (flag, column, types) in
            [("--id-column", &self.id, &ID_TYPES[..]), ("--amount-column", &self.amount, &AMOUNT_TYPES)]
        {
            let Some(found) = columns.iter().find(|found| found.name == column.0) else {
                let known: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
                let meant = did_you_mean(&column.0, known.iter().copied());
                return Err(Failure::usage(format!("the table {table} has no column {column}{meant}"))
                    .help(format!("name one of its columns with {flag}: {}", known.join(", ")))
                    .into());
            };
            if !types.contains(&found.kind.as_str()) {
                let types = types.join(", ");
                return Err(Failure::usage(format!("the column {column} of {table} is of type {}", found.kind))
                    .help(format!("name a column of one of these types with {flag}: {types}"))
                    .into());
            }
        }
        Ok(())
    }

    /// Streams its rows past the ledger.
    ///
    /// # Errors
    /// When the query fails, or on an interruption.
    pub fn read(
        &self,
        conn: &mut PgConnection,
        ledger: &mut Ledger,
        kept: Kept,
        watch: Watch<'_>,
    ) -> Result<Strangers> {
        let (mut strangers, mut digester) = (Strangers::default(), Digester::default());
        let mut turns = Turns::new(watch);
        let (table, id, amount) = (self.table.quoted(), self.id.quoted(), self.amount.quoted());
        let query = diesel::sql_query(format!(
            "SELECT {id}::text AS id, trim_scale({amount}::numeric)::text AS amount FROM {table}"
        ));
        let cannot = || format!("cannot read the table {}", self.table);
        for row in query.load_iter::<Row, PgRowByRowLoadingMode>(conn).wrap_err_with(cannot)? {
            let row = row.wrap_err_with(cannot)?;
            let text = row.id.as_deref().unwrap_or("(null)").trim();
            let content = digester.amount(row.amount.as_deref().unwrap_or("(null)"));
            match Uuid::parse_str(text) {
                // Nothing says how old a row is: those of before what was read cannot be told apart.
                Ok(id) => {
                    let kept = if kept == Kept::Whole { kept } else { Kept::Unknown };
                    strangers.note(ledger.meet(id, content), id, Timestamp::default(), kept);
                }
                Err(_) => match kept {
                    Kept::Whole => strangers.unknown.push(|| text.to_owned()),
                    _ => strangers.older += 1,
                },
            }
            turns.tick()?;
        }
        Ok(strangers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_becomes_anything_else() {
        let table: TableName = "analytics.My orders".parse().unwrap();
        assert_eq!(
            (table.quoted().as_str(), table.to_string().as_str()),
            (r#""analytics"."My orders""#, "analytics.My orders")
        );
        assert_eq!("orders; DROP TABLE x".parse::<TableName>().unwrap().quoted(), r#""orders; DROP TABLE x""#);
        for wrong in ["", ".", "a.", "a.b.c", "a\"b", "a\0", "a\nb", &"x".repeat(64)] {
            assert!(wrong.parse::<TableName>().is_err(), "{wrong:?}");
        }
    }
}
