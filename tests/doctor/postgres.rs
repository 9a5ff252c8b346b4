//! PostgreSQL, broken in each way that the doctor claims to find.

use std::process::Command;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use shopstream::db::{self, lock, migrate};

use crate::consultation::Consultation;
use crate::support::*;

/// The doctor who sees this database and nothing else.
fn doctor_at(url: &str) -> Consultation {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
    Consultation::hold(command.args(["doctor", "--json"]).env_clear().env("DATABASE_URL", url))
}

fn doctor(scratch: &ScratchDb) -> Consultation {
    doctor_at(scratch.url())
}

fn break_with(scratch: &ScratchDb, sql: &str) {
    scratch.connect().batch_execute(sql).unwrap();
}

#[test]
fn a_database_without_tables_is_told_apart_from_one_that_is_behind_and_one_that_is_ahead() {
    let scratch = ScratchDb::empty();
    doctor(&scratch).says("postgresql", "migrations", "", "problem", "is not set up", "shopstream init");
    migrate::apply(&mut scratch.connect()).unwrap();
    doctor(&scratch).says("postgresql", "migrations", "", "ok", "are applied", "");
    migrate::revert_last(&mut scratch.connect()).unwrap();
    let behind = doctor(&scratch);
    behind.says("postgresql", "migrations", "", "problem", "1 of", "shopstream migrate");
    behind.says("postgresql", "migrations", "", "problem", "consumers", "");
    migrate::apply(&mut scratch.connect()).unwrap();
    break_with(&scratch, "INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000000')");
    let ahead = doctor(&scratch);
    ahead.says("postgresql", "migrations", "", "problem", "20991231000000", "newer shopstream");
}

#[test]
fn each_missing_privilege_is_found_by_trying_it() {
    let scratch = ScratchDb::migrated();
    doctor(&scratch).says("postgresql", "privileges", "", "ok", "tried, and rolled back", "");
    for (table, right) in [
        ("users", "SELECT"),
        ("users", "UPDATE"),
        ("products", "INSERT"),
        ("orders", "DELETE"),
        ("seed_runs", "UPDATE"),
        ("parked_orders", "DELETE"),
        ("order_lines", "SELECT"),
    ] {
        break_with(&scratch, &format!("REVOKE {right} ON {table} FROM CURRENT_USER"));
        let found = doctor(&scratch);
        found.says("postgresql", "privileges", table, "problem", &format!("lacks {right}"), &format!("GRANT {right}"));
        found.says("postgresql", "privileges", table, "problem", "permission denied", &format!(".{table} TO "));
        break_with(&scratch, &format!("GRANT {right} ON {table} TO CURRENT_USER"));
    }
    // The one that the migrations are read by, and the doctor with them.
    break_with(&scratch, "REVOKE SELECT ON __diesel_schema_migrations FROM CURRENT_USER");
    let found = doctor(&scratch);
    found.says("postgresql", "migrations", "", "problem", "lacks SELECT", "GRANT SELECT ON TABLE");
    break_with(&scratch, "GRANT SELECT ON __diesel_schema_migrations TO CURRENT_USER");
    assert_eq!(doctor(&scratch).exit, 0, "all was given back");
}

#[test]
fn row_security_is_found_by_trying_to_copy() {
    let scratch = ScratchDb::migrated();
    break_with(&scratch, "ALTER TABLE orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY");
    doctor(&scratch).says("postgresql", "privileges", "orders", "problem", "lacks COPY", "DISABLE ROW LEVEL SECURITY");
}

#[test]
fn a_right_to_make_tables_is_wanted_only_while_some_are_missing() {
    let scratch = ScratchDb::migrated();
    break_with(&scratch, &format!("REVOKE CREATE ON SCHEMA {} FROM CURRENT_USER", scratch.schema()));
    assert_eq!(doctor(&scratch).exit, 0);
    break_with(
        &scratch,
        "DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)",
    );
    doctor(&scratch).says(
        "postgresql",
        "privileges",
        "schema",
        "problem",
        "may not make the tables",
        "GRANT CREATE ON SCHEMA",
    );
}

#[test]
fn temporary_tables_and_schemas_that_are_forbidden_are_found() {
    // A database of its own: the right belongs to databases, and others need it in theirs.
    let name = ScratchDb::empty().schema().to_owned();
    let server = database_url();
    db::connect(&server).unwrap().batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    let (base, _) = server.split('?').next().unwrap().rsplit_once('/').unwrap();
    let url = format!("{base}/{name}");
    let found = {
        let conn = &mut db::connect(&url).unwrap();
        migrate::apply(conn).unwrap();
        conn.batch_execute(&format!("REVOKE TEMPORARY, CREATE ON DATABASE {name} FROM PUBLIC, CURRENT_USER")).unwrap();
        doctor_at(&url)
    };
    db::connect(&server).unwrap().batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
    found.says(
        "postgresql",
        "privileges",
        "temporary tables",
        "problem",
        "no temporary tables",
        "GRANT TEMPORARY ON DATABASE",
    );
    found.says("postgresql", "privileges", "bench", "note", "bench alone needs", "GRANT CREATE ON DATABASE");
}

