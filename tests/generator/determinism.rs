//! The same seed makes the same data, to the byte, whatever the number of threads.
//!
//! The golden digests stand in `snapshots/generator__determinism__*.snap`, and nowhere else. When the generator is
//! changed on purpose, `INSTA_UPDATE=always cargo test --test generator determinism` writes them anew; a change of
//! them is a change for everybody who relies on a seed, and belongs into the change log.

use std::fmt::Write as _;

use shopstream::backfill::files::run;
use shopstream::backfill::request::{Request, Sizes};
use shopstream::backfill::{Shard, Unwatched};
use shopstream::generator::rng::{Purpose, Stream};
use shopstream::interrupt::Interrupt;
use shopstream::sink::Place;
use shopstream::sink::null::Null;

use crate::shop::world;

fn request(orders: u64, seed: u64) -> Request {
    Request::new(2025, seed, Sizes { orders: Some(orders), ..Sizes::default() }).unwrap()
}

/// Table, rows and digest of each table of a run into the null sink.
fn digests(request: &Request, jobs: usize) -> String {
    let outcome = run(world(), request, &Null, jobs, &Unwatched, &Interrupt::never()).unwrap();
    let mut text = format!("run {}\n", outcome.run_id);
    for table in &outcome.tables {
        let Place::Digest { xxh3 } = table.place else { panic!("{table:?} is no digest") };
        writeln!(text, "{:14} {:7} {xxh3:016x}", table.table, table.rows).unwrap();
    }
    text
}

/// The digests, the same with 1, 2 and 8 threads.
fn golden(request: &Request) -> String {
    let first = digests(request, 1);
    for jobs in [2, 8] {
        assert_eq!(digests(request, jobs), first, "{jobs} jobs");
    }
    first
}

#[test]
fn fifty_thousand_orders_of_2025_have_their_golden_digests() {
    insta::assert_snapshot!("year_2025", golden(&request(50_000, 42)));
}

#[test]
fn the_same_year_without_habits_has_its_golden_digests() {
    insta::assert_snapshot!("without_habits", golden(&Request { habits: false, ..request(50_000, 42) }));
}

#[test]
fn another_seed_and_a_shard_have_their_golden_digests() {
    let other = golden(&request(50_000, 43));
    let shard = golden(&Request { shard: Some(Shard { number: 2, of: 3 }), ..request(50_000, 42) });
    insta::assert_snapshot!("other_seed_and_shard", format!("seed 43\n{other}\nshard 2/3\n{shard}"));
}

#[test]
fn whatever_a_run_is_made_from_changes_its_rows() {
    let base = request(1_500, 42);
    let first = digests(&base, 1);
    assert_eq!(digests(&base, 1), first, "two runs are equal");
    let as_of = base.as_of.pred_opt().unwrap();
    let others = [
        Request { seed: 43, ..base.clone() },
        Request { habits: false, ..base.clone() },
        Request { orders: 1_501, ..base.clone() },
        Request { users: 10_001, ..base.clone() },
        Request { products: 20_001, ..base.clone() },
        Request { year: 2024, ..base.clone() },
        Request { as_of, ..base.clone() },
        Request { shard: Some(Shard { number: 1, of: 2 }), ..base.clone() },
        Request { shard: Some(Shard { number: 2, of: 2 }), ..base.clone() },
    ];
    let mut seen = vec![first];
    for other in others {
        let digests = digests(&other, 1);
        for known in &seen {
            let run = |text: &str| text.lines().next().map(str::to_owned);
            assert_ne!(run(&digests), run(known), "a run id of its own: {other:?}");
            let orders = |text: &str| text.lines().find(|line| line.starts_with("orders")).map(str::to_owned);
            assert_ne!(orders(&digests), orders(known), "{other:?}");
        }
        seen.push(digests);
    }
}

#[test]
fn random_streams_give_the_same_numbers_for_ever() {
    let mut text = String::new();
    for purpose in [
        Purpose::Customer,
        Purpose::CustomerText,
        Purpose::Product,
        Purpose::ProductText,
        Purpose::Day,
        Purpose::Order,
        Purpose::Mood,
        Purpose::Withdrawal,
        Purpose::Appeal,
        Purpose::Habit,
        Purpose::Shard,
        Purpose::Run,
    ] {
        let mut stream = Stream::new(42, purpose, 1);
        let numbers: Vec<String> = (0..3).map(|_| format!("{:016x}", stream.bits())).collect();
        let of_id = Stream::of_id(uuid::Uuid::from_u128(42), purpose).bits();
        writeln!(text, "{:12} {}  of an id {of_id:016x}", format!("{purpose:?}"), numbers.join(" ")).unwrap();
    }
    insta::assert_snapshot!("streams", text);
}
