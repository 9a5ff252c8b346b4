//! What each command says when it is called wrongly, when a service is away, and when PostgreSQL, Redis or Kafka refuses a right:
//! pinned, one snapshot a kind. An error names what it was given and says what to do.
//!
//! `INSTA_UPDATE=always cargo test --test errors` writes the snapshots anew. Files that are wrong are in `bad_input`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod calls;
mod kafka;
mod redis;
#[path = "../support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;

use calls::{all_told, program, settled, talking, told};
use clap::CommandFactory;
use diesel::connection::SimpleConnection;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use shopstream::cli::Cli;
use shopstream::db;
use support::*;

/// Each command with a flag and a value that cannot be.
const USAGE: [(&str, &str, &str); 24] = [
    ("init", "--usres 5", "--users many"),
    ("migrate", "--stauts", "--yes"),
    ("topics create", "--partition 3", "--partitions 0"),
    ("topics describe", "--jsno", "--color sometimes"),
    ("seed", "--as-off 2026-01-01", "--as-of 2026-02-30"),
    ("cache refresh", "--evry 50s", "--every 50"),
    ("produce", "--limits 5", "--rate fast"),
    ("consume", "--topic orders --batchsize 5", "--topic order"),
    ("grades update", "--dryrun", "--as-of yesterday"),
    ("backfill", "--year 2025 --ordres 5", "--year 2025 --to parkett"),
    ("report", "--form dataset", "--from nowhere"),
    ("dlq inspect", "orders --payloads", "orders --class orphans"),
    ("dlq replay", "orders --dryrun", "order"),
    ("verify", "--waits 1m", "--wait soon"),
    ("monitor", "--ones", "kafak"),
    ("scenarios list", "--jsno", "--catalog nowhere.toml"),
    ("scenarios show", "black-friday --jsno", "black-fryday"),
    ("scenarios calendar", "--strechtes", "--year 1974"),
    ("scenarios validate", "own.toml --catalogue x", "nowhere.toml"),
    ("scenarios activate", "black-friday --far 5m", "black-friday --for ever"),
    ("scenarios deactivate", "--colour never", "--log-format xml"),
    ("bench", "--order 5000", "--orders 10"),
    ("doctor", "--jsno", "--color sometimes"),
    ("healthcheck", "--adr 127.0.0.1:1", "--addr 127.0.0.1"),
];
/// Those that need no service at all.
const ALONE: [(&str, &str, &str); 2] =
    [("completions", "bash --colour never", "bahs"), ("man", "--outs x", "dlq rplay")];

/// Nobody listens at these addresses.
fn nowhere(command: &mut Command) {
    command.env("DATABASE_URL", "postgres://shop:geheim@127.0.0.1:1/shop");
    command.env("REDIS_URL", "redis://:geheim@127.0.0.1:1").env("KAFKA_BROKERS", "127.0.0.1:1");
}

#[test]
fn every_command_is_in_the_table() {
    fn leaves(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        for child in command.get_subcommands().filter(|child| child.get_name() != "help" && !child.is_hide_set()) {
            let path = format!("{path} {}", child.get_name()).trim().to_owned();
            if child.has_subcommands() { leaves(child, &path, found) } else { found.push(path) }
        }
    }
    let (mut all, mut tried) = (Vec::new(), USAGE.map(|(path, ..)| path).to_vec());
    leaves(&Cli::command(), "", &mut all);
    tried.extend(ALONE.map(|(path, ..)| path));
    all.sort_unstable();
    tried.sort_unstable();
    assert_eq!(all, tried);
}

#[test]
fn a_wrong_flag_and_a_wrong_value_are_named_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let both = || USAGE.into_iter().chain(ALONE);
    for (case, calls) in [
        ("wrong_flag", both().map(|(path, flag, _)| format!("{path} {flag}")).collect::<Vec<_>>()),
        ("wrong_value", both().map(|(path, _, value)| format!("{path} {value}")).collect()),
    ] {
        let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
        let text = all_told(&calls, |command| {
            command.current_dir(folder.path());
        });
        // Each with the status of wrong usage.
        assert_eq!(text.matches("\nexit 2\n").count(), calls.len(), "{text}");
        insta::assert_snapshot!(case, text);
    }
}

#[test]
fn a_service_that_is_away_is_named_by_every_command_that_needs_it() {
    let calls = [
        "init",
        "migrate",
        "migrate --status",
        "topics create",
        "topics describe",
        "seed",
        "cache refresh",
        "produce --limit 1",
        "consume --topic orders",
        "grades update",
        "backfill --year 2025",
        "backfill --year 2025 --to kafka",
        "report --from postgres",
        "dlq inspect orders",
        "dlq replay orders --yes",
        "verify",
        "monitor --once",
        "scenarios activate black-friday --for 5m",
        "scenarios deactivate",
        "bench",
        "doctor",
        "healthcheck --addr 127.0.0.1:1",
    ];
    let text = all_told(&calls, nowhere);
    assert_eq!(text.matches("\nexit 1\n").count(), calls.len(), "{text}");
    insta::assert_snapshot!("service_away", text);
}

