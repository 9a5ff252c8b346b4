//! The columns that a report needs of each table; named as in `domain::rows`, which every format writes from.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::columns::{Block, Wrong};
use crate::domain::{AgeGroup, Gender, Grade, OrderStatus, Payment, Timestamp};

/// A row of a table, as far as it is read.
pub trait Facts: DeserializeOwned {
    /// The table.
    const TABLE: &'static str;
    /// The columns of Parquet that are read, in the order in which [`Self::of`] asks for them.
    const COLUMNS: &'static [&'static str];

    /// The row at `row` of a block of columns.
    ///
    /// # Errors
    /// When a value is not what it can be.
    fn of(block: &Block, row: usize) -> Result<Self, Wrong>;
}

/// Of an order.
#[derive(Clone, Debug, Deserialize)]
pub struct OrderFacts {
    /// Its id.
    pub id: Uuid,
    /// When it was placed.
    pub created_at: Timestamp,
    /// What became of it.
    pub status: OrderStatus,
    /// How it was paid.
    pub payment_method: Payment,
    /// Number of lines.
    pub item_count: u16,
    /// What was paid, KRW.
    pub total_amount: i64,
    /// The scenario it followed.
    pub scenario: String,
    /// The buyer's region.
    pub region: String,
    /// The buyer's gender.
    pub gender: Gender,
    /// The buyer's age group.
    pub age_group: AgeGroup,
    /// The buyer's grade then.
    pub grade: Grade,
}

/// Of a line of an order.
#[derive(Clone, Debug, Deserialize)]
pub struct ItemFacts {
    /// Its order.
    pub order_id: Uuid,
    /// The product's category.
    pub category: String,
    /// Pieces.
    pub quantity: u16,
    /// What they cost, KRW.
    pub line_amount: i64,
}

/// Of a customer.
#[derive(Clone, Debug, Deserialize)]
pub struct UserFacts {
    /// Sign-up.
    pub created_at: Timestamp,
    /// Last order of any status.
    pub last_ordered_at: Option<Timestamp>,
}

/// Of a change of grade.
#[derive(Clone, Debug, Deserialize)]
pub struct ChangeFacts {
    /// When it came.
    pub changed_at: Timestamp,
    /// Grade before.
    pub from_grade: Grade,
    /// Grade after.
    pub to_grade: Grade,
}

impl Facts for OrderFacts {
    const TABLE: &'static str = "orders";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "created_at",
        "status",
        "payment_method",
        "item_count",
        "total_amount",
        "scenario",
        "region",
        "gender",
        "age_group",
        "grade",
    ];

    fn of(block: &Block, row: usize) -> Result<Self, Wrong> {
        Ok(Self {
            id: block.uuid(0, row)?,
            created_at: block.time(1, row)?,
            status: block.label(2, row)?,
            payment_method: block.label(3, row)?,
            item_count: block.small(4, row)?,
            total_amount: block.int(5, row)?,
            scenario: block.text(6, row)?.to_owned(),
            region: block.text(7, row)?.to_owned(),
            gender: block.label(8, row)?,
            age_group: block.label(9, row)?,
            grade: block.label(10, row)?,
        })
    }
}

impl Facts for ItemFacts {
    const TABLE: &'static str = "order_items";
    const COLUMNS: &'static [&'static str] = &["order_id", "category", "quantity", "line_amount"];

    fn of(block: &Block, row: usize) -> Result<Self, Wrong> {
        Ok(Self {
            order_id: block.uuid(0, row)?,
            category: block.text(1, row)?.to_owned(),
            quantity: block.small(2, row)?,
            line_amount: block.int(3, row)?,
        })
    }
}

impl Facts for UserFacts {
    const TABLE: &'static str = "users";
    const COLUMNS: &'static [&'static str] = &["created_at", "last_ordered_at"];

    fn of(block: &Block, row: usize) -> Result<Self, Wrong> {
        Ok(Self { created_at: block.time(0, row)?, last_ordered_at: block.time_or_none(1, row)? })
    }
}

impl Facts for ChangeFacts {
    const TABLE: &'static str = "grade_changes";
    const COLUMNS: &'static [&'static str] = &["changed_at", "from_grade", "to_grade"];

    fn of(block: &Block, row: usize) -> Result<Self, Wrong> {
        Ok(Self { changed_at: block.time(0, row)?, from_grade: block.label(1, row)?, to_grade: block.label(2, row)? })
    }
}
