//! The guides are true: their links lead somewhere, their commands are those of the program, and what can run, runs.
//!
//! Everything is read from the Markdown as it stands. A block's language says what becomes of it:
//!
//! | language | on every page | on the pages of `runs.rs` |
//! | --- | --- | --- |
//! | `sh` | each `shopstream` in it must be understood, each target of `make` be there | run by bash, from top to bottom |
//! | `console` | the same for the lines after `$ ` | run, and the output compared; `…` alone on a line stands for any lines |
//! | `sql` | | run by `psql`; a `text` block right after it is the result, and compared |
//! | `toml` | | read as a configuration file |
//! | `json` | must be JSON | |
//!
//! A page runs in a folder, a schema, topics and keys of its own, with the binary first in the path; `make`, `cargo` and
//! `docker` do nothing there. A comment right before a block, invisible to readers, changes that: `<!-- not run: why -->`, and
//! `<!-- stays -->` for commands that stay, a line each: they are started, waited for until they are ready, and asked to stop
//! where the page ends, or before a block with `<!-- ends -->` (or `<!-- ends; stays -->`).
//!
//! The table of columns in `docs/database.md` is made from the database: `UPDATE_TABLES=1 cargo test --test guides`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod commands;
mod container;
mod database;
mod deployment;
mod korean;
mod links;
mod messages;
mod page;
mod place;
mod runs;
mod shell;
#[path = "../support/mod.rs"]
mod support;
mod year;
