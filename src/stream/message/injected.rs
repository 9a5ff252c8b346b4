//! What is wrong with a message that was made wrong on purpose; it says so in the header [`INJECTED`](super::INJECTED).

use crate::domain::labels::label_enum;

label_enum! {
    /// What a message that was made wrong on purpose has wrong.
    Injected {
        /// Sent a second time, byte for byte.
        Duplicate = "duplicate",
        /// Placed 1 to 24 hours before it is sent.
        Late = "late",
        /// Can never be stored.
        Poison = "poison",
        /// Of a customer, or with a product, that never comes.
        Orphan = "orphan",
        /// Something that this version does not know.
        Other = "other",
    }
}

impl Injected {
    /// What this program can make.
    pub const MADE: [Self; 4] = [Self::Duplicate, Self::Late, Self::Poison, Self::Orphan];

    /// What a header names.
    #[must_use]
    pub fn of(header: &[u8]) -> Self {
        Self::ALL.iter().copied().find(|kind| kind.as_str().as_bytes() == header).unwrap_or(Self::Other)
    }
}
