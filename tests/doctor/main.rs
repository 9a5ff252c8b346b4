//! `doctor` on real services: a shop that is well, and each thing it claims to find, broken on purpose.
//!
//! What no shared server may be broken for (memory, clocks, connections) is broken on servers of the tests' own. `table` holds
//! which test breaks what, and what cannot be broken.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../pipeline/shop.rs"]
#[allow(dead_code, reason = "each test binary uses its own part")]
mod shop;

mod away;
mod broken;
mod configuration;
mod consultation;
mod guarded;
mod kafka;
mod own;
mod postgres;
mod redis;
mod table;
mod well;
