//! `migrate` and `grades` as their users meet them.

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use diesel::prelude::*;
use serde_json::{Value, json};
use shopstream::db::schema::{grade_changes, users};
use shopstream::db::{lock, migrate};
use shopstream::domain::Grade;
use shopstream::domain::rows::User;

use crate::support::*;

fn shopstream(scratch: &ScratchDb, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
    command.args(line.split(' ')).env_clear().env("DATABASE_URL", scratch.url()).stdin(Stdio::null());
    command
}

/// Exit status, standard output, standard error.
fn run(scratch: &ScratchDb, line: &str) -> (i32, String, String) {
    let Output { status, stdout, stderr } = shopstream(scratch, line).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn text(code: i32, stdout: &str, stderr: &str) -> (i32, String, String) {
    (code, stdout.to_owned(), stderr.to_owned())
}

/// One who rises to VIP and one who falls to GOLD as of 2026-01-01.
fn two_customers(scratch: &ScratchDb) {
    let conn = &mut scratch.connect();
    let riser = user(at(2020, 1, 1));
    let faller = User { grade: Grade::Vip, ..user(at(2020, 1, 1)) };
    store(conn, &[riser.clone(), faller]).unwrap();
    store(conn, &(0..30).map(|_| order(riser.id, at(2025, 12, 1), 200_000)).collect::<Vec<_>>()).unwrap();
}

#[test]
fn migrate_says_what_it_applied_and_the_second_time_that_nothing_is_left() {
    let scratch = ScratchDb::empty();
    let (code, stdout, stderr) = run(&scratch, "migrate");
    assert_eq!((code, stderr.as_str()), (0, ""));
    let known = migrate::status(&mut scratch.connect()).unwrap().known;
    let expected: String = known.iter().map(|migration| format!("applied {}\n", migration.name)).collect();
    assert_eq!(stdout, expected);
    assert_eq!(run(&scratch, "migrate"), text(0, "the database is up to date\n", ""));
}

#[test]
fn the_status_is_a_table_or_json() {
    let scratch = ScratchDb::empty();
    let (code, table, _) = run(&scratch, "migrate --status");
    assert_eq!(code, 0);
    assert!(table.contains("order_lines") && table.contains("no") && !table.contains("yes"), "{table}");
    run(&scratch, "migrate");
    let (_, status, _) = run(&scratch, "migrate --status --json");
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["current"], json!(true));
    assert_eq!(status["migrations"][0], json!({ "name": "2026-11-24-090000_customers", "applied": true }));
}

#[test]
fn a_revert_that_loses_rows_needs_to_be_confirmed() {
    let scratch = ScratchDb::empty();
    run(&scratch, "migrate");
    two_customers(&scratch);
    // Empty tables, a view, another empty table: nothing is lost, so nobody is asked.
    assert_eq!(run(&scratch, "migrate --revert"), text(0, "reverted 2026-11-25-090000_consumers\n", ""));
    assert_eq!(run(&scratch, "migrate --revert"), text(0, "reverted 2026-11-24-090500_order_lines\n", ""));
    assert_eq!(run(&scratch, "migrate --revert"), text(0, "reverted 2026-11-24-090400_grade_changes\n", ""));
    let refused = "error: this drops tables that hold rows: orders; and nobody can be asked here\nhelp: add --yes if that is meant\n";
    assert_eq!(run(&scratch, "migrate --revert"), text(2, "", refused));
    assert_eq!(users::table.count().get_result::<i64>(&mut scratch.connect()).unwrap(), 2);
    assert_eq!(run(&scratch, "migrate --revert --yes"), text(0, "reverted 2026-11-24-090300_orders\n", ""));
    for _ in 0..3 {
        run(&scratch, "migrate --revert --yes");
    }
    assert_eq!(run(&scratch, "migrate --revert"), text(0, "there is no migration to revert\n", ""));
}

#[test]
fn grades_are_told_by_a_dry_run_and_changed_by_a_real_one() {
    let scratch = ScratchDb::migrated();
    two_customers(&scratch);
    let (code, told, stderr) = run(&scratch, "grades update --as-of 2026-01-01 --dry-run");
    assert_eq!((code, stderr.as_str()), (0, ""));
    insta::assert_snapshot!(told);
    let (_, done, _) = run(&scratch, "grades update --as-of 2026-01-01");
    assert_eq!(told.replace(" (dry run: nothing was changed)", ""), done);

    let (_, again, _) = run(&scratch, "grades update --as-of 2026-01-08T00:00:00+09:00 --count items --json");
    let again: Value = serde_json::from_str(&again).unwrap();
    let expected = json!({
        "as_of": "2026-01-08T00:00:00+09:00",
        "dry_run": false,
        "promoted": 0,
        "demoted": 1,
        "unchanged": 1,
        "moved": [{ "from": "GOLD", "to": "SILVER", "customers": 1 }],
        "distribution": { "BRONZE": 0, "SILVER": 1, "GOLD": 0, "VIP": 1 },
    });
    assert_eq!(again, expected);
}