#[test]
fn a_database_alone_is_not_enough_for_those_that_need_more() {
    let scratch = ScratchDb::migrated();
    let seeded = told("seed", program("seed --users 1500 --products 1500").env("DATABASE_URL", scratch.url()));
    assert!(seeded.contains("exit 0"), "{seeded}");
    let calls = ["init", "cache refresh", "consume --topic orders", "verify", "bench"];
    let text = all_told(&calls, |command| {
        nowhere(command);
        command.env("DATABASE_URL", scratch.url());
    });
    settled().bind(|| insta::assert_snapshot!("database_alone", text));
}

#[test]
fn brokers_that_all_refuse_are_told_at_once_and_silent_ones_are_waited_for_aloud() {
    let scratch = ScratchDb::migrated();
    // Somebody listens, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap().to_string();
    let call = |mut command: Command, words: &str, brokers: &str| {
        nowhere(&mut command);
        command.env("DATABASE_URL", scratch.url()).env("KAFKA_BROKERS", brokers);
        told(words, &mut command)
    };
    let refused = "cannot be reached: the connection is refused";
    let waits = |brokers: &str| format!("Kafka: waiting up to 15 s for {brokers} to answer\n");
    thread::scope(|scope| {
        let call = &call;
        let runs = [
            "topics create",
            "topics describe",
            "dlq inspect orders",
            "dlq replay orders --yes",
            "backfill --year 2025 --to kafka",
            "init",
            "verify",
        ];
        for words in runs {
            scope.spawn(move || {
                // Whatever takes more than two seconds is said.
                let text = call(talking(words), words, "127.0.0.1:1");
                assert!(text.contains("exit 1") && text.contains(refused), "{text}");
                assert!(!text.contains("waiting"), "{text}");
            });
        }
        scope.spawn(|| {
            let text = call(talking("topics describe"), "topics describe", "a..b:9092,127.0.0.1:1");
            assert!(
                text.contains("a..b:9092: the name is not known; 127.0.0.1:1: the connection is refused"),
                "{text}"
            );
        });
        scope.spawn(|| {
            let brokers = format!("127.0.0.1:1,{silent}");
            let text = call(talking("topics describe"), "topics describe", &brokers);
            assert!(text.contains("exit 1") && text.contains(&waits(&brokers)) && !text.contains(refused), "{text}");
        });
        scope.spawn(|| {
            let text = call(program("dlq inspect orders"), "dlq inspect orders", &silent);
            assert!(text.contains("exit 1") && !text.contains("waiting"), "{text}");
        });
        // Brokers that refuse may be starting: a worker waits for them.
        for words in ["consume --topic orders", "produce --stream users --limit 1"] {
            scope.spawn(move || {
                let text = call(talking(words), words, "127.0.0.1:1");
                let expected = waits("127.0.0.1:1");
                assert!(text.contains("exit 1") && text.contains(&expected) && text.contains(refused), "{text}");
            });
        }
    });
}

/// Runs the commands on a schema in which something was revoked.
fn refused(calls: &[&str], scratch: &ScratchDb, revoked: &str) -> String {
    scratch.connect().batch_execute(&revoked.replace("SCRATCH", scratch.schema())).unwrap();
    let text = all_told(calls, |command| {
        command.env("DATABASE_URL", scratch.url()).env("KAFKA_BROKERS", kafka_brokers()).env("REDIS_URL", redis_url());
        command.env("SHOPSTREAM_TOPIC_PREFIX", format!("{}.", scratch.schema()));
        command.env("SHOPSTREAM_REDIS_PREFIX", format!("{}:", scratch.schema()));
    });
    format!("# {revoked}\n{text}")
}

#[test]
fn a_schema_that_may_not_be_used_does_not_look_empty() {
    let scratch = ScratchDb::migrated();
    let calls = [
        "init",
        "migrate",
        "migrate --status",
        "seed",
        "cache refresh",
        "consume --topic orders",
        "grades update",
        "backfill --year 2025",
        "report --from postgres",
        "verify",
    ];
    let text = refused(&calls, &scratch, "REVOKE USAGE ON SCHEMA SCRATCH FROM CURRENT_USER");
    assert_eq!(text.matches("GRANT USAGE ON SCHEMA").count(), calls.len(), "{text}");
    settled().bind(|| insta::assert_snapshot!("schema_closed", text));
}

