//! What commands that stay tell about themselves, on a real PostgreSQL: metrics, readiness, and `healthcheck`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod exposition;
mod proxy;
mod updater;
