//! The monitor: its frames, its lines, and the real thing on a terminal. On the servers of `DATABASE_URL`, `REDIS_URL` and
//! `KAFKA_BROKERS`, and on a Redis of its own where one is to be killed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../telemetry/exposition.rs"]
#[allow(dead_code, reason = "each test binary uses its own part")]
mod exposition;

#[path = "../pipeline/shop.rs"]
#[allow(dead_code, reason = "each test binary uses its own part")]
mod shop;

mod ending;
mod frames;
mod lines;
mod seat;
mod terminal;
