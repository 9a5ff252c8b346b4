//! CSV (RFC 4180): a header, UTF-8, empty fields for null, times in UTC; plain, gzip or zstd.
//!
//! Encoded here rather than by the `csv` crate, which looks for quotes in every byte of every number and id: that takes
//! longer than making the rows. A test holds both to the same bytes.

use std::io::Write;

use chrono::NaiveDate;
use color_eyre::eyre::{Context, Result};
use uuid::Uuid;

use super::compress::{Compression, Compressor};
use super::files::{Folder, HashedFile};
use super::{Format, TableReport, TableWriter};
use crate::domain::Timestamp;
use crate::domain::date::push_date;
use crate::domain::rows::{FieldVisitor, Names, Row};

/// Bytes gathered before they are written.
const CHUNK: usize = 1 << 16;

/// CSV files in a folder.
#[derive(Debug)]
pub struct Csv<'a> {
    /// Where they go.
    pub folder: &'a Folder,
    /// How they are compressed.
    pub compression: Compression,
}

impl Format for Csv<'_> {
    type Table<R: Row + Send> = CsvTable;

    fn begin<R: Row + Send>(&self) -> Result<CsvTable> {
        let out = Compressor::new(self.folder.begin::<R>()?, self.compression)?;
        let mut records = Vec::with_capacity(2 * CHUNK);
        push_header::<R>(&mut records);
        Ok(CsvTable { table: R::TABLE, rows: 0, records, out })
    }
}

/// One table's CSV file.
pub struct CsvTable {
    table: &'static str,
    rows: u64,
    /// Records not yet written.
    records: Vec<u8>,
    out: Compressor<HashedFile>,
}

impl<R: Row> TableWriter<R> for CsvTable {
    fn write(&mut self, rows: &[R], names: &Names) -> Result<()> {
        for row in rows {
            push_record(row, names, &mut self.records);
            if self.records.len() >= CHUNK {
                self.write_out()?;
            }
        }
        self.rows += rows.len() as u64;
        Ok(())
    }

    fn finish(mut self) -> Result<TableReport> {
        self.write_out()?;
        self.out.finish()?.finish(self.table, self.rows)
    }
}

impl CsvTable {
    fn write_out(&mut self) -> Result<()> {
        self.out.write_all(&self.records).wrap_err_with(|| format!("cannot write the {} as CSV", self.table))?;
        self.records.clear();
        Ok(())
    }
}

fn push_header<R: Row>(out: &mut Vec<u8>) {
    let mut fields = Fields(out);
    R::COLUMNS.iter().for_each(|column| fields.text(column.name));
    fields.end();
}

fn push_record<R: Row>(row: &R, names: &Names, out: &mut Vec<u8>) {
    let mut fields = Fields(out);
    row.visit(names, &mut fields);
    fields.end();
}

/// Appends the fields of one record, each with a comma after it.
struct Fields<'a>(&'a mut Vec<u8>);

impl Fields<'_> {
    /// A field that cannot hold anything to quote.
    #[inline]
    fn plain(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        self.0.push(b',');
    }

    #[inline]
    fn integer(&mut self, value: impl itoa::Integer) {
        self.plain(itoa::Buffer::new().format(value).as_bytes());
    }

    /// Ends the record in place of the last field's comma.
    fn end(self) {
        if let Some(comma) = self.0.last_mut() {
            *comma = b'\n';
        }
    }
}

impl FieldVisitor for Fields<'_> {
    #[inline]
    fn uuid(&mut self, value: Uuid) {
        self.plain(value.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
    }

    #[inline]
    fn text(&mut self, value: &str) {
        // Every byte is looked at, for then the compiler looks at many at a time.
        let special = |byte: u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
        if !value.bytes().fold(false, |found, byte| found | special(byte)) {
            return self.plain(value.as_bytes());
        }
        self.0.push(b'"');
        for byte in value.bytes() {
            if byte == b'"' {
                self.0.push(b'"');
            }
            self.0.push(byte);
        }
        self.plain(b"\"");
    }

    #[inline]
    fn label(&mut self, _code: u8, value: &str) {
        self.text(value);
    }

    #[inline]
    fn int16(&mut self, value: i16) {
        self.integer(value);
    }

    #[inline]
    fn int32(&mut self, value: i32) {
        self.integer(value);
    }

    #[inline]
    fn int64(&mut self, value: i64) {
        self.integer(value);
    }

    fn float64(&mut self, value: f64) {
        self.plain(value.to_string().as_bytes());
    }

    fn boolean(&mut self, value: bool) {
        self.plain(if value { b"true" } else { b"false" });
    }

    fn date(&mut self, value: NaiveDate) {
        push_date(value, self.0);
        self.0.push(b',');
    }

    #[inline]
    fn timestamp(&mut self, value: Timestamp) {
        value.push_rfc3339(self.0);
        self.0.push(b',');
    }

    #[inline]
    fn null(&mut self) {
        self.0.push(b',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn texts_are_quoted_as_the_csv_crate_quotes_them(texts in prop::collection::vec("[a,\"\n\r 가;]{0,6}", 2..6)) {
            let mut ours = Vec::new();
            let mut fields = Fields(&mut ours);
            texts.iter().for_each(|text| fields.text(text));
            fields.end();
            let mut writer = ::csv::Writer::from_writer(Vec::new());
            writer.write_record(&texts).unwrap();
            prop_assert_eq!(ours, writer.into_inner().unwrap());
        }
    }

    #[test]
    fn a_record_reads_back_field_by_field() {
        let mut ours = Vec::new();
        let mut fields = Fields(&mut ours);
        fields.uuid(Uuid::from_u128(7));
        fields.int64(i64::MIN);
        fields.null();
        fields.float64(4.0);
        fields.boolean(true);
        fields.timestamp(Timestamp::from_micros(1_735_657_200_000_000));
        fields.end();
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(&ours[..]);
        let record = reader.records().next().unwrap().unwrap();
        let expected = "00000000-0000-0000-0000-000000000007|-9223372036854775808||4|true|2024-12-31T15:00:00Z";
        assert_eq!(record.iter().collect::<Vec<_>>(), expected.split('|').collect::<Vec<_>>());
    }
}
