//! What the commands need of each table, and what to do about a right that the server refuses.

use color_eyre::Report;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::address::DatabaseAddress;
use crate::error::Failure;
use crate::interrupt::Interrupted;
use crate::output::failure::{is_refusal, remedy_of};

/// A right on a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// To read rows.
    Select,
    /// To add rows.
    Insert,
    /// To change rows, and to lock them.
    Update,
    /// To remove rows.
    Delete,
}

use Right::{Delete, Insert, Select, Update};

/// Each table, one of its columns, and what the commands do with it.
pub const NEEDS: [(&str, &str, &[Right]); 10] = [
    ("users", "id", &[Select, Insert, Update]),
    ("products", "id", &[Select, Insert, Update]),
    ("orders", "id", &[Select, Insert, Delete]),
    ("order_items", "order_id", &[Select, Insert, Delete]),
    ("grade_changes", "user_id", &[Select, Insert, Delete]),
    ("seed_runs", "seed", &[Select, Insert, Update]),
    ("backfill_runs", "run_id", &[Select, Insert, Update, Delete]),
    ("consumer_offsets", "topic", &[Select, Insert, Update]),
    ("parked_orders", "topic", &[Select, Insert, Update, Delete]),
    ("order_lines", "order_id", &[Select]),
];

/// Rights on somebody else's table, and on the list of migrations, which all commands read.
const TO_READ: &[Right] = &[Select];

impl Right {
    /// As SQL calls it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Select => "SELECT",
            Insert => "INSERT",
            Update => "UPDATE",
            Delete => "DELETE",
        }
    }
}

/// Puts a [`Failure`] around an error that comes from a missing right: who lacks which on what, and who can grant it. Other
/// errors stay as they are. The server is asked once more, for its refusal names no right.
pub fn explained(report: Report, url: &str) -> Report {
    match lacking(&report, url) {
        Some(failure) => report.wrap_err(failure),
        None => report,
    }
}

/// The same by itself: which right is missing, where one is, and that has not been said yet.
#[must_use]
pub fn lacking(report: &Report, url: &str) -> Option<Failure> {
    let refused = report.chain().find_map(|cause| Refused::read(&cause.to_string()))?;
    let then = remedy_of(report);
    if is_refusal(report) || report.chain().any(|cause| cause.is::<Interrupted>()) {
        return None;
    }
    failure(&refused, url, then.as_deref())
}

/// Fails when the session can use none of its schemas although one is there: it would look empty.
///
/// # Errors
/// A [`Failure`] that names the schema; also when the server cannot be asked.
pub fn ensure_usable_schema(conn: &mut PgConnection) -> color_eyre::Result<()> {
    let closed = diesel::sql_query(
        "SELECT nspname::text AS name, current_user::text AS role FROM pg_namespace
          WHERE nspname IN (SELECT replace(trim(part, ' \"'), '$user', current_user)
                              FROM unnest(string_to_array(current_setting('search_path'), ',')) AS part)
            AND current_schema() IS NULL AND NOT has_schema_privilege(oid, 'USAGE')
          ORDER BY nspname LIMIT 1",
    );
    match closed.load::<Closed>(conn)?.pop() {
        None => Ok(()),
        Some(Closed { name, role }) => {
            Err(Failure::new(format!("PostgreSQL: user {role:?} lacks USAGE on schema {name:?}"))
                .help(format!("as the owner of the schema: GRANT USAGE ON SCHEMA {name} TO {role}"))
                .into())
        }
    }
}

#[derive(QueryableByName)]
struct Closed {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    role: String,
}

/// What the server refused to touch.
#[derive(Debug, PartialEq, Eq)]
struct Refused {
    /// `table`, `view`, `schema`, `database`, …
    kind: String,
    name: String,
}

