//! Messages: one JSON object each, with the headers of CloudEvents 1.0 in binary mode.
//!
//! A reader takes unknown fields in stride. A writer never drops a field, renames one or narrows its meaning without a
//! new version in [`Message::TYPE`]; the golden messages in `tests/golden/` stay readable for ever. The JSON Schemas in
//! `schemas/` follow from these types, and a test holds the two equal.

mod decode;
mod headers;
mod injected;
mod order;
mod product;
mod rows;
mod user;

pub use decode::{DecodeError, ErrorClass, decode};
pub use headers::{CONTENT_TYPE, CONTENT_TYPE_JSON, EventHeaders, INJECTED, all_headers, header_text};
pub use injected::Injected;
pub use order::{OrderCreated, OrderLine};
pub use product::ProductCreated;
pub use rows::ItemOf;
pub use user::UserCreated;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::domain::Timestamp;

/// A kind of message.
pub trait Message: Serialize + DeserializeOwned {
    /// Its CloudEvents type, with the version.
    const TYPE: &'static str;

    /// The id of what happened, and of what was made: each row has one message that makes it.
    fn id(&self) -> Uuid;

    /// What the partition follows from: the customer or the product.
    fn key(&self) -> Uuid;

    /// When it happened in the shop.
    fn time(&self) -> Timestamp;

    /// Checks what the types alone cannot say: ranges, sums, texts.
    ///
    /// # Errors
    /// What is wrong, naming the field.
    fn check(&self) -> Result<(), String>;
}

/// Largest amount of one order, KRW.
const MOST_MONEY: i64 = 1_000_000_000_000;
/// 10000-01-01T00:00:00Z.
const FIRST_SECOND_OF_10000: i64 = 253_402_300_800;
/// Longest text of a field, characters: what is indexed must fit a page of an index.
const MOST_CHARACTERS: usize = 500;

/// Refuses a text that PostgreSQL would not take, that says nothing, or that is longer than any such text can be.
fn check_text(field: &str, text: &str) -> Result<(), String> {
    let characters = text.chars().count();
    if characters > MOST_CHARACTERS {
        return Err(format!("{field} has {characters} characters; {MOST_CHARACTERS} are the most"));
    }
    if text.is_empty() {
        return Err(format!("{field} is empty"));
    }
    if text.contains('\0') {
        return Err(format!("{field} holds a NUL character"));
    }
    Ok(())
}

/// Refuses a time before 1970 or after 9999: neither tables nor readers are made for it.
fn check_time(field: &str, time: Timestamp) -> Result<(), String> {
    let plausible = (0..FIRST_SECOND_OF_10000).contains(&time.secs());
    require(plausible, || format!("{field} is not within the years 1970 to 9999"))
}

/// Refuses an amount that is negative, or larger than any shop's: sums of many must fit 64 bits.
fn check_money(field: &str, amount: i64) -> Result<(), String> {
    require((0..=MOST_MONEY).contains(&amount), || format!("{field} is {amount}, not within 0 to {MOST_MONEY}"))
}

/// Refuses what does not hold.
fn require(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

#[cfg(test)]
mod schemas;
