//! `bench` on the real services: figures that can be, and nothing left behind, however it ends.

use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use redis::Commands;
use serde_json::Value;

use crate::shop::{PATIENCE, Shop, number, text};
use crate::support::*;

/// How long a bench may take to come to where a test wants it, beside the other tests.
const BUSY: Duration = Duration::from_secs(300);

/// Each looks at what all of them make, and sweeps it.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

const SCHEMAS: &str = "FROM pg_namespace WHERE nspname LIKE 'shopstream\\_bench\\_%'";

/// The program on the services as they are: it makes a schema of its own.
fn bench(shop: &Shop, words: &str) -> Command {
    let mut command = shop.program(&format!("bench {words}"));
    command.env("DATABASE_URL", database_url());
    command
}

/// Runs it to its end; returns both streams.
fn run(shop: &Shop, words: &str) -> (String, String) {
    let output = bench(shop, words).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{words}: {}\n{}", text(&output.stdout), text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

/// Starts one that takes long, and waits until it consumes; returns its name too.
fn at_work(shop: &Shop, conn: &mut PgConnection) -> (Running, String) {
    let mut running = Running::start(&mut bench(shop, "--orders 10_000_000 --users 1_000 --products 1_000"));
    until(BUSY, "a producing bench", || {
        let said = running.said();
        if said.contains("bench: producing") { Ok(()) } else { Err(said) }
    });
    let name = text(conn, &format!("SELECT nspname::text AS t {SCHEMAS}"));
    (running, name)
}

fn topics(shop: &Shop) -> Vec<String> {
    let metadata = shop.topics.kafka().metadata(&shop.topics.kafka().admin().unwrap()).unwrap();
    let names = metadata.topics().iter().map(|topic| topic.name().to_owned());
    names.filter(|name| name.starts_with("shopstream_bench_")).collect()
}

fn assert_nothing_is_left(shop: &Shop, conn: &mut PgConnection) {
    assert_eq!(number(conn, &format!("SELECT count(*) AS n {SCHEMAS}")), 0);
    let keys: Vec<String> = shop.redis.connect().keys("shopstream_bench_*").unwrap();
    assert_eq!(keys, Vec::<String>::new());
    assert_eq!(topics(shop), Vec::<String>::new());
    let groups = shop.topics.kafka().admin().unwrap().inner().fetch_group_list(None, PATIENCE).unwrap();
    let groups: Vec<&str> = groups.groups().iter().map(|group| group.name()).collect();
    assert!(!groups.iter().any(|group| group.starts_with("shopstream_bench_")), "{groups:?}");
}

#[test]
fn a_deployment_is_measured_in_numbers_and_left_as_it_was() {
    let _alone = alone();
    let shop = Shop::seeded(1_200, 1_200);
    let (figures, _) = run(&shop, "--orders 1_000 --users 1_000 --products 1_000 --json");
    let report: Value = serde_json::from_str(&figures).unwrap();
    let figure =
        |path: &str| report.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path}: {report}"));
    // Two queries a refresh, 1.2 refreshes a minute; two queries for each of 15 orders.
    assert_eq!(figure("/queries/0/cached_per_minute"), 2.4);
    assert_eq!(figure("/queries/0/uncached_per_minute"), 30.0);
    assert_eq!(figure("/queries/0/saved_share"), 0.92);
    assert_eq!(figure("/refresh/queries"), 2.0);
    assert_eq!(figure("/claims/fewer_queries/holds_from_orders_per_minute"), 60.0);
    let reading = ["redis", "postgres_by_key", "postgres_both_pools"];
    for calls in reading.iter().map(|what| format!("/look_ups/{what}")).chain(["/orders/direct_single".to_owned()]) {
        let [p50, p99] = ["p50_ns", "p99_ns"].map(|name| figure(&format!("{calls}/{name}")));
        assert!(0.0 < p50 && p50 <= p99, "{calls}: {report}");
    }
    assert!(figure("/look_ups/memory/mean_ns") * 10.0 < figure("/look_ups/postgres_by_key/p50_ns"), "{report}");
    for rate in ["produced", "consumed", "through_kafka", "direct_batches", "direct_single"] {
        assert!(figure(&format!("/orders/{rate}_per_s")) > 0.0, "{rate}: {report}");
    }
    assert!(report["words"][0].as_str().unwrap().contains("92.0 % at 15 orders a minute"), "{report}");
    assert_nothing_is_left(&shop, &mut shop.db.connect());
}