impl Refused {
    /// Diesel hands on no error codes, so the words have to do; in another language they are passed on as they are.
    fn read(message: &str) -> Option<Self> {
        let (_, rest) = message.split_once("permission denied for ")?;
        let mut words = rest.split_whitespace();
        let (kind, name) = (words.next()?, words.next()?);
        let name = name.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
        Some(Self { kind: kind.to_owned(), name: name.to_owned() })
    }
}

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    full: String,
    #[diesel(sql_type = Bool)]
    held: bool,
}

fn failure(refused: &Refused, url: &str, then: Option<&str>) -> Option<Failure> {
    let Refused { kind, name } = refused;
    // The session of the error may be lost or in a failed transaction.
    let mut conn = super::connect(url).ok()?;
    let mut ask = |query: &str, right: &str| {
        diesel::sql_query(query).bind::<Text, _>(name).bind::<Text, _>(right).get_result::<Held>(&mut conn).ok()
    };
    let (query, rights): (_, Vec<&str>) = match kind.as_str() {
        "table" | "view" => {
            let needs = NEEDS.iter().find(|(table, ..)| table == name).map_or(TO_READ, |(_, _, rights)| rights);
            (TABLE_RIGHT, needs.iter().map(|right| right.word()).collect())
        }
        "schema" => (SCHEMA_RIGHT, vec!["USAGE", "CREATE"]),
        "database" => (DATABASE_RIGHT, vec!["CREATE"]),
        _ => return None,
    };
    let asked: Vec<(&str, Held)> = rights.into_iter().filter_map(|right| Some((right, ask(query, right)?))).collect();
    let lacks: Vec<&str> = asked.iter().filter(|(_, held)| !held.held).map(|(right, _)| *right).collect();
    let (_, Held { role, full, .. }) = asked.first()?;
    if lacks.is_empty() {
        return None;
    }
    let (lacks, object) = (lacks.join(", "), if kind == "view" { "table" } else { kind });
    let address = DatabaseAddress::parse(url).ok()?;
    let what =
        format!("PostgreSQL at {}:{}: user {role:?} lacks {lacks} on {kind} {name:?}", address.host, address.port);
    let then = then.map_or_else(String::new, |then| format!("\nthen: {then}"));
    let grant = format!("as the owner of the {kind}: GRANT {lacks} ON {} {full} TO {role}", object.to_uppercase());
    let help = format!("{grant}; `shopstream doctor` tries all that the commands need{then}");
    Some(Failure::new(what).help(help).refusal())
}

const TABLE_RIGHT: &str = "SELECT current_user::text AS role, format('%I.%I', n.nspname, c.relname) AS full,
        has_table_privilege(c.oid, $2) AS held
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = $1 AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
  ORDER BY n.nspname = current_schema() DESC LIMIT 1";
const SCHEMA_RIGHT: &str = "SELECT current_user::text AS role, quote_ident(nspname) AS full,
        has_schema_privilege(oid, $2) AS held FROM pg_namespace WHERE nspname = $1";
const DATABASE_RIGHT: &str = "SELECT current_user::text AS role, quote_ident(datname) AS full,
        has_database_privilege(oid, $2) AS held FROM pg_database WHERE datname = $1";

#[cfg(test)]
mod tests {
    use color_eyre::eyre::eyre;

    use super::*;

    #[test]
    fn the_servers_refusals_are_understood() {
        let refused = |kind: &str, name: &str| Some(Refused { kind: kind.to_owned(), name: name.to_owned() });
        for (message, expected) in [
            ("permission denied for table orders", refused("table", "orders")),
            ("ERROR:  permission denied for schema public\nLINE 1: …", refused("schema", "public")),
            ("a schema cannot be made: permission denied for database shop", refused("database", "shop")),
            ("relation \"orders\" does not exist", None),
            ("permission denied for ", None),
        ] {
            assert_eq!(Refused::read(message), expected, "{message}");
        }
    }

    #[test]
    fn an_error_of_another_kind_stays_as_it_is() {
        let report = explained(eyre!("the disk is full"), "postgres://nobody@127.0.0.1:1/shop");
        assert_eq!(report.to_string(), "the disk is full");
    }
}