#[test]
fn a_second_updater_says_that_it_did_nothing() {
    let scratch = ScratchDb::migrated();
    two_customers(&scratch);
    let holder = &mut scratch.connect();
    holder
        .transaction::<_, diesel::result::Error, _>(|holder| {
            assert!(lock::try_lock(holder, lock::GRADES)?);
            let note = "note: another updater is at work on this database; nothing was done\n";
            assert_eq!(run(&scratch, "grades update"), text(0, "", note));
            Ok(())
        })
        .unwrap();
    assert_eq!(grade_changes::table.count().get_result::<i64>(holder).unwrap(), 0);
}

#[test]
fn an_updater_that_stays_outlives_its_connection_and_works_until_it_is_asked_to_stop() {
    let scratch = ScratchDb::migrated();
    two_customers(&scratch);
    let mut updater = shopstream(&scratch, "grades update --every 1s");
    // A name to find its session by.
    updater.env("DATABASE_URL", format!("{}&application_name={}", scratch.url(), scratch.schema()));
    let mut updater = updater.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(updater.stderr.take().unwrap()).lines();
    for _ in 0..2 {
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains("grades updated promoted="), "{line}");
    }
    diesel::sql_query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = current_schema()",
    )
    .execute(&mut scratch.connect())
    .unwrap();
    let mut next = |word: &str| lines.by_ref().map(Result::unwrap).find(|line| line.contains(word)).unwrap();
    next("grades were not updated");
    next("grades updated promoted=");
    assert!(Command::new("kill").args(["-TERM", &updater.id().to_string()]).status().unwrap().success());
    assert!(updater.wait().unwrap().success(), "asked to stop, a command that stays ends with 0");
    assert!(lines.any(|line| line.unwrap().contains("asked to stop")));
}

#[test]
fn a_database_that_was_not_migrated_is_refused_with_the_way_out() {
    let scratch = ScratchDb::empty();
    let (code, _, stderr) = run(&scratch, "grades update");
    assert_eq!(code, 1);
    assert!(stderr.contains("not set up") && stderr.contains("help: run `shopstream migrate`"), "{stderr}");
}

#[test]
fn a_look_from_before_the_newest_change_is_refused_unless_it_is_a_dry_run() {
    let scratch = ScratchDb::migrated();
    two_customers(&scratch);
    assert_eq!(run(&scratch, "grades update --as-of 2026-01-01").0, 0);
    let (code, stdout, stderr) = run(&scratch, "grades update --as-of 2025-12-31");
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert_eq!(
        stderr,
        "error: grades were changed as of 2026-01-01T00:00:00+09:00 already; a look from 2025-12-31T00:00:00+09:00 would \
         contradict that\nhelp: add --dry-run to see what it would find, or give a later --as-of\n"
    );
    assert_eq!(run(&scratch, "grades update --as-of 2025-12-31 --dry-run").0, 0);
    assert_eq!(run(&scratch, "grades update --as-of 2026-01-01").0, 0, "the same day again");
}

#[test]
fn an_updater_whose_standard_error_is_closed_goes_on() {
    let scratch = ScratchDb::migrated();
    let mut child =
        shopstream(&scratch, "grades update --every 1s").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("grades updated"));
    drop(lines);
    // Two more turns, each with a line that nobody can read.
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    assert_eq!(child.try_wait().unwrap(), None, "it goes on");
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_look_from_long_after_the_orders_is_warned_of() {
    let warned = |grade, customers: usize, line: &str| {
        let scratch = ScratchDb::migrated();
        let conn = &mut scratch.connect();
        store(conn, &(0..customers).map(|_| User { grade, ..user(at(2020, 1, 1)) }).collect::<Vec<_>>()).unwrap();
        run(&scratch, line).2.starts_with("warning: nobody was promoted")
    };
    assert!(warned(Grade::Silver, 12, "grades update"));
    assert!(warned(Grade::Vip, 12, "grades update --dry-run"), "who falls to GOLD counts too");
    assert!(!warned(Grade::Silver, 3, "grades update"), "a few may fall on any day");
    assert!(!warned(Grade::Silver, 12, "grades update --as-of 2026-01-01"), "the time was chosen");
}
