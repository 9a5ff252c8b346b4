//! Parquet with proper logical types: UUID, timestamps in UTC, dates, dictionary-coded text.
//!
//! Rows are gathered column by column and written a row group at a time, so memory is bounded by one row group.

use bytes::Bytes;
use chrono::NaiveDate;
use color_eyre::eyre::{Context, Result, eyre};
use parquet::basic::{self, Encoding, GzipLevel, LogicalType, Repetition, TimeUnit, Type as PhysicalType, ZstdLevel};
use parquet::column::writer::{ColumnWriter, ColumnWriterImpl};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type, TypePtr};
use std::sync::Arc;
use uuid::Uuid;

use super::compress::Compression;
use super::files::{Folder, HashedFile};
use super::{Format, TableReport, TableWriter};
use crate::domain::Timestamp;
use crate::domain::date::epoch_days;
use crate::domain::rows::{Column, FieldVisitor, Kind, Names, Row};

/// Rows of a row group.
const GROUP_ROWS: usize = 1 << 18;
/// Values that are handed to a column at a time.
const PIECE: usize = 1 << 10;
/// Columns whose values come back within a row group although they are no labels.
const REPEATING: [&str; 5] = ["product_id", "unit_price", "brand", "description", "run_id"];

/// Ids of other tables in no order.
const UNORDERED: [&str; 3] = ["user_id", "product_id", "run_id"];

/// Parquet files in a folder.
#[derive(Debug)]
pub struct Parquet<'a> {
    /// Where they go.
    pub folder: &'a Folder,
    /// How their pages are compressed.
    pub compression: Compression,
}

impl Format for Parquet<'_> {
    type Table<R: Row + Send> = ParquetTable;

    fn begin<R: Row + Send>(&self) -> Result<ParquetTable> {
        let file = self.folder.begin::<R>()?;
        let properties = properties(R::COLUMNS, self.compression)?;
        let schema = schema(R::TABLE, R::COLUMNS)?;
        let writer = SerializedFileWriter::new(file, schema, Arc::new(properties))
            .wrap_err_with(|| format!("cannot begin the {} file", R::TABLE))?;
        Ok(ParquetTable {
            table: R::TABLE,
            rows: 0,
            gathered: 0,
            columns: R::COLUMNS.iter().map(Gathered::new).collect(),
            writer,
        })
    }
}

