//! Binary `COPY`: rows are encoded into byte buffers, wherever and by whichever thread, and streamed into a table.
//!
//! Format: <https://www.postgresql.org/docs/current/sql-copy.html>, section "Binary Format".

use std::cell::RefCell;
use std::io::{self, Write};
use std::marker::PhantomData;

use chrono::NaiveDate;
use color_eyre::eyre::WrapErr;
use diesel::PgConnection;
use diesel::pg::CopyFormat;
use uuid::Uuid;

use super::schema;
use crate::domain::Timestamp;
use crate::domain::date::epoch_days;
use crate::domain::rows::{FieldVisitor, GradeChange, Names, Order, OrderItem, Product, Row, User};
use crate::stream::message::{ItemOf, OrderCreated, ProductCreated, UserCreated};

/// Signature, flags, length of the header's extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// A column count of −1 ends the data.
const TRAILER: &[u8] = &(-1i16).to_be_bytes();
/// 2000-01-01, where PostgreSQL counts from, in days since 1970-01-01.
const EPOCH_DAYS: i32 = 10_957;
/// The same in microseconds.
const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * 86_400_000_000;

/// Rows of one table, encoded; reusable.
#[derive(Debug)]
pub struct CopyBuffer<R> {
    encoder: Encoder,
    rows: u64,
    row: PhantomData<fn(&R)>,
}

impl<R: Row> CopyBuffer<R> {
    /// An empty buffer with room for `bytes` bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { encoder: Encoder { bytes: Vec::with_capacity(bytes) }, rows: 0, row: PhantomData }
    }

    /// Appends a row.
    #[inline]
    pub fn push(&mut self, row: &R, names: &Names) {
        const { assert!(R::COLUMNS.len() <= i16::MAX as usize) };
        self.encoder.bytes.extend_from_slice(&(R::COLUMNS.len() as i16).to_be_bytes());
        row.visit(names, &mut self.encoder);
        self.rows += 1;
    }

    /// Rows held.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The encoded rows, without the stream's header and trailer.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.encoder.bytes
    }

    /// Forgets the rows, keeps the memory.
    pub fn clear(&mut self) {
        self.encoder.bytes.clear();
        self.rows = 0;
    }
}

