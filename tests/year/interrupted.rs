//! A run that is stopped half-way, and finished later, ends with the same rows as one that was not.

use std::process::Stdio;
use std::time::{Duration, Instant};

use shopstream::backfill::Watch;
use shopstream::backfill::postgres::{Earlier, admit};
use shopstream::generator::year::Batch;
use shopstream::interrupt::Interrupt;

use crate::shop::{Shop, later};

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
        let words = ["-q", "backfill", "--year", "2025", "--orders", "20000", "--replace", "--jobs", "2"];
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
