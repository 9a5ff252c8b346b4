//! Migrating, asking, taking back.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use shopstream::db::migrate::{apply, ensure_current, revert_last, status};
use shopstream::db::rights;
use shopstream::error::Failure;

use crate::support::ScratchDb;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Relations and functions in the schema, Diesel's own table aside.
fn objects(conn: &mut PgConnection) -> i64 {
    diesel::sql_query(
        "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace
                    AND relname NOT LIKE '\\_\\_diesel%')
              + (SELECT count(*) FROM pg_proc WHERE pronamespace = current_schema()::regnamespace) AS count",
    )
    .get_result::<Count>(conn)
    .unwrap()
    .count
}

#[test]
fn every_migration_can_be_taken_back_and_applied_again() {
    let scratch = ScratchDb::empty();
    let conn = &mut scratch.connect();
    let applied = apply(conn).unwrap();
    let made = objects(conn);
    assert!(applied.len() > 3 && made > 0);

    let mut reverted = Vec::new();
    while let Some(name) = revert_last(conn).unwrap() {
        reverted.push(name);
    }
    reverted.reverse();
    assert_eq!(reverted, applied);
    assert_eq!(objects(conn), 0, "something is left after every migration was reverted");

    assert_eq!(apply(conn).unwrap(), applied);
    assert_eq!(objects(conn), made);
    assert!(apply(conn).unwrap().is_empty(), "the second time there is nothing to do");
}

#[test]
fn the_status_tells_what_is_missing_and_writes_nothing() {
    let scratch = ScratchDb::empty();
    let conn = &mut scratch.connect();
    let before = status(conn).unwrap();
    assert!(before.known.iter().all(|migration| !migration.applied) && before.unknown.is_empty());
    assert!(!before.is_current());
    assert_eq!(
        diesel::sql_query("SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace")
            .get_result::<Count>(conn)
            .unwrap()
            .count,
        0
    );

    apply(conn).unwrap();
    assert!(status(conn).unwrap().is_current());
    revert_last(conn).unwrap();
    let after = status(conn).unwrap();
    assert_eq!(after.known.iter().filter(|migration| !migration.applied).count(), 1);
    assert!(!after.known.last().unwrap().applied);
}

#[test]
fn a_database_that_is_not_migrated_is_refused_with_the_command_that_helps() {
    let scratch = ScratchDb::empty();
    let conn = &mut scratch.connect();
    let empty = ensure_current(conn).unwrap_err().downcast::<Failure>().unwrap();
    assert!(empty.to_string().contains("not set up"), "{empty}");
    assert!(empty.remedy().unwrap().contains("shopstream migrate"));

    apply(conn).unwrap();
    ensure_current(conn).unwrap();
    revert_last(conn).unwrap();
    let behind = ensure_current(conn).unwrap_err().downcast::<Failure>().unwrap();
    assert!(behind.to_string().contains("1 of "), "{behind}");
}

#[test]
fn a_database_of_a_newer_shopstream_is_left_alone() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    diesel::sql_query("INSERT INTO __diesel_schema_migrations (version) VALUES ($1)")
        .bind::<Text, _>("29990101000000")
        .execute(conn)
        .unwrap();
    for refused in [ensure_current(conn).unwrap_err(), apply(conn).unwrap_err(), revert_last(conn).unwrap_err()] {
        let failure = refused.downcast::<Failure>().unwrap();
        assert!(failure.to_string().contains("newer shopstream"), "{failure}");
        assert!(failure.to_string().contains("29990101000000"), "{failure}");
    }
    assert_eq!(status(conn).unwrap().unknown, ["29990101000000"]);
}

#[test]
fn two_that_migrate_at_once_do_the_work_once() {
    let scratch = ScratchDb::empty();
    let counts: Vec<usize> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| apply(&mut scratch.connect()).unwrap().len())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let known = status(&mut scratch.connect()).unwrap().known.len();
    assert_eq!(counts.iter().sum::<usize>(), known);
    assert!(counts.contains(&0), "{counts:?}");
}

#[test]
fn a_migration_that_fails_leaves_nothing_behind() {
    let scratch = ScratchDb::empty();
    let conn = &mut scratch.connect();
    // Stands in the way of a later migration.
    conn.batch_execute("CREATE TABLE order_lines (x integer)").unwrap();
    let report = apply(conn).unwrap_err();
    assert!(format!("{report:#}").contains("order_lines"), "{report:#}");
    conn.batch_execute("DROP TABLE order_lines").unwrap();
    assert_eq!(objects(conn), 0);
    apply(conn).unwrap();
}

#[test]
fn a_user_who_may_not_create_tables_is_told_what_to_ask_for() {
    let scratch = ScratchDb::empty();
    for (place, remedy) in [
        ("information_schema", "GRANT CREATE ON SCHEMA information_schema"),
        ("there_is_no_such_schema", "CREATE SCHEMA"),
    ] {
        let conn = &mut scratch.connect();
        conn.batch_execute(&format!("SET search_path = {place}")).unwrap();
        // As every command's errors are explained.
        let report = rights::explained(apply(conn).unwrap_err(), scratch.url());
        let failure = report.downcast_ref::<Failure>().unwrap_or_else(|| panic!("{report:#}"));
        assert!(failure.remedy().unwrap().contains(remedy), "{place}: {failure}");
    }
}
