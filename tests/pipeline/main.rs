//! PostgreSQL → Redis → producer → Kafka → consumers → PostgreSQL on real servers: those of `DATABASE_URL`, `REDIS_URL` and
//! `KAFKA_BROKERS`; a schema, keys and topics for each test.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../generator/stats.rs"]
#[allow(dead_code, reason = "each test binary uses its own part")]
mod stats;

#[path = "../telemetry/exposition.rs"]
#[allow(dead_code, reason = "each test binary uses its own part")]
mod exposition;

mod bench;
mod cache;
mod consuming;
mod metrics;
mod orphans;
mod producing;
mod shop;
