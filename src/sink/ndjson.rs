//! NDJSON: one JSON object a line, UUIDs and times as text, money as integers; plain, gzip or zstd.

use std::io::Write;

use chrono::{NaiveDate, SecondsFormat};
use color_eyre::eyre::{Context, Result};
use serde::ser::{SerializeMap, Serializer as _};
use uuid::Uuid;

use super::compress::{Compression, Compressor};
use super::files::{Folder, HashedFile};
use super::{Format, TableReport, TableWriter};
use crate::domain::Timestamp;
use crate::domain::rows::{Column, FieldVisitor, Names, Row};

/// NDJSON files in a folder.
#[derive(Debug)]
pub struct Ndjson<'a> {
    /// Where they go.
    pub folder: &'a Folder,
    /// How they are compressed.
    pub compression: Compression,
}

impl Format for Ndjson<'_> {
    type Table<R: Row + Send> = NdjsonTable;

    fn begin<R: Row + Send>(&self) -> Result<NdjsonTable> {
        let out = Compressor::new(self.folder.begin::<R>()?, self.compression)?;
        Ok(NdjsonTable { table: R::TABLE, rows: 0, line: Vec::with_capacity(1 << 10), out })
    }
}

/// One table's NDJSON file.
pub struct NdjsonTable {
    table: &'static str,
    rows: u64,
    line: Vec<u8>,
    out: Compressor<HashedFile>,
}

impl<R: Row> TableWriter<R> for NdjsonTable {
    fn write(&mut self, rows: &[R], names: &Names) -> Result<()> {
        for row in rows {
            self.line.clear();
            write_line(row, names, &mut self.line).wrap_err_with(|| format!("cannot write {} as JSON", self.table))?;
            self.out.write_all(&self.line).wrap_err_with(|| format!("cannot write the {} file", self.table))?;
        }
        self.rows += rows.len() as u64;
        Ok(())
    }

    fn finish(self) -> Result<TableReport> {
        self.out.finish()?.finish(self.table, self.rows)
    }
}

/// Appends a row as one line of JSON.
///
/// # Errors
/// When a field cannot be represented.
pub fn write_line<R: Row>(row: &R, names: &Names, line: &mut Vec<u8>) -> serde_json::Result<()> {
    let mut serializer = serde_json::Serializer::new(&mut *line);
    let map = serializer.serialize_map(None)?;
    let mut fields = Fields { columns: R::COLUMNS.iter(), map, failed: None };
    row.visit(names, &mut fields);
    if let Some(error) = fields.failed {
        return Err(error);
    }
    fields.map.end()?;
    line.push(b'\n');
    Ok(())
}

/// Entries of one object; the first error is kept, for a visitor cannot fail.
struct Fields<M: SerializeMap> {
    columns: std::slice::Iter<'static, Column>,
    map: M,
    failed: Option<M::Error>,
}

impl<M: SerializeMap> Fields<M> {
    #[inline]
    fn entry<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        let name = self.columns.next().map_or("", |column| column.name);
        if let Err(error) = self.map.serialize_entry(name, value) {
            self.failed.get_or_insert(error);
        }
    }
}

impl<M: SerializeMap> FieldVisitor for Fields<M> {
    fn uuid(&mut self, value: Uuid) {
        self.entry(&*value.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    }

    fn text(&mut self, value: &str) {
        self.entry(value);
    }

    fn label(&mut self, _code: u8, value: &str) {
        self.entry(value);
    }

    fn int16(&mut self, value: i16) {
        self.entry(&value);
    }

    fn int32(&mut self, value: i32) {
        self.entry(&value);
    }

    fn int64(&mut self, value: i64) {
        self.entry(&value);
    }

    fn float64(&mut self, value: f64) {
        self.entry(&value);
    }

    fn boolean(&mut self, value: bool) {
        self.entry(&value);
    }

    fn date(&mut self, value: NaiveDate) {
        self.entry(&value.to_string());
    }

    fn timestamp(&mut self, value: Timestamp) {
        self.entry(&value.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true));
    }

    fn null(&mut self) {
        self.entry(&());
    }
}
