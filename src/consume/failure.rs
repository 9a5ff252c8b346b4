//! What went wrong with a batch, by what is to be done about it.

use color_eyre::Report;
use diesel::result::{DatabaseErrorKind, Error};

/// Why a batch was not stored. Nothing of it was.
#[derive(Debug)]
pub(super) enum NotStored {
    /// Other members hold these partitions now: their messages are none of ours.
    Fenced(Vec<i32>),
    /// The database refuses a row of it.
    Refused(Report),
    /// No room for more orphans.
    NoRoom,
    /// PostgreSQL or Kafka is away, full or busy: wait, and try again.
    Away(Report),
}

impl NotStored {
    /// Sorts an error. What is not known to be a row's fault is waited out: a dead letter must never be the price of a full
    /// disk.
    pub fn of(report: Report) -> Self {
        let database = report.chain().find_map(|cause| cause.downcast_ref::<Error>());
        match database {
            Some(Error::DatabaseError(kind, _)) if is_of_a_row(kind) => Self::Refused(report),
            _ => Self::Away(report),
        }
    }
}

const fn is_of_a_row(kind: &DatabaseErrorKind) -> bool {
    matches!(
        kind,
        DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::RestrictViolation
            | DatabaseErrorKind::ExclusionViolation
    )
}

impl From<Error> for NotStored {
    fn from(error: Error) -> Self {
        Self::of(Report::new(error))
    }
}
