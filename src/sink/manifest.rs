//! `manifest.json`: what a dataset is, so that it can be checked, and made again.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use color_eyre::eyre::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Place, TableReport};
use crate::domain::rows::{Column, Kind};

/// A dataset's own description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `shopstream`.
    pub generator: String,
    /// The version that wrote it.
    pub version: String,
    /// What it was made from; the same parameters and version make the same bytes.
    pub parameters: Parameters,
    /// The tables' files.
    pub files: Vec<FileEntry>,
}

/// What a dataset was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// The simulated year.
    pub year: i32,
    /// Number of orders.
    pub orders: u64,
    /// Number of customers.
    pub users: u32,
    /// Number of products.
    pub products: u32,
    /// The seed.
    pub seed: u64,
    /// The day until which customers sign up and products are made.
    pub as_of: String,
    /// Whether customers come back by habit.
    pub habits: bool,
    /// `I/N`, for one of several shards.
    pub shard: Option<String>,
    /// The user's own catalogue, by its XXH3.
    pub catalog: Option<String>,
    /// The user's own scenarios, by their XXH3.
    pub scenarios: Option<String>,
    /// `parquet`, `csv` or `ndjson`.
    pub format: String,
    /// `zstd`, `gzip` or `none`.
    pub compression: String,
    /// Written with every order and grade change.
    pub run_id: String,
}

/// One table's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// The table.
    pub table: String,
    /// The file's name.
    pub name: String,
    /// Number of rows.
    pub rows: u64,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The columns as a Spark schema: Spark takes a Parquet UUID only when told that it is BINARY.
    pub spark_schema: String,
}

impl Manifest {
    /// The manifest at `path`; `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is none of ours.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.wrap_err_with(|| format!("cannot read {}", path.display()))?,
        };
        serde_json::from_str(&text).map(Some).wrap_err_with(|| format!("{} is no manifest of ours", path.display()))
    }

    /// What is wrong with the first file in `folder` that is not as described.
    ///
    /// # Errors
    /// When a file that is there cannot be read.
    pub fn first_wrong_file(&self, folder: &Path) -> Result<Option<String>> {
        for file in &self.files {
            let path = folder.join(&file.name);
            let mut content = match File::open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(Some(format!("{} is missing", file.name)));
                }
                content => content.wrap_err_with(|| format!("cannot read {}", path.display()))?,
            };
            let mut digest = Sha256::new();
            let mut chunk = vec![0; 1 << 16];
            loop {
                let read = content.read(&mut chunk).wrap_err_with(|| format!("cannot read {}", path.display()))?;
                if read == 0 {
                    break;
                }
                digest.update(&chunk[..read]);
            }
            if hex(&digest.finalize()) != file.sha256 {
                return Ok(Some(format!("{} has another checksum", file.name)));
            }
        }
        Ok(None)
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl FileEntry {
    /// The entry of a table written to a file; `None` for one that was not.
    #[must_use]
    pub fn of(report: &TableReport, columns: &[Column]) -> Option<Self> {
        let Place::File { name, bytes, sha256 } = &report.place else { return None };
        Some(Self {
            table: report.table.to_owned(),
            name: name.clone(),
            rows: report.rows,
            bytes: *bytes,
            sha256: sha256.clone(),
            spark_schema: spark_schema(columns),
        })
    }
}

fn spark_schema(columns: &[Column]) -> String {
    let of = |column: &Column| {
        let kind = match column.kind {
            Kind::Uuid => "BINARY",
            Kind::Text | Kind::Label => "STRING",
            Kind::Int16 => "SMALLINT",
            Kind::Int32 => "INT",
            Kind::Int64 => "BIGINT",
            Kind::Float64 => "DOUBLE",
            Kind::Bool => "BOOLEAN",
            Kind::Date => "DATE",
            Kind::Timestamp => "TIMESTAMP",
        };
        format!("{} {kind}", column.name)
    };
    columns.iter().map(of).collect::<Vec<_>>().join(", ")
}
