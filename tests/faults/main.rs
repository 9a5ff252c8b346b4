//! Faults that the pipeline must survive, each against real servers, which are this binary's own and which it kills.
//!
//! `SHOPSTREAM_FAULT_ORDERS` says how many orders the longer tests send, `SHOPSTREAM_FAULT_SEED` repeats a schedule, and
//! `SHOPSTREAM_FAULT_KEEP=1` leaves the servers' folder (`/tmp/shopstream-faults-PID-N`) with all logs. `make torture` runs all
//! faults at random for as long as asked.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the seed and the counts are shown beside a failure")]

#[path = "../monitor/seat.rs"]
#[allow(dead_code, reason = "each test binary uses its own part")]
mod seat;

mod audit;
mod brokers;
mod cache;
mod consumers;
mod database;
mod dice;
mod disk;
mod doctor;
mod hostile;
mod lab;
mod monitor;
mod producer;
mod program;
mod shop;
mod topics;
mod torture;
