//! A Korean e-commerce shop as data: deterministic from a seed, believable, and ready for PostgreSQL, Parquet, CSV
//! and NDJSON.
//!
//! [`domain`] holds the vocabulary and pure rules; the generator makes rows from a seed and knows no I/O, clock or
//! global randomness; sinks and commands stand at the edges.

pub mod backfill;
pub mod backoff;
pub mod bench;
pub mod cache;
pub mod cli;
pub mod commands;
pub mod config;
pub mod consume;
pub mod db;
pub mod doctor;
pub mod domain;
pub mod error;
pub mod follow;
pub mod generator;
pub mod interrupt;
pub mod monitor;
pub mod output;
pub mod panics;
pub mod produce;
pub mod reach;
pub mod report;
pub mod sink;
pub mod spelling;
pub mod stream;
pub mod telemetry;
pub mod verify;
