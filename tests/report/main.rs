//! `report`: the same figures from files of each format and from PostgreSQL, right ones, and the page in a real browser.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod browser;
mod drawn;
mod figures;
mod folder;
mod live;
mod shop;
mod sources;
