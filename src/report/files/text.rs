//! Rows out of text: CSV and NDJSON, plain or compressed, a line at a time.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::marker::PhantomData;
use std::path::Path;

use color_eyre::eyre::{Context, Result};
use flate2::read::MultiGzDecoder;

use super::facts::Facts;
use crate::sink::compress::Compression;

/// Bytes read at a time.
const BUFFER: usize = 1 << 16;

/// A text file's content, decompressed.
///
/// # Errors
/// When it cannot be opened.
pub fn open(path: &Path, compression: Compression) -> Result<Box<dyn Read>> {
    let file = BufReader::with_capacity(BUFFER, File::open(path)?);
    Ok(match compression {
        Compression::None => Box::new(file),
        Compression::Gzip => Box::new(MultiGzDecoder::new(file)),
        Compression::Zstd => Box::new(zstd::Decoder::with_buffer(file)?),
    })
}

/// The rows of a CSV file.
///
/// # Errors
/// When its header cannot be read.
pub fn csv<T: Facts>(content: Box<dyn Read>) -> Result<impl Iterator<Item = Result<T>>> {
    let mut reader = csv::ReaderBuilder::new().buffer_capacity(BUFFER).from_reader(content);
    // Without it, an empty file would pass for a table without rows.
    let header = reader.headers()?.clone();
    color_eyre::eyre::ensure!(!header.is_empty(), "it has no header");
    Ok(reader.into_deserialize().map(|row: Result<T, csv::Error>| row.map_err(Into::into)))
}

/// The rows of an NDJSON file.
pub fn ndjson<T: Facts>(content: Box<dyn Read>) -> impl Iterator<Item = Result<T>> {
    Lines { content: BufReader::with_capacity(BUFFER, content), line: Vec::new(), number: 0, kind: PhantomData }
}

struct Lines<T> {
    content: BufReader<Box<dyn Read>>,
    line: Vec<u8>,
    number: u64,
    kind: PhantomData<T>,
}

impl<T: Facts> Iterator for Lines<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        self.line.clear();
        self.number += 1;
        match self.content.read_until(b'\n', &mut self.line) {
            Ok(0) => None,
            Ok(_) => {
                let row = serde_json::from_slice(&self.line);
                Some(row.wrap_err_with(|| format!("line {} is no such row", self.number)))
            }
            Err(error) => Some(Err(error.into())),
        }
    }
}