impl<R: Row> Default for CopyBuffer<R> {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl<R: Row> AsRef<[u8]> for CopyBuffer<R> {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

/// A row whose table can be copied into.
pub trait CopyRow: Row {
    /// Runs `COPY table (columns) FROM STDIN (FORMAT BINARY)` over what `source` writes; returns the rows stored.
    ///
    /// # Errors
    /// When the database refuses a row, or the connection breaks.
    fn copy_from(
        conn: &mut PgConnection,
        source: &dyn Fn(&mut dyn Write) -> io::Result<()>,
    ) -> Result<usize, CopyError>;
}

macro_rules! copy_row {
    ($($row:ty => $table:ident $columns:expr;)+) => {$(
        impl CopyRow for $row {
            fn copy_from(
                conn: &mut PgConnection,
                source: &dyn Fn(&mut dyn Write) -> io::Result<()>,
            ) -> Result<usize, CopyError> {
                use diesel::ExecuteCopyFromDsl as _;
                use schema::$table::*;

                diesel::copy_from(table)
                    .from_raw_data($columns, |out| source(out).map_err(CopyError::Io))
                    .with_format(CopyFormat::Binary)
                    .execute(conn)
            }
        }
    )+};
}

copy_row! {
    User => users table;
    Product => products table;
    Order => orders table;
    OrderItem => order_items table;
    UserCreated => users table;
    ProductCreated => products table;
    OrderCreated => orders table;
    ItemOf<'_> => order_items table;
    GradeChange => grade_changes
        (user_id, changed_at, from_grade, to_grade, amount_6m, orders_6m, counted, run_id);
}

/// Streams encoded rows into their table, buffer by buffer, as one `COPY`; returns how many were stored.
///
/// `buffers` may be an iterator that waits for other threads (a bounded channel's receiver): memory then stays bounded.
/// A buffer is any run of whole rows as [`CopyBuffer::bytes`] gives it.
///
/// # Errors
/// When the database refuses a row (a [`diesel::result::Error`] with the constraint is among the causes), or the
/// connection breaks. Nothing is stored then.
pub fn copy_in<R, B>(conn: &mut PgConnection, buffers: impl IntoIterator<Item = B>) -> color_eyre::Result<u64>
where
    R: CopyRow,
    B: AsRef<[u8]>,
{
    // Diesel takes an `Fn`, but calls it once.
    let buffers = RefCell::new(buffers.into_iter());
    let stored = R::copy_from(conn, &|out| {
        out.write_all(HEADER)?;
        for buffer in &mut *buffers.borrow_mut() {
            out.write_all(buffer.as_ref())?;
        }
        out.write_all(TRAILER)
    });
    let stored = match stored {
        Ok(rows) => Ok(rows),
        Err(CopyError::Database(error)) => Err(color_eyre::Report::new(error)),
        Err(CopyError::Io(error)) => Err(color_eyre::Report::new(error)),
    };
    Ok(stored.wrap_err_with(|| format!("cannot copy rows into {}", R::TABLE))? as u64)
}

/// Why a `COPY` failed.
#[derive(Debug)]
pub enum CopyError {
    /// The database refused.
    Database(diesel::result::Error),
    /// The connection took no more data.
    Io(io::Error),
}

impl From<diesel::result::Error> for CopyError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

impl std::fmt::Display for CopyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Database(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CopyError {}

/// Writes fields as their length and big-endian bytes.
#[derive(Debug)]
struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    /// Length and value in one piece, so that the vector checks its room once.
    #[inline]
    fn fixed<const N: usize, const TOTAL: usize>(&mut self, value: [u8; N]) {
        const { assert!(TOTAL == N + 4) };
        let mut field = [0u8; TOTAL];
        field[..4].copy_from_slice(&(N as i32).to_be_bytes());
        field[4..].copy_from_slice(&value);
        self.bytes.extend_from_slice(&field);
    }
}

impl FieldVisitor for Encoder {
    #[inline]
    fn uuid(&mut self, value: Uuid) {
        self.fixed::<16, 20>(value.into_bytes());
    }

    #[inline]
    fn text(&mut self, value: &str) {
        // The shop's texts are short; PostgreSQL itself refuses a gigabyte.
        self.bytes.extend_from_slice(&(value.len() as i32).to_be_bytes());
        self.bytes.extend_from_slice(value.as_bytes());
    }

    #[inline]
    fn label(&mut self, _code: u8, value: &str) {
        self.text(value);
    }

    #[inline]
    fn int16(&mut self, value: i16) {
        self.fixed::<2, 6>(value.to_be_bytes());
    }

    #[inline]
    fn int32(&mut self, value: i32) {
        self.fixed::<4, 8>(value.to_be_bytes());
    }

    #[inline]
    fn int64(&mut self, value: i64) {
        self.fixed::<8, 12>(value.to_be_bytes());
    }

    #[inline]
    fn float64(&mut self, value: f64) {
        self.fixed::<8, 12>(value.to_be_bytes());
    }

    #[inline]
    fn boolean(&mut self, value: bool) {
        self.fixed::<1, 5>([u8::from(value)]);
    }

    #[inline]
    fn date(&mut self, value: NaiveDate) {
        self.int32(epoch_days(value) - EPOCH_DAYS);
    }

    #[inline]
    fn timestamp(&mut self, value: Timestamp) {
        self.int64(value.micros() - EPOCH_MICROS);
    }

    #[inline]
    fn null(&mut self) {
        self.bytes.extend_from_slice(&(-1i32).to_be_bytes());
    }
}
