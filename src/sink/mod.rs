//! Where rows go besides PostgreSQL: one writer a table, one implementation a format.
//!
//! To add a format, implement [`Format`] and [`TableWriter`] (see `ndjson.rs`, the shortest), and give it a name in
//! `commands/backfill.rs`.

pub mod compress;
pub mod csv;
pub mod files;
pub mod manifest;
pub mod ndjson;
pub mod null;
pub mod parquet;

use crate::domain::rows::{Names, Row};

/// A way to write tables.
pub trait Format: Sync {
    /// The writer of a table whose rows are `R`.
    type Table<R: Row + Send>: TableWriter<R> + Send;

    /// Begins a table.
    ///
    /// # Errors
    /// When its place cannot be written.
    fn begin<R: Row + Send>(&self) -> color_eyre::Result<Self::Table<R>>;
}

/// Writes the rows of one table, in order.
pub trait TableWriter<R: Row> {
    /// Writes rows.
    ///
    /// # Errors
    /// When they cannot be written.
    fn write(&mut self, rows: &[R], names: &Names) -> color_eyre::Result<()>;

    /// Completes the table.
    ///
    /// # Errors
    /// When the rest cannot be written.
    fn finish(self) -> color_eyre::Result<TableReport>;
}

/// What was written of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableReport {
    /// The table.
    pub table: &'static str,
    /// Number of rows.
    pub rows: u64,
    /// Where they are, and how to check them.
    pub place: Place,
}

/// Where a table's rows ended up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    File {
        /// Its name within the folder.
        name: String,
        /// Its size.
        bytes: u64,
        /// SHA-256 of its bytes, in hexadecimal.
        sha256: String,
    },
    /// Nowhere; only a digest of all fields was taken.
    Digest {
        /// XXH3 of all fields of all rows.
        xxh3: u64,
    },
    /// Wherever a sink of one's own puts rows, in its own words.
    Elsewhere(String),
}
