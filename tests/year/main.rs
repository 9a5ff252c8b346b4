//! Seeding and the simulated year on a real PostgreSQL: the server of `DATABASE_URL`, a schema for each test.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod facts;
mod interrupted;
mod messages;
mod rules;
mod seeding;
mod shop;
mod sinks;
