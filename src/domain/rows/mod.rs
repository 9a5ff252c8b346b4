//! The rows of the five tables, and their columns: each column is named once, here, and every sink reads it from here.

mod grade_changes;
mod orders;
mod shop;

use chrono::NaiveDate;
use uuid::Uuid;

use super::Timestamp;
pub use grade_changes::{Counted, GradeChange};
pub use orders::{Order, OrderItem};
pub use shop::{Product, User};

/// What a column holds, in the terms of PostgreSQL and Parquet alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 16 bytes.
    Uuid,
    /// Text of which most rows have a different one.
    Text,
    /// Text out of a small set; worth a dictionary.
    Label,
    /// 16-bit signed integer (`smallint`).
    Int16,
    /// 32-bit signed integer (`integer`).
    Int32,
    /// 64-bit signed integer (`bigint`); money is whole KRW.
    Int64,
    /// Double precision.
    Float64,
    /// True or false.
    Bool,
    /// A calendar day.
    Date,
    /// An instant in UTC, to the microsecond.
    Timestamp,
}

/// One column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in every sink.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be empty.
    pub nullable: bool,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, nullable: false }
}

const fn nullable(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, nullable: true }
}

/// Receives a row's values one by one, in the order of its columns.
///
/// A sink is one implementation of this; static dispatch keeps it as fast as writing the fields by hand.
pub trait FieldVisitor {
    /// A [`Kind::Uuid`] value.
    fn uuid(&mut self, value: Uuid);
    /// A [`Kind::Text`] value.
    fn text(&mut self, value: &str);
    /// A [`Kind::Label`] value; `code` numbers the texts of one column from 0.
    fn label(&mut self, code: u8, value: &str);
    /// A [`Kind::Int16`] value.
    fn int16(&mut self, value: i16);
    /// A [`Kind::Int32`] value.
    fn int32(&mut self, value: i32);
    /// A [`Kind::Int64`] value.
    fn int64(&mut self, value: i64);
    /// A [`Kind::Float64`] value.
    fn float64(&mut self, value: f64);
    /// A [`Kind::Bool`] value.
    fn boolean(&mut self, value: bool);
    /// A [`Kind::Date`] value.
    fn date(&mut self, value: NaiveDate);
    /// A [`Kind::Timestamp`] value.
    fn timestamp(&mut self, value: Timestamp);
    /// An empty field of a nullable column.
    fn null(&mut self);
}

/// Texts that rows refer to by position, because a user's own files may change them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Category names, by position in the catalogue.
    pub categories: Vec<String>,
    /// Scenario ids, by position in the scenario file.
    pub scenarios: Vec<String>,
    /// Region names, by position in the customer tables.
    pub regions: Vec<String>,
}

/// A row of one of the tables.
pub trait Row {
    /// The table's name.
    const TABLE: &'static str;
    /// Its columns, in order.
    const COLUMNS: &'static [Column];

    /// Hands each field to `visitor`, in the order of [`Self::COLUMNS`].
    fn visit<V: FieldVisitor>(&self, names: &Names, visitor: &mut V);
}

/// The tables, in an order in which each comes after those it refers to.
pub const TABLES: [&str; 5] = [User::TABLE, Product::TABLE, Order::TABLE, OrderItem::TABLE, GradeChange::TABLE];
