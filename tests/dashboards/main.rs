//! Grafana's dashboards and Prometheus's rules: every panel's query runs against a real year in PostgreSQL, or against a real
//! Prometheus that scraped the program itself, as deploy/ has them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "it shows what it measured")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../year/shop.rs"]
#[allow(dead_code, unused_imports, reason = "each test binary uses its own part")]
mod shop;

mod applications;
mod boards;
mod evidence;
mod live;
mod prometheus;
mod proxy;
mod rules;
mod shape;
mod sql;
mod variables;
