//! The null sink: hashes every field of every row, so that nothing can be skipped, and keeps nothing.

use chrono::NaiveDate;
use uuid::Uuid;
use xxhash_rust::xxh3::Xxh3;

use super::{Format, Place, TableReport, TableWriter};
use crate::domain::Timestamp;
use crate::domain::date::epoch_days;
use crate::domain::rows::{FieldVisitor, Names, Row};

/// Bytes gathered before they are hashed.
const CHUNK: usize = 1 << 16;

/// The null format.
#[derive(Clone, Copy, Debug, Default)]
pub struct Null;

impl Format for Null {
    type Table<R: Row + Send> = NullTable;

    fn begin<R: Row + Send>(&self) -> color_eyre::Result<NullTable> {
        Ok(NullTable { table: R::TABLE, rows: 0, buffer: Vec::with_capacity(2 * CHUNK), digest: Box::default() })
    }
}

/// One table's digest.
pub struct NullTable {
    table: &'static str,
    rows: u64,
    buffer: Vec<u8>,
    digest: Box<Xxh3>,
}

impl<R: Row> TableWriter<R> for NullTable {
    fn write(&mut self, rows: &[R], names: &Names) -> color_eyre::Result<()> {
        for row in rows {
            row.visit(names, &mut Bytes(&mut self.buffer));
            if self.buffer.len() >= CHUNK {
                self.digest.update(&self.buffer);
                self.buffer.clear();
            }
        }
        self.rows += rows.len() as u64;
        Ok(())
    }

    fn finish(mut self) -> color_eyre::Result<TableReport> {
        self.digest.update(&self.buffer);
        Ok(TableReport { table: self.table, rows: self.rows, place: Place::Digest { xxh3: self.digest.digest() } })
    }
}

/// Fields as bytes, each of a length that follows from its content.
struct Bytes<'a>(&'a mut Vec<u8>);

impl FieldVisitor for Bytes<'_> {
    #[inline]
    fn uuid(&mut self, value: Uuid) {
        self.0.extend_from_slice(value.as_bytes());
    }

    #[inline]
    fn text(&mut self, value: &str) {
        self.0.extend_from_slice(&(value.len() as u32).to_le_bytes());
        self.0.extend_from_slice(value.as_bytes());
    }

    #[inline]
    fn label(&mut self, _code: u8, value: &str) {
        self.text(value);
    }

    #[inline]
    fn int16(&mut self, value: i16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    #[inline]
    fn int32(&mut self, value: i32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    #[inline]
    fn int64(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    #[inline]
    fn float64(&mut self, value: f64) {
        self.0.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    #[inline]
    fn boolean(&mut self, value: bool) {
        self.0.push(u8::from(value));
    }

    #[inline]
    fn date(&mut self, value: NaiveDate) {
        self.int32(epoch_days(value));
    }

    #[inline]
    fn timestamp(&mut self, value: Timestamp) {
        self.int64(value.micros());
    }

    #[inline]
    fn null(&mut self) {
        self.0.push(0xFF);
    }
}
