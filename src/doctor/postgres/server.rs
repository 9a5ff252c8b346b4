//! The server itself: version, whether it takes writes, connections, long transactions, size.

use std::time::Duration;

use color_eyre::eyre::{Result, WrapErr};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Integer, Nullable, Text};

use crate::doctor::finding::Finding;
use crate::output::number;

/// The tables need gen_random_uuid() of the server's own, which came with it.
const OLDEST: i32 = 13;
/// What the tests run on.
const TESTED: i32 = 15;
/// A producer, a cache worker, a grade updater and three members of each consumer group, and somebody who looks.
const SHOP_CONNECTIONS: i64 = 15;
/// Longer than any transaction of this program takes.
const LONG: Duration = Duration::from_secs(300);

/// What a server says about itself; names are quoted where SQL wants that.
#[derive(Clone, Debug, QueryableByName)]
pub(super) struct Server {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = Integer)]
    version_num: i32,
    #[diesel(sql_type = Bool)]
    standby: bool,
    #[diesel(sql_type = Bool)]
    read_only: bool,
    #[diesel(sql_type = BigInt)]
    places: i64,
    #[diesel(sql_type = BigInt)]
    taken: i64,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    #[diesel(sql_type = Text)]
    pub role: String,
    #[diesel(sql_type = Text)]
    pub database: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub schema: Option<String>,
}

pub(super) fn ask(conn: &mut PgConnection) -> Result<Server> {
    diesel::sql_query(include_str!("../../db/sql/doctor_server.sql"))
        .get_result(conn)
        .wrap_err("the server does not tell about itself")
}

impl Server {
    pub(super) const fn takes_writes(&self) -> bool {
        !self.standby && !self.read_only
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let bytes = number::bytes(u64::try_from(self.bytes).unwrap_or(0));
        vec![
            self.version(),
            self.writes(),
            self.connections(),
            Finding::ok("size", format!("{bytes} in the database; how much its disk has left a client cannot ask")),
        ]
    }

    fn version(&self) -> Finding {
        let major = self.version_num / 10_000;
        if major < OLDEST {
            let what = format!("PostgreSQL {}: the tables cannot be made below {OLDEST}", self.version);
            return Finding::problem("version", what, format!("upgrade it to {TESTED} or newer"));
        }
        if major < TESTED {
            let what = format!("PostgreSQL {}: never tried below {TESTED}", self.version);
            return Finding::warning("version", what, format!("upgrade it to {TESTED} or newer"));
        }
        Finding::ok("version", &self.version)
    }

    fn writes(&self) -> Finding {
        if self.standby {
            let mend =
                "name the primary in DATABASE_URL (target_session_attrs=read-write finds it among several hosts)";
            return Finding::problem("writable", "this server is a standby: it takes no writes", mend);
        }
        if self.read_only {
            let mend =
                "look for default_transaction_read_only in DATABASE_URL, and at the role's and the server's settings";
            return Finding::problem("writable", "transactions are read-only here", mend);
        }
        Finding::ok("writable", "transactions may write")
    }

    fn connections(&self) -> Finding {
        // The doctor's own will be free again.
        let left = self.places - self.taken + 1;
        let what = format!("{left} of {} connections are left", self.places);
        if left < SHOP_CONNECTIONS {
            let what = format!("{what}; a whole shop takes about {SHOP_CONNECTIONS}");
            return Finding::warning("connections", what, "end sessions that nobody needs, or raise max_connections");
        }
        Finding::ok("connections", what)
    }
}

#[derive(Debug, QueryableByName)]
struct Oldest {
    #[diesel(sql_type = Integer)]
    pid: i32,
    #[diesel(sql_type = Text)]
    application: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Double)]
    secs: f64,
}

/// The transaction that is open longest.
pub(super) fn oldest(conn: &mut PgConnection) -> Result<Finding> {
    let found: Option<Oldest> = diesel::sql_query(include_str!("../../db/sql/doctor_oldest.sql"))
        .get_result(conn)
        .optional()
        .wrap_err("pg_stat_activity cannot be read")?;
    Ok(found.as_ref().map_or_else(|| Finding::ok("oldest_transaction", "none is open"), Oldest::finding))
}

impl Oldest {
    fn finding(&self) -> Finding {
        let age = Duration::try_from_secs_f64(self.secs).unwrap_or_default();
        let Self { pid, application, state, .. } = self;
        let what = format!("open for {}: process {pid}, {application}, {state}", number::duration(age));
        if age < LONG {
            return Finding::ok("oldest_transaction", what);
        }
        let what = format!("{what}; it keeps dead rows from being removed, and may hold locks");
        let mend = format!("if nobody needs it, in psql: SELECT pg_terminate_backend({pid})");
        Finding::warning("oldest_transaction", what, mend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn server() -> Server {
        Server {
            version: "15.4".into(),
            version_num: 150_004,
            standby: false,
            read_only: false,
            places: 97,
            taken: 5,
            bytes: 8_000_000,
            role: "shop".into(),
            database: "shop".into(),
            schema: Some("public".into()),
        }
    }

    fn levels(server: &Server) -> Vec<Level> {
        server.findings().iter().map(|finding| finding.level).collect()
    }

    #[test]
    fn a_server_as_it_should_be_is_well() {
        assert_eq!(levels(&server()), [Level::Ok; 4]);
    }

    #[test]
    fn an_old_version_is_a_warning_and_one_that_cannot_work_a_problem() {
        let level = |version_num| Server { version_num, ..server() }.version().level;
        assert_eq!(level(140_000), Level::Warning);
        assert_eq!(level(120_021), Level::Problem);
    }

    #[test]
    fn a_standby_takes_no_writes() {
        let standby = Server { standby: true, read_only: true, ..server() };
        assert!(!standby.takes_writes());
        assert!(standby.writes().what.contains("standby"));
    }

    #[test]
    fn a_server_with_few_places_left_says_how_many() {
        let finding = Server { taken: 90, ..server() }.connections();
        assert_eq!(finding.level, Level::Warning);
        assert!(finding.what.starts_with("8 of 97 connections are left"), "{}", finding.what);
    }

    #[test]
    fn a_transaction_of_five_minutes_is_named_with_its_process() {
        let finding =
            |secs| Oldest { pid: 7, application: "psql".into(), state: "idle in transaction".into(), secs }.finding();
        assert_eq!(finding(299.0).level, Level::Ok);
        let long = finding(3_600.0);
        assert_eq!(long.level, Level::Warning);
        assert!(long.what.starts_with("open for 1 h 0 min: process 7, psql, idle in transaction"), "{}", long.what);
        assert!(long.mend.unwrap().ends_with("SELECT pg_terminate_backend(7)"));
    }
}