#[test]
fn a_signal_sent_twice_is_one_and_a_bench_at_work_is_not_swept() {
    let _alone = alone();
    let shop = Shop::seeded(1_200, 1_200);
    let conn = &mut PgConnection::establish(&database_url()).unwrap();
    let (mut running, name) = at_work(&shop, conn);
    let (swept, _) = run(&shop, "--sweep");
    assert_eq!(swept, format!("{name}: a bench is at work with it\n"));
    assert!(running.runs(), "{}", running.said());
    running.signal("INT");
    running.signal("INT");
    running.signal("TERM");
    let ended = running.wait(PATIENCE);
    assert_eq!(ended.code(), Some(130), "{}", running.said());
    assert_nothing_is_left(&shop, conn);
    assert_eq!(run(&shop, "--sweep").0, "No bench has left anything.\n");
}

#[test]
fn what_a_killed_bench_leaves_is_told_by_the_doctor_and_removed_by_the_next() {
    let _alone = alone();
    let shop = Shop::seeded(1_200, 1_200);
    let conn = &mut PgConnection::establish(&database_url()).unwrap();
    let (mut running, name) = at_work(&shop, conn);
    let looked = || String::from_utf8(shop.program("doctor").output().unwrap().stdout).unwrap();
    assert!(!looked().contains("bench --sweep"), "{}", looked());
    running.signal("KILL");
    running.wait(PATIENCE);
    assert_eq!(text(conn, &format!("SELECT nspname::text AS t {SCHEMAS}")), name);
    assert!(topics(&shop).contains(&format!("{name}.orders")), "{:?}", topics(&shop));
    let check = "bench";
    until(PATIENCE, "the server ends the sessions of the killed", || {
        let said = looked();
        if said.contains(&format!("{check} ({name})")) && said.contains("shopstream bench --sweep") {
            Ok(())
        } else {
            Err(said)
        }
    });
    let (_, said) = run(&shop, "--orders 1_000 --users 1_000 --products 1_000");
    assert!(said.contains(&format!("what it left was removed ({name})")), "{said}");
    assert_nothing_is_left(&shop, conn);
}

#[test]
fn members_of_a_killed_bench_are_waited_for() {
    let _alone = alone();
    let shop = Shop::seeded(1_200, 1_200);
    let conn = &mut PgConnection::establish(&database_url()).unwrap();
    let mut running = Running::start(&mut bench(&shop, "--orders 100_000 --users 1_000 --products 1_000"));
    until(BUSY, "a consuming bench", || {
        let claimed = text(
            conn,
            &format!(
                "SELECT coalesce(max(nspname)::text, '') AS t {SCHEMAS} AND to_regclass(nspname || '.consumer_offsets') IS NOT NULL"
            ),
        );
        let claims = format!("SELECT count(*) AS n FROM {claimed}.consumer_offsets");
        if !claimed.is_empty() && number(conn, &claims) > 0 { Ok(()) } else { Err(running.said()) }
    });
    running.signal("KILL");
    running.wait(PATIENCE);
    until(PATIENCE, "swept", || {
        let (said, _) = run(&shop, "--sweep");
        if said.ends_with(": removed\n") { Ok(()) } else { Err(said) }
    });
    assert_nothing_is_left(&shop, conn);
}

#[test]
fn a_clean_up_cut_short_says_what_stays_and_the_sweep_removes_it() {
    let _alone = alone();
    let shop = Shop::seeded(1_200, 1_200);
    let conn = &mut PgConnection::establish(&database_url()).unwrap();
    let (mut running, name) = at_work(&shop, conn);
    // Whoever reads a table keeps its schema from being dropped.
    let reader = &mut PgConnection::establish(&database_url()).unwrap();
    reader.batch_execute(&format!("BEGIN; LOCK TABLE {name}.users IN ACCESS SHARE MODE")).unwrap();
    running.signal("INT");
    let waiting = format!("FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'DROP SCHEMA%{name}%'");
    until(PATIENCE, "the schema is being dropped", || {
        if number(conn, &format!("SELECT count(*) AS n {waiting}")) == 1 { Ok(()) } else { Err(running.said()) }
    });
    // For a second they are the same signal.
    until(PATIENCE, "ended by a second signal", || {
        if running.runs() {
            running.signal("INT");
            return Err(running.said());
        }
        Ok(())
    });
    let (ended, said) = (running.wait(PATIENCE), running.said());
    assert_eq!(ended.code(), Some(130), "{said}");
    let words = format!(
        "warning: the clean-up was cut short. There may still be the schema {name} in PostgreSQL. `shopstream bench --sweep`"
    );
    assert!(said.contains(&words), "{said}");
    // The server would drop it yet, once the reader is gone.
    number(conn, &format!("SELECT count(pg_terminate_backend(pid)) AS n {waiting}"));
    reader.batch_execute("ROLLBACK").unwrap();
    until(PATIENCE, "swept", || {
        let (said, _) = run(&shop, "--sweep");
        if said == format!("{name}: removed\n") { Ok(()) } else { Err(said) }
    });
    assert_nothing_is_left(&shop, conn);
}