fn properties(columns: &[Column], compression: Compression) -> Result<WriterProperties> {
    let codec = match compression {
        Compression::Zstd => basic::Compression::ZSTD(ZstdLevel::try_new(1)?),
        Compression::Gzip => basic::Compression::GZIP(GzipLevel::default()),
        Compression::None => basic::Compression::UNCOMPRESSED,
    };
    let mut builder = WriterProperties::builder()
        .set_created_by(concat!("shopstream ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(codec)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_dictionary_enabled(false);
    for column in columns {
        let path = || ColumnPath::from(column.name);
        if column.kind == Kind::Label || REPEATING.contains(&column.name) {
            builder = builder.set_column_dictionary_enabled(path(), true);
        } else if matches!(column.kind, Kind::Int16 | Kind::Int32 | Kind::Int64 | Kind::Date | Kind::Timestamp) {
            builder = builder.set_column_encoding(path(), Encoding::DELTA_BINARY_PACKED);
        }
        // Every row group holds nearly every label, and references at random: their extremes help no reader skip one.
        if matches!(column.kind, Kind::Text | Kind::Label) || UNORDERED.contains(&column.name) {
            builder = builder.set_column_statistics_enabled(path(), EnabledStatistics::None);
        }
    }
    Ok(builder.build())
}

fn schema(table: &str, columns: &[Column]) -> Result<TypePtr> {
    let field = |column: &Column| -> Result<TypePtr, ParquetError> {
        let (physical, logical) = match column.kind {
            Kind::Uuid => (PhysicalType::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Uuid)),
            Kind::Text | Kind::Label => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Int16 => (PhysicalType::INT32, Some(LogicalType::integer(16, true))),
            Kind::Int32 => (PhysicalType::INT32, None),
            Kind::Int64 => (PhysicalType::INT64, None),
            Kind::Float64 => (PhysicalType::DOUBLE, None),
            Kind::Bool => (PhysicalType::BOOLEAN, None),
            Kind::Date => (PhysicalType::INT32, Some(LogicalType::Date)),
            Kind::Timestamp => (PhysicalType::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        };
        let builder = Type::primitive_type_builder(column.name, physical)
            .with_logical_type(logical)
            .with_repetition(if column.nullable { Repetition::OPTIONAL } else { Repetition::REQUIRED });
        let builder = if column.kind == Kind::Uuid { builder.with_length(16) } else { builder };
        builder.build().map(Arc::new)
    };
    let fields = columns.iter().map(field).collect::<Result<_, _>>()?;
    Ok(Arc::new(Type::group_type_builder(table).with_fields(fields).build()?))
}

/// One table's Parquet file.
pub struct ParquetTable {
    table: &'static str,
    rows: u64,
    gathered: usize,
    columns: Vec<Gathered>,
    writer: SerializedFileWriter<HashedFile>,
}

impl<R: Row> TableWriter<R> for ParquetTable {
    fn write(&mut self, rows: &[R], names: &Names) -> Result<()> {
        for row in rows {
            row.visit(names, &mut Fields { columns: self.columns.iter_mut() });
            self.gathered += 1;
            if self.gathered == GROUP_ROWS {
                self.write_group()?;
            }
        }
        self.rows += rows.len() as u64;
        Ok(())
    }

    fn finish(mut self) -> Result<TableReport> {
        if self.gathered > 0 || self.rows == 0 {
            self.write_group()?;
        }
        let failure = format!("cannot complete the {} file", self.table);
        self.writer.into_inner().wrap_err(failure)?.finish(self.table, self.rows)
    }
}

impl ParquetTable {
    fn write_group(&mut self) -> Result<()> {
        let failure = || format!("cannot write the {} file", self.table);
        let mut group = self.writer.next_row_group().wrap_err_with(failure)?;
        for column in &mut self.columns {
            let mut writer = group.next_column().wrap_err_with(failure)?.ok_or_else(|| eyre!("a column too many"))?;
            column.write(writer.untyped()).wrap_err_with(failure)?;
            writer.close().wrap_err_with(failure)?;
        }
        group.close().wrap_err_with(failure)?;
        self.gathered = 0;
        Ok(())
    }
}

/// The gathered values of a column.
struct Gathered {
    values: Values,
    /// 1 for a value, 0 for null; only of nullable columns.
    present: Option<Vec<i16>>,
}

enum Values {
    /// 16 bytes each.
    Uuids(Vec<u8>),
    /// Texts one after the other, and where each ends.
    Texts(Vec<u8>, Vec<usize>),
    /// Codes, and the text of each code.
    Labels(Vec<u8>, Vec<Option<ByteArray>>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Double(Vec<f64>),
    Bool(Vec<bool>),
}

impl Gathered {
    fn new(column: &Column) -> Self {
        let values = match column.kind {
            Kind::Uuid => Values::Uuids(Vec::new()),
            Kind::Text => Values::Texts(Vec::new(), Vec::new()),
            Kind::Label => Values::Labels(Vec::new(), vec![None; 256]),
            Kind::Int16 | Kind::Int32 | Kind::Date => Values::Int32(Vec::new()),
            Kind::Int64 | Kind::Timestamp => Values::Int64(Vec::new()),
            Kind::Float64 => Values::Double(Vec::new()),
            Kind::Bool => Values::Bool(Vec::new()),
        };
        Self { values, present: column.nullable.then(Vec::new) }
    }

    /// Writes the column's chunk of a row group, and begins anew.
    fn write(&mut self, writer: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        let present = self.present.as_deref();
        match (&mut self.values, writer) {
            (Values::Uuids(bytes), ColumnWriter::FixedLenByteArrayColumnWriter(writer)) => {
                let all = Bytes::from(std::mem::take(bytes));
                let value = |at| FixedLenByteArray::from(ByteArray::from(all.slice(at * 16..at * 16 + 16)));
                write_each(writer, all.len() / 16, value, present)?;
            }
            (Values::Texts(bytes, ends), ColumnWriter::ByteArrayColumnWriter(writer)) => {
                let all = Bytes::from(std::mem::take(bytes));
                let start = |at: usize| if at == 0 { 0 } else { ends[at - 1] };
                write_each(writer, ends.len(), |at| ByteArray::from(all.slice(start(at)..ends[at])), present)?;
                ends.clear();
            }
            (Values::Labels(codes, texts), ColumnWriter::ByteArrayColumnWriter(writer)) => {
                let value = |at: usize| texts[usize::from(codes[at])].clone().unwrap_or_default();
                write_each(writer, codes.len(), value, present)?;
                codes.clear();
            }
            (Values::Int32(values), ColumnWriter::Int32ColumnWriter(writer)) => {
                writer.write_batch(values, present, None)?;
                values.clear();
            }
            (Values::Int64(values), ColumnWriter::Int64ColumnWriter(writer)) => {
                writer.write_batch(values, present, None)?;
                values.clear();
            }
            (Values::Double(values), ColumnWriter::DoubleColumnWriter(writer)) => {
                writer.write_batch(values, present, None)?;
                values.clear();
            }
            (Values::Bool(values), ColumnWriter::BoolColumnWriter(writer)) => {
                writer.write_batch(values, present, None)?;
                values.clear();
            }
            _ => return Err(ParquetError::General("a column's values are not of its type".to_owned())),
        }
        if let Some(present) = &mut self.present {
            present.clear();
        }
        Ok(())
    }
}

/// Writes values that must be made one by one: a few at a time, for a row group of them would not fit into a cache.
fn write_each<T: DataType>(
    writer: &mut ColumnWriterImpl<'_, T>,
    count: usize,
    value: impl Fn(usize) -> T::T,
    present: Option<&[i16]>,
) -> Result<(), ParquetError> {
    if present.is_some() {
        // Where some are null, values and levels do not go side by side; of those columns there are few.
        let values: Vec<_> = (0..count).map(value).collect();
        writer.write_batch(&values, present, None)?;
        return Ok(());
    }
    let mut values = Vec::with_capacity(PIECE);
    for start in (0..count).step_by(PIECE) {
        values.clear();
        values.extend((start..count.min(start + PIECE)).map(&value));
        writer.write_batch(&values, None, None)?;
    }
    Ok(())
}

/// Puts a row's fields into the columns. A field that is not of its column's kind is a defect of [`Row::visit`]; it
/// leaves the column short, which fails the file when the group is closed.
struct Fields<'a> {
    columns: std::slice::IterMut<'a, Gathered>,
}

macro_rules! gather {
    ($self:ident, $variant:ident, $value:expr) => {
        if let Some(Gathered { values: Values::$variant(values), present }) = $self.columns.next() {
            values.push($value);
            if let Some(present) = present {
                present.push(1);
            }
        }
    };
}

impl FieldVisitor for Fields<'_> {
    #[inline]
    fn uuid(&mut self, value: Uuid) {
        if let Some(Gathered { values: Values::Uuids(bytes), present }) = self.columns.next() {
            bytes.extend_from_slice(value.as_bytes());
            if let Some(present) = present {
                present.push(1);
            }
        }
    }

    #[inline]
    fn text(&mut self, value: &str) {
        if let Some(Gathered { values: Values::Texts(bytes, ends), present }) = self.columns.next() {
            bytes.extend_from_slice(value.as_bytes());
            ends.push(bytes.len());
            if let Some(present) = present {
                present.push(1);
            }
        }
    }

    #[inline]
    fn label(&mut self, code: u8, value: &str) {
        if let Some(Gathered { values: Values::Labels(codes, texts), present }) = self.columns.next() {
            codes.push(code);
            texts[usize::from(code)].get_or_insert_with(|| ByteArray::from(value));
            if let Some(present) = present {
                present.push(1);
            }
        }
    }

    #[inline]
    fn int16(&mut self, value: i16) {
        gather!(self, Int32, value.into());
    }

    #[inline]
    fn int32(&mut self, value: i32) {
        gather!(self, Int32, value);
    }

    #[inline]
    fn int64(&mut self, value: i64) {
        gather!(self, Int64, value);
    }

    #[inline]
    fn float64(&mut self, value: f64) {
        gather!(self, Double, value);
    }

    #[inline]
    fn boolean(&mut self, value: bool) {
        gather!(self, Bool, value);
    }

    #[inline]
    fn date(&mut self, value: NaiveDate) {
        gather!(self, Int32, epoch_days(value));
    }

    #[inline]
    fn timestamp(&mut self, value: Timestamp) {
        gather!(self, Int64, value.micros());
    }

    #[inline]
    fn null(&mut self) {
        if let Some(Gathered { present: Some(present), .. }) = self.columns.next() {
            present.push(0);
        }
    }
}