#[test]
fn read_only_transactions_are_found() {
    let scratch = ScratchDb::migrated();
    let url = scratch.url().replace("options=", "options=-c%20default_transaction_read_only%3Don%20");
    doctor_at(&url).says("postgresql", "writable", "", "problem", "read-only", "default_transaction_read_only");
}

#[test]
fn a_schema_that_is_not_there_is_found() {
    let scratch = ScratchDb::empty();
    let url = scratch.url().replace(scratch.schema(), "nowhere_at_all");
    doctor_at(&url).says("postgresql", "schema", "", "problem", "search_path", "create the schema");
}

#[test]
fn a_backfill_that_did_not_finish_is_told_apart_from_one_at_work() {
    let scratch = ScratchDb::migrated();
    doctor(&scratch).says("postgresql", "backfill", "", "ok", "no year", "");
    break_with(
        &scratch,
        "INSERT INTO backfill_runs (run_id, year, parameters, months_done, version)
              VALUES (gen_random_uuid(), 2024, '{}', '{1,2,3}', '0')",
    );
    let stopped = doctor(&scratch);
    stopped.says(
        "postgresql",
        "backfill",
        "2024",
        "warning",
        "3 of 12 months",
        "backfill --year 2024 --to postgres --resume",
    );
    let conn = &mut scratch.connect();
    assert!(lock::try_lock_session(conn, "backfill/2024").unwrap());
    doctor(&scratch).says("postgresql", "backfill", "2024", "note", "is writing it now", "");
}

#[test]
fn tables_without_customers_are_told() {
    let scratch = ScratchDb::migrated();
    let none = doctor(&scratch);
    none.says("postgresql", "population", "", "warning", "no customers and no products", "shopstream seed");
    store(&mut scratch.connect(), &[user(at(2025, 1, 1))]).unwrap();
    doctor(&scratch).says("postgresql", "population", "", "warning", "no products", "shopstream seed");
}

#[test]
fn messages_that_left_unread_and_orders_that_wait_are_counted_by_topic() {
    let scratch = ScratchDb::migrated();
    break_with(
        &scratch,
        "INSERT INTO consumer_offsets (consumer_group, topic, partition, next_offset, expired)
              VALUES ('g', 'orders', 0, 10, 7), ('g', 'orders', 1, 10, 5), ('g', 'users', 0, 10, 0);
         INSERT INTO parked_orders (topic, partition, \"offset\", payload, headers, order_id, missing)
              VALUES ('orders', 0, 3, '', '[]', gen_random_uuid(), ARRAY[gen_random_uuid()])",
    );
    let found = doctor(&scratch);
    found.says("postgresql", "expired", "orders", "warning", "12 messages", "retention.ms");
    found.says("postgresql", "parked_orders", "orders", "note", "1 order waiting", "consume --topic users");
    assert_eq!(found.exit, 0, "warnings do not fail");
}

#[test]
fn a_wrong_password_and_a_missing_database_are_told_apart_and_nothing_is_repeated() {
    let server = database_url();
    let (login, place) = server.split_once("://").unwrap().1.split_once('@').unwrap();
    let user = login.split(':').next().unwrap();
    let found = doctor_at(&format!("postgres://{user}:geheim@{place}"));
    found.says(
        "postgresql",
        "reachable",
        "",
        "problem",
        "does not accept this user with this password",
        "DATABASE_URL",
    );
    assert!(!found.report.to_string().contains("geheim"));
    let (place, _) = place.split('?').next().unwrap().rsplit_once('/').unwrap();
    let found = doctor_at(&format!("postgres://{login}@{place}/nowhere_at_all"));
    found.says("postgresql", "reachable", "", "problem", "has no database \"nowhere_at_all\"", "createdb");
    let found = doctor_at("mysql://shop:geheim@db/shop");
    found.says("postgresql", "reachable", "", "problem", "is not a PostgreSQL URL", "postgres://");
}

#[test]
fn a_table_that_somebody_has_locked_does_not_hold_the_doctor_up() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    rolled_back(conn, |conn| {
        conn.batch_execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE").unwrap();
        let found = doctor(&scratch);
        found.says("postgresql", "privileges", "orders", "warning", "lock timeout", "again");
        conn.batch_execute("LOCK TABLE parked_orders IN ACCESS EXCLUSIVE MODE").unwrap();
        doctor(&scratch).says("postgresql", "contents", "", "warning", "parked_orders cannot be read", "again");
        assert!(found.took.as_secs() < 10, "{:?}", found.took);
    });
}

#[test]
fn the_doctor_changes_nothing() {
    let scratch = ScratchDb::migrated();
    let digest = |conn: &mut PgConnection| {
        let sql = "SELECT md5(string_agg(t::text, '' ORDER BY t::text)) AS t FROM
                   (SELECT relname, relfilenode FROM pg_class WHERE relnamespace = current_schema()::regnamespace) t";
        crate::shop::text(conn, sql)
    };
    let conn = &mut scratch.connect();
    let before = digest(conn);
    assert_eq!(doctor(&scratch).exit, 0);
    assert_eq!(digest(conn), before);
    let rows = "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM orders) AS n";
    assert_eq!(crate::shop::number(conn, rows), 0);
}
