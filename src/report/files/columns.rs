//! Rows out of Parquet: the columns that are needed, a block of rows at a time, whatever the size of the file.

use std::fmt;
use std::fs::File;
use std::marker::PhantomData;
use std::path::Path;
use std::str::FromStr;

use color_eyre::eyre::{Context, Result};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use uuid::Uuid;

use super::facts::Facts;
use crate::domain::Timestamp;

/// Rows of a block.
const BLOCK: usize = 1 << 12;

/// A value or a column that is not what it must be.
#[derive(Clone, Debug)]
pub struct Wrong(String);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Wrong {}

/// Values of a column; `None` where it is empty.
enum Values {
    Int(Vec<Option<i64>>),
    Text(Vec<ByteArray>),
    Uuid(Vec<FixedLenByteArray>),
}

/// Some rows, column by column.
pub struct Block(Vec<Values>);

impl Block {
    /// A text.
    ///
    /// # Errors
    /// When it is none.
    pub fn text(&self, column: usize, row: usize) -> Result<&str, Wrong> {
        let text = match self.0.get(column) {
            Some(Values::Text(texts)) => texts.get(row).and_then(|text| text.as_utf8().ok()),
            _ => None,
        };
        text.ok_or_else(|| Wrong("a text is none".to_owned()))
    }

    /// A text out of a closed set.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn label<T: FromStr<Err: fmt::Display>>(&self, column: usize, row: usize) -> Result<T, Wrong> {
        self.text(column, row)?.parse().map_err(|error: T::Err| Wrong(error.to_string()))
    }

    fn int_or_none(&self, column: usize, row: usize) -> Result<Option<i64>, Wrong> {
        match self.0.get(column) {
            Some(Values::Int(numbers)) => Ok(numbers.get(row).copied().flatten()),
            _ => Err(Wrong("a number is none".to_owned())),
        }
    }

    /// A number.
    ///
    /// # Errors
    /// When it is none, or empty.
    pub fn int(&self, column: usize, row: usize) -> Result<i64, Wrong> {
        self.int_or_none(column, row)?.ok_or_else(|| Wrong("a number is empty".to_owned()))
    }

    /// A small count.
    ///
    /// # Errors
    /// When it is negative or large.
    pub fn small(&self, column: usize, row: usize) -> Result<u16, Wrong> {
        let number = self.int(column, row)?;
        u16::try_from(number).map_err(|_| Wrong(format!("{number} is no such count")))
    }

    /// An instant.
    ///
    /// # Errors
    /// When it is none, or empty.
    pub fn time(&self, column: usize, row: usize) -> Result<Timestamp, Wrong> {
        self.int(column, row).map(Timestamp::from_micros)
    }

    /// An instant, where there is one.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn time_or_none(&self, column: usize, row: usize) -> Result<Option<Timestamp>, Wrong> {
        Ok(self.int_or_none(column, row)?.map(Timestamp::from_micros))
    }

    /// An id.
    ///
    /// # Errors
    /// When it is none.
    pub fn uuid(&self, column: usize, row: usize) -> Result<Uuid, Wrong> {
        let id = match self.0.get(column) {
            Some(Values::Uuid(ids)) => ids.get(row).and_then(|id| Uuid::from_slice(id.data()).ok()),
            _ => None,
        };
        id.ok_or_else(|| Wrong("an id is none".to_owned()))
    }
}

/// The rows of a Parquet file.
pub struct ParquetRows<T> {
    file: SerializedFileReader<File>,
    /// Places of the columns in the file.
    columns: Vec<usize>,
    next_group: usize,
    readers: Vec<ColumnReader>,
    left_in_group: usize,
    block: Block,
    rows: usize,
    at: usize,
    kind: PhantomData<T>,
}

impl<T: Facts> ParquetRows<T> {
    /// Opens a file, and looks whether it has the columns.
    ///
    /// # Errors
    /// When it cannot be read, or lacks one.
    pub fn open(path: &Path) -> Result<Self> {
        let file = SerializedFileReader::new(File::open(path)?).wrap_err("it is no complete Parquet file")?;
        let schema = file.metadata().file_metadata().schema_descr_ptr();
        let place = |name: &&str| {
            let found = schema.columns().iter().position(|column| column.name() == *name);
            found.ok_or_else(|| Wrong(format!("it has no column {name}")))
        };
        let columns = T::COLUMNS.iter().map(place).collect::<Result<_, _>>()?;
        let (readers, block) = (Vec::new(), Block(Vec::new()));
        Ok(Self { file, columns, next_group: 0, readers, left_in_group: 0, block, rows: 0, at: 0, kind: PhantomData })
    }

    /// Reads the next block; false at the end of the file.
    fn advance(&mut self) -> Result<bool> {
        while self.left_in_group == 0 {
            if self.next_group == self.file.num_row_groups() {
                return Ok(false);
            }
            let group = self.file.get_row_group(self.next_group)?;
            self.next_group += 1;
            self.left_in_group = usize::try_from(group.metadata().num_rows())?;
            self.readers =
                self.columns.iter().map(|&column| group.get_column_reader(column)).collect::<Result<_, _>>()?;
        }
        self.rows = self.left_in_group.min(BLOCK);
        self.left_in_group -= self.rows;
        self.at = 0;
        let rows = self.rows;
        self.block.0 = self.readers.iter_mut().map(|reader| read(reader, rows)).collect::<Result<_>>()?;
        Ok(true)
    }
}

impl<T: Facts> Iterator for ParquetRows<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        if self.at == self.rows {
            match self.advance() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
        self.at += 1;
        Some(T::of(&self.block, self.at - 1).map_err(Into::into))
    }
}

fn read(reader: &mut ColumnReader, rows: usize) -> Result<Values> {
    Ok(match reader {
        ColumnReader::Int32ColumnReader(reader) => Values::Int(numbers(reader, rows)?),
        ColumnReader::Int64ColumnReader(reader) => Values::Int(numbers(reader, rows)?),
        ColumnReader::ByteArrayColumnReader(reader) => Values::Text(values(reader, rows)?.0),
        ColumnReader::FixedLenByteArrayColumnReader(reader) => Values::Uuid(values(reader, rows)?.0),
        _ => return Err(Wrong("a column is of another type".to_owned()).into()),
    })
}

/// The values of a column's next rows, and which rows have one (empty where all must).
fn values<T: DataType>(reader: &mut ColumnReaderImpl<T>, rows: usize) -> Result<(Vec<T::T>, Vec<i16>)> {
    let (mut values, mut present) = (Vec::with_capacity(rows), Vec::new());
    let mut done = 0;
    while done < rows {
        let (records, _, _) = reader.read_records(rows - done, Some(&mut present), None, &mut values)?;
        if records == 0 {
            return Err(ParquetError::General("a column ends before its row group".to_owned()).into());
        }
        done += records;
    }
    Ok((values, present))
}

fn numbers<T: DataType<T: Into<i64>>>(reader: &mut ColumnReaderImpl<T>, rows: usize) -> Result<Vec<Option<i64>>> {
    let (values, present) = values(reader, rows)?;
    let mut values = values.into_iter().map(Into::into);
    if present.is_empty() {
        return Ok(values.map(Some).collect());
    }
    Ok(present.iter().map(|&level| if level > 0 { values.next() } else { None }).collect())
}
