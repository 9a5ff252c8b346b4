//! Grade changes.

use uuid::Uuid;

use super::{Column, FieldVisitor, Kind, Names, Row, column, nullable};
use crate::domain::labels::label_enum;
use crate::domain::{Grade, Timestamp};

/// A step of a customer's grade (`grade_changes`); its sequence number is given by the table it goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GradeChange {
    /// The customer.
    pub user_id: Uuid,
    /// When the update ran.
    pub changed_at: Timestamp,
    /// Grade before.
    pub from_grade: Grade,
    /// Grade after.
    pub to_grade: Grade,
    /// Completed line amounts of the six months before, KRW.
    pub amount_6m: i64,
    /// Completed orders (or items) of the six months before.
    pub orders_6m: i64,
    /// What `orders_6m` counts.
    pub counted: Counted,
    /// The backfill that wrote it; `None` for the live updater.
    pub run_id: Option<Uuid>,
}

label_enum! {
    /// What the grade thresholds' second figure counts.
    Counted {
        /// Checkouts.
        Orders = "orders",
        /// Lines of carts, as the earlier implementation stored them.
        Items = "items",
    }
}

impl Row for GradeChange {
    const TABLE: &'static str = "grade_changes";
    const COLUMNS: &'static [Column] = &[
        column("user_id", Kind::Uuid),
        column("changed_at", Kind::Timestamp),
        column("from_grade", Kind::Label),
        column("to_grade", Kind::Label),
        column("amount_6m", Kind::Int64),
        column("orders_6m", Kind::Int64),
        column("counted", Kind::Label),
        nullable("run_id", Kind::Uuid),
    ];

    #[inline]
    fn visit<V: FieldVisitor>(&self, _names: &Names, v: &mut V) {
        v.uuid(self.user_id);
        v.timestamp(self.changed_at);
        v.label(self.from_grade.code(), self.from_grade.as_str());
        v.label(self.to_grade.code(), self.to_grade.as_str());
        v.int64(self.amount_6m);
        v.int64(self.orders_6m);
        v.label(self.counted.code(), self.counted.as_str());
        match self.run_id {
            Some(id) => v.uuid(id),
            None => v.null(),
        }
    }
}
