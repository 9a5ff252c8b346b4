//! What goes wrong with a database, and what the program says about it.

use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;

use crate::shop::Shop;
use crate::support::ScratchDb;

/// Exit status and standard error, with what differs from run to run taken out.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    format!("exit {}\n{text}", output.status.code().unwrap_or(-1))
}

fn program(url: &str, words: &[&str]) -> Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_shopstream"));
    command.args(words).env("DATABASE_URL", url).env_remove("RUST_BACKTRACE").output().unwrap()
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    let url = std::env::var("DATABASE_URL").unwrap();
    let user = url.split_once("://").unwrap().1.split([':', '@']).next().unwrap().to_owned();
    settings.add_filter(r"127\.0\.0\.1:\d+", "HOST:PORT");
    settings.add_filter(&format!(r"\buser {user}\b"), "user USER");
    settings.add_filter(r"-h \S+ -p \d+ -U \S+", "-h HOST -p PORT -U USER");
    settings.add_filter(r"\bdatabase [a-z_]+,", "database DATABASE,");
    settings.add_filter(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID");
    settings.add_filter(r"port \d+", "port PORT");
    settings
}

#[test]
fn a_database_that_is_not_ready_is_told_how_to_become_so() {
    let empty = ScratchDb::empty();
    let migrated = ScratchDb::migrated();
    let newer = ScratchDb::migrated();
    let migration = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')";
    newer.connect().batch_execute(migration).unwrap();
    settings().bind(|| {
        for (case, url, words) in [
            ("not_migrated_seed", empty.url(), &["-q", "seed"][..]),
            ("not_migrated_backfill", empty.url(), &["-q", "backfill", "--year", "2025"]),
            ("newer_seed", newer.url(), &["-q", "seed"]),
            ("newer_backfill", newer.url(), &["-q", "backfill", "--year", "2025"]),
            ("not_seeded", migrated.url(), &["-q", "backfill", "--year", "2025"]),
            ("future_year", migrated.url(), &["-q", "backfill", "--year", "2100"]),
        ] {
            insta::assert_snapshot!(case, said(&program(url, words)));
        }
    });
}

#[test]
fn a_server_that_cannot_be_used_is_named_without_its_password() {
    let url = std::env::var("DATABASE_URL").unwrap();
    let (credentials, rest) = url.split_once("://").unwrap().1.split_once('@').unwrap();
    let user = credentials.split(':').next().unwrap();
    let wrong = format!("postgres://{user}:wrong-secret@{rest}");
    let nowhere = format!("postgres://{user}:wrong-secret@127.0.0.1:1/shop");
    let (host, _) = rest.split_once('/').unwrap();
    let missing = format!("postgres://{credentials}@{host}/no_such_database");
    settings().bind(|| {
        for (case, url) in [("wrong_password", &wrong), ("nobody_there", &nowhere), ("no_such_database", &missing)] {
            let text = said(&program(url, &["-q", "seed"]));
            assert!(!text.contains("wrong-secret"), "{text}");
            insta::assert_snapshot!(case, text);
        }
    });
}

#[test]
fn a_year_that_is_there_or_does_not_fit_is_refused() {
    let shop = Shop::seeded(1_800, 2_000);
    shop.backfill(500);
    let too_small = Shop::seeded(900, 2_000);
    settings().bind(|| {
        for (case, shop, words) in [
            ("year_is_there", &shop, &["-q", "backfill", "--year", "2025"][..]),
            ("year_before_the_shop", &shop, &["-q", "backfill", "--year", "2019"]),
            ("shop_too_small", &too_small, &["-q", "backfill", "--year", "2025"]),
            ("users_with_postgres", &shop, &["-q", "backfill", "--year", "2024", "--users", "5000"]),
            ("shard_with_postgres", &shop, &["-q", "backfill", "--year", "2024", "--shard", "1/2"]),
            ("seed_as_of_another_day", &shop, &["-q", "seed", "--as-of", "2025-06-01"]),
        ] {
            insta::assert_snapshot!(case, said(&shop.run(words)));
        }
    });
}

#[test]
fn a_server_that_ends_the_session_in_mid_year_leaves_a_way_on() {
    let shop = Shop::seeded(2_000, 2_500);
    // A name of its own, by which its sessions are found.
    let name = format!("victim-{}", shop.db.schema());
    let url = format!("{}&application_name={name}", shop.db.url());
    // Large enough not to end before its sessions do.
    let words = ["-q", "backfill", "--year", "2025", "--orders", "150_000"];
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_shopstream"));
    command.args(words).env("DATABASE_URL", &url).env_remove("RUST_BACKTRACE");
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while shop.number("SELECT count(*) FROM backfill_runs WHERE cardinality(months_done) > 0") == 0 {
        assert!(Instant::now() < deadline, "no month was written");
        std::thread::sleep(Duration::from_millis(5));
    }
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'");
    shop.execute(&end);
    let text = said(&child.wait_with_output().unwrap());
    assert!(text.starts_with("exit 1\nerror: the year 2025 was not written to PostgreSQL at "), "{text}");
    assert!(
        text.ends_with(
            "help: months that are done stay; once the cause is mended, --resume goes on, --replace begins anew\n"
        ),
        "{text}"
    );
    let resumed = shop.run(&[&words[..], &["--resume"]].concat());
    assert_eq!(resumed.status.code(), Some(0), "{}", said(&resumed));
    assert_eq!(shop.number("SELECT count(*) FROM orders"), 150_000);
}
