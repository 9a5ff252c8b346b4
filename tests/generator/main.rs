//! The generator held against its specification: every distribution, the calendar, the simulated year, its files.
//!
//! The tables of the specification are written down a second time in `spec.rs`, and what the year does is done again
//! in the plainest way (`pools.rs`, `grades.rs`), so that a slip in the generator's data or code shows.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod calendar;
mod carts;
mod categories;
mod customers;
mod determinism;
mod files;
mod folder;
mod formats;
mod grades;
mod habits;
mod invariants;
mod money;
mod names;
mod pools;
mod prices;
mod products;
mod propensity;
mod properties;
mod scenarios;
mod shape;
mod shop;
mod spec;
mod stats;
mod until;
mod year;
