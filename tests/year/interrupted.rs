//! A run that is stopped half-way, and finished later, ends with the same rows as one that was not.

use std::process::Stdio;
use std::time::{Duration, Instant};

use diesel::Connection;
use shopstream::backfill::postgres::{Earlier, admit};
use shopstream::backfill::{Unwatched, Watch};
use shopstream::db::runs::{self, RunParameters};
use shopstream::error::Failure;
use shopstream::generator::year::Batch;
use shopstream::interrupt::Interrupt;

use crate::shop::{Shop, YEAR, later};

const ORDERS: u64 = 2_400;

/// Asks for a stop when a month begins.
struct StopAt {
    month: u32,
    interrupt: Interrupt,
}

impl Watch for StopAt {
    fn batch(&self, batch: &Batch) {
        if batch.month == self.month {
            self.interrupt.trigger();
        }
    }
}

#[test]
fn a_run_that_was_interrupted_in_any_month_is_finished_by_resume() {
    let shop = Shop::seeded(1_800, 2_000);
    shop.backfill(ORDERS);
    let unbroken = shop.digest();
    for month in [1, 6, 12] {
        for connections in [1, 2] {
            let interrupt = Interrupt::never();
            let watch = StopAt { month, interrupt: interrupt.clone() };
            let request = shop.request(ORDERS);
            let admitted = admit(&shop.world, shop.db.url(), &request, Earlier::Replace, later()).unwrap();
            let stopped = admitted.run(connections, &watch, &interrupt);
            assert!(stopped.unwrap_err().is::<shopstream::interrupt::Interrupted>());
            let there = shop.number("SELECT count(*) FROM orders");
            assert!((0..ORDERS as i64).contains(&there), "{there} orders after a stop in month {month}");
            let recorded = shop.number("SELECT orders FROM backfill_runs");
            assert_eq!(recorded, there, "what is recorded is what is there");
            shop.try_backfill(ORDERS, Earlier::Resume, later()).unwrap();
            assert_eq!(shop.digest(), unbroken, "month {month}, {connections} connections");
        }
    }
}

#[test]
fn a_run_that_was_killed_is_finished_by_resume() {
    let shop = Shop::seeded(2_000, 3_000);
    shop.backfill(20_000);
    let unbroken = shop.digest();
    for months in [1, 4, 9] {
        let words = ["-q", "backfill", "--year", "2025", "--orders", "20000", "--replace", "--yes", "--jobs", "2"];
        let mut child = shop.program(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        let running = "SELECT COALESCE(max(cardinality(months_done)), 0) FROM backfill_runs WHERE state = 'running'";
        while shop.number(running) < months && Instant::now() < deadline && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let done = shop.run(&["-q", "backfill", "--year", "2025", "--orders", "20000", "--resume"]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(shop.digest(), unbroken, "killed after {months} months");
    }
}

#[test]
fn a_resume_with_other_parameters_is_refused() {
    let shop = Shop::seeded(1_800, 2_000);
    let interrupt = Interrupt::never();
    let watch = StopAt { month: 3, interrupt: interrupt.clone() };
    let request = shop.request(ORDERS);
    let admitted = admit(&shop.world, shop.db.url(), &request, Earlier::Refuse, later()).unwrap();
    assert!(admitted.run(1, &watch, &interrupt).is_err());
    let refused = shop.try_backfill(ORDERS + 1, Earlier::Resume, later()).unwrap_err();
    assert!(refused.to_string().contains("made from something else"), "{refused}");
    let refused = shop.try_backfill(ORDERS, Earlier::Refuse, later()).unwrap_err();
    assert!(refused.to_string().contains("half-way"), "{refused}");
}

#[test]
fn two_runs_of_one_year_at_once_write_it_once() {
    let shop = Shop::seeded(1_800, 8_000);
    let results: Vec<_> = std::thread::scope(|threads| {
        let runs: Vec<_> =
            (0..2).map(|_| threads.spawn(|| shop.try_backfill(ORDERS, Earlier::Refuse, later()))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(shop.number("SELECT count(*) FROM orders") as u64, ORDERS);
    shop.assert_consistent();
}

#[test]
fn a_run_whose_year_was_taken_over_writes_nothing_more() {
    let shop = Shop::seeded(4_000, 9_000);
    // A name of its own, by which its session is found and ended: the year's lock goes with it.
    let name = format!("stalled-{}", shop.db.schema());
    let url = format!("{}&application_name={name}", shop.db.url());
    let stalled = admit(&shop.world, &url, &shop.request(900), Earlier::Refuse, later()).unwrap();
    shop.execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'"));
    shop.try_backfill(500, Earlier::Replace, later()).unwrap();
    assert!(stalled.run(4, &Unwatched, &Interrupt::never()).is_err());
    assert_eq!(shop.number("SELECT count(*) FROM orders"), 500);
    shop.assert_consistent();
}

#[test]
fn taking_over_waits_for_a_month_in_the_middle_and_shuts_out_its_process_after_it() {
    let shop = Shop::seeded(1_100, 1_300);
    let (first, second) = (&mut shop.db.connect(), &mut shop.db.connect());
    let run_id = uuid::Uuid::from_u128(7);
    let parameters = RunParameters { orders: 1, seed: 1, habits: true, scenarios: None, catalog: None, until: None };
    let old = runs::begin(first, YEAR, run_id, &parameters).unwrap();
    let taken = std::thread::scope(|threads| {
        let (held, is_held) = std::sync::mpsc::channel();
        let (finish, may_finish) = std::sync::mpsc::channel();
        threads.spawn(move || {
            first.transaction(|conn| -> color_eyre::Result<()> {
                runs::hold_month(conn, run_id, old)?;
                held.send(())?;
                may_finish.recv()?;
                runs::month_done(conn, run_id, 3, 10, 20)
            })
        });
        is_held.recv().unwrap();
        let taking = threads.spawn(|| runs::take_over(second, YEAR).unwrap().unwrap());
        // It waits: seen in the server, not by the clock.
        let waiting =
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'
                       AND pid IN (SELECT pid FROM pg_locks WHERE relation = 'backfill_runs'::regclass)";
        let deadline = Instant::now() + Duration::from_secs(20);
        while shop.number(waiting) == 0 {
            assert!(Instant::now() < deadline && !taking.is_finished(), "it did not wait");
        }
        finish.send(()).unwrap();
        taking.join().unwrap()
    });
    assert_ne!(taken, old);
    let conn = &mut shop.db.connect();
    assert_eq!(runs::find(conn, YEAR).unwrap().unwrap().months_done, [3]);
    assert!(runs::hold_month(conn, run_id, old).is_err_and(|error| error.is::<Failure>()));
    runs::hold_month(conn, run_id, taken).unwrap();
}
