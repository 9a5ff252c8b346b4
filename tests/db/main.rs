//! The database layer on a real PostgreSQL: the server of `DATABASE_URL`, a schema for each test.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod connecting;
mod constraints;
mod copying;
mod grades;
mod migrations;
mod overview;
mod pools;
mod schema;
