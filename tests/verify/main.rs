//! `verify` on a real PostgreSQL and a real Kafka: a schema and a topic prefix for each test, both gone afterwards.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod broken;
mod clean;
mod foreign;
mod kept;
mod shop;
