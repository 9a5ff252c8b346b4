//! Row ids: UUID version 7 (RFC 9562), made from a time and 74 given bits instead of a clock and chance.

use uuid::{Builder, Uuid};

use super::Timestamp;

/// The UUIDv7 of an instant and random bits; `high` and `low` give 80 bits, of which 74 are used.
#[must_use]
pub fn uuid_v7(at: Timestamp, high: u64, low: u64) -> Uuid {
    let mut bits = [0u8; 10];
    bits[..8].copy_from_slice(&high.to_be_bytes());
    bits[8..].copy_from_slice(&low.to_be_bytes()[..2]);
    let millis = u64::try_from(at.micros() / 1_000).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &bits).into_uuid()
}