#[test]
fn a_missing_right_is_named_with_the_grant_that_mends_it() {
    let text: String = [
        ("migrate --status", "REVOKE SELECT ON __diesel_schema_migrations FROM CURRENT_USER"),
        ("consume --topic orders", "REVOKE SELECT ON __diesel_schema_migrations FROM CURRENT_USER"),
        ("seed", "REVOKE INSERT, UPDATE ON users FROM CURRENT_USER"),
        ("cache refresh", "REVOKE SELECT ON products FROM CURRENT_USER"),
        ("grades update", "REVOKE SELECT ON orders FROM CURRENT_USER"),
        ("report --from postgres", "REVOKE ALL ON backfill_runs FROM CURRENT_USER"),
        ("verify", "REVOKE SELECT ON consumer_offsets FROM CURRENT_USER"),
        ("monitor --once", "REVOKE SELECT ON orders FROM CURRENT_USER"),
    ]
    .map(|(words, revoked)| refused(&[words], &ScratchDb::migrated(), revoked))
    .concat();
    let behind = refused(&["migrate"], &ScratchDb::empty(), "REVOKE CREATE ON SCHEMA SCRATCH FROM CURRENT_USER");
    settled().bind(|| insta::assert_snapshot!("right_missing", text + &behind));
}

#[test]
fn a_year_that_may_not_be_written_says_how_to_go_on() {
    let scratch = ScratchDb::migrated();
    let seeded = told("seed", program("seed --users 1800 --products 2000").env("DATABASE_URL", scratch.url()));
    assert!(seeded.contains("exit 0"), "{seeded}");
    let words = ["backfill --year 2025 --orders 500"];
    let text = refused(&words, &scratch, "REVOKE INSERT ON backfill_runs FROM CURRENT_USER");
    let then = "GRANT INSERT ON backfill_runs TO CURRENT_USER; REVOKE INSERT ON order_items FROM CURRENT_USER";
    let text = text + &refused(&words, &scratch, then);
    settled().bind(|| insta::assert_snapshot!("year_refused", text));
}

#[test]
fn a_database_in_which_no_schema_may_be_made_cannot_be_measured() {
    // A database of its own: the right belongs to databases, and others need it in theirs.
    let name = ScratchDb::empty().schema().to_owned();
    let server = database_url();
    let execute = |sql: &str| db::connect(&server).unwrap().batch_execute(sql).unwrap();
    execute(&format!("CREATE DATABASE {name}"));
    execute(&format!("REVOKE CREATE ON DATABASE {name} FROM CURRENT_USER"));
    let (base, _) = server.split('?').next().unwrap().rsplit_once('/').unwrap();
    let mut bench = program("bench");
    bench.env("DATABASE_URL", format!("{base}/{name}"));
    bench.env("KAFKA_BROKERS", kafka_brokers()).env("REDIS_URL", redis_url());
    let text = told("bench", &mut bench);
    execute(&format!("DROP DATABASE {name} WITH (FORCE)"));
    settled().bind(|| insta::assert_snapshot!("bench_refused", text));
}

/// Runs the program on a terminal on which somebody types this at its question; returns its status and what was shown.
fn answered(folder: &Path, words: &str, answer: &str) -> (u32, String) {
    let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 200, ..PtySize::default() }).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_shopstream"));
    command.args(words.split_whitespace());
    command.env_clear();
    command.cwd(folder);
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let (mut reader, mut keys) = (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
    let (mut shown, mut part, mut typed) = (Vec::new(), [0; 4096], false);
    // The terminal's other end is an error once the program has gone.
    while let Ok(length @ 1..) = reader.read(&mut part) {
        shown.extend_from_slice(&part[..length]);
        if !typed && String::from_utf8_lossy(&shown).contains("Go on? [y/N] ") {
            keys.write_all(answer.as_bytes()).unwrap();
            typed = true;
        }
    }
    assert!(typed, "nobody was asked: {}", String::from_utf8_lossy(&shown));
    (child.wait().unwrap().exit_code(), String::from_utf8_lossy(&shown).into_owned())
}

#[test]
fn who_is_asked_on_a_terminal_decides_whether_something_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let year = "backfill --year 2025 --orders 500 --users 2000 --products 2000 --to csv --out dataset";
    assert!(program(year).current_dir(at).output().unwrap().status.success());
    let replace = format!("-q {year} --seed 11 --replace");
    let before = std::fs::read(at.join("dataset/orders.csv")).unwrap();
    let (status, shown) = answered(at, &replace, "n\n");
    assert!(status == 1 && shown.contains("this overwrites the dataset in dataset"), "{status}: {shown}");
    // Ctrl-C at the question.
    assert_eq!(answered(at, &replace, "\u{3}").0, 130);
    let refused = told(&replace, program(replace.trim_start_matches("-q ")).current_dir(at));
    assert!(refused.contains("exit 2") && refused.contains("help: add --yes if that is meant"), "{refused}");
    assert_eq!(std::fs::read(at.join("dataset/orders.csv")).unwrap(), before, "nothing was touched");
    assert_eq!(answered(at, &replace, "y\n").0, 0);
    assert_ne!(std::fs::read(at.join("dataset/orders.csv")).unwrap(), before);

    std::fs::write(at.join("mine.html"), "mine").unwrap();
    let report = "-q report --from dataset --out mine.html --replace";
    assert_eq!(answered(at, report, "no\n").0, 1);
    assert_eq!(std::fs::read_to_string(at.join("mine.html")).unwrap(), "mine");
    assert_eq!(answered(at, report, "yes\n").0, 0);
}
