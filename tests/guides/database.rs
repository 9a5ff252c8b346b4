//! `docs/database.md` agrees with the schema that the migrations make.

use std::process::Command;

use crate::page::root;
use crate::support::ScratchDb;

const PAGE: &str = "docs/database.md";
const BEGIN: &str = "<!-- from here on made from the database: UPDATE_TABLES=1 cargo test --test guides -->";
const END: &str = "<!-- to here -->";

/// What a query answers, a line a row, without heads and frames.
fn ask(db: &ScratchDb, sql: &str) -> String {
    let output = Command::new("psql").args(["-X", "-q", "-A", "-t", "-d", db.url(), "-c", sql]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn page() -> String {
    std::fs::read_to_string(root().join(PAGE)).unwrap()
}

#[test]
fn the_tables_of_the_page_are_those_of_the_database() {
    let db = ScratchDb::migrated();
    let made = ask(&db, include_str!("columns.sql"));
    let page = page();
    let (before, rest) = page.split_once(BEGIN).expect("the page has the first mark");
    let (tables, after) = rest.split_once(END).expect("the page has the second mark");
    if std::env::var_os("UPDATE_TABLES").is_some() {
        std::fs::write(root().join(PAGE), format!("{before}{BEGIN}\n{made}\n{END}{after}")).unwrap();
    } else {
        assert_eq!(tables.trim(), made.trim(), "UPDATE_TABLES=1 cargo test --test guides writes the page anew");
    }
}

#[test]
fn every_index_and_every_foreign_key_is_on_the_page() {
    let db = ScratchDb::migrated();
    let page = page();
    let indexes = ask(
        &db,
        "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND tablename NOT LIKE '\\_\\_diesel%'",
    );
    for index in indexes.lines() {
        assert!(page.contains(&format!("\n| `{index}` |")), "{PAGE} does not say what {index} serves");
    }
    let keys = ask(
        &db,
        "SELECT confrelid::regclass || ' ||--o{ ' || conrelid::regclass FROM pg_constraint
         WHERE contype = 'f' AND connamespace = current_schema()::regnamespace",
    );
    assert!(keys.lines().count() >= 4, "{keys}");
    for key in keys.lines() {
        assert!(page.contains(key), "the diagram lacks {key}");
    }
}
