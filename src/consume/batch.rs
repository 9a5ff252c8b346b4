//! Messages gathered until they are worth a transaction.

use std::time::{Duration, Instant};

use rdkafka::Message as _;
use rdkafka::message::OwnedMessage;
use xxhash_rust::xxh3::Xxh3;

use crate::stream::message::{DecodeError, INJECTED, Message, decode, header_text};

/// Name of the header that tells a message's type.
const TYPE_HEADER: &str = "ce_type";
/// Bytes that a message costs besides its payload, roughly.
const OVERHEAD: usize = 400;

/// A message with what was understood of it.
#[derive(Debug)]
pub(super) struct Item<M> {
    /// As it came.
    pub raw: OwnedMessage,
    /// What it says, or why it can never be stored.
    pub decoded: Result<M, DecodeError>,
    /// How many messages before it the topic no longer had.
    pub expired: i64,
}

impl<M: Message> Item<M> {
    pub fn of(raw: OwnedMessage) -> Self {
        let decoded = decode(raw.payload(), header_text(raw.headers(), TYPE_HEADER));
        Self { raw, decoded, expired: 0 }
    }
}

impl<M> Item<M> {
    /// Milliseconds since 1970 at which it was sent, as the sender or the broker says.
    pub fn sent_at_ms(&self) -> Option<i64> {
        self.raw.timestamp().to_millis()
    }

    /// Whether it says of itself that it was made wrong on purpose.
    pub fn injected(&self) -> bool {
        header_text(self.raw.headers(), INJECTED).is_some()
    }

    fn bytes(&self) -> usize {
        OVERHEAD + self.raw.payload().map_or(0, <[u8]>::len) + self.raw.key().map_or(0, <[u8]>::len)
    }
}

/// A number that tells one message from another at the same place.
pub(super) fn hash_of(message: &OwnedMessage) -> i64 {
    let mut hash = Xxh3::new();
    hash.update(&message.timestamp().to_millis().unwrap_or(-1).to_be_bytes());
    for part in [message.key(), message.payload()] {
        // The length too: where one part ends is part of the message.
        hash.update(&part.map_or(u64::MAX, |part| part.len() as u64).to_be_bytes());
        hash.update(part.unwrap_or_default());
    }
    hash.digest().cast_signed()
}

/// Messages in the order in which they came.
#[derive(Debug)]
pub(super) struct Batch<M> {
    items: Vec<Item<M>>,
    bytes: usize,
    began: Option<Instant>,
}

impl<M> Batch<M> {
    pub const fn new() -> Self {
        Self { items: Vec::new(), bytes: 0, began: None }
    }

    pub fn push(&mut self, item: Item<M>) {
        self.began.get_or_insert_with(Instant::now);
        self.bytes += item.bytes();
        self.items.push(item);
    }

    pub fn items(&self) -> &[Item<M>] {
        &self.items
    }

    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether it has messages of a partition.
    pub fn holds(&self, partition: i32) -> bool {
        self.items.iter().any(|item| item.raw.partition() == partition)
    }

    /// Forgets the first messages: they are stored.
    pub fn remove_first(&mut self, count: usize) {
        self.items.drain(..count);
        self.recount();
    }

    /// Forgets the messages of partitions that are no longer this member's.
    pub fn drop_partitions(&mut self, gone: &[i32]) {
        self.items.retain(|item| !gone.contains(&item.raw.partition()));
        self.recount();
    }

    /// Forgets the messages of a partition that turned out to be stored.
    pub fn drop_before(&mut self, partition: i32, offset: i64) {
        self.items.retain(|item| item.raw.partition() != partition || item.raw.offset() >= offset);
        self.recount();
    }

    /// A message can never be stored after all.
    pub fn condemn(&mut self, place: usize, why: DecodeError) {
        if let Some(item) = self.items.get_mut(place) {
            item.decoded = Err(why);
        }
    }

    fn recount(&mut self) {
        self.bytes = self.items.iter().map(Item::bytes).sum();
        if self.items.is_empty() {
            self.began = None;
        }
    }

    pub const fn is_full(&self, most_items: usize, most_bytes: usize) -> bool {
        self.items.len() >= most_items || self.bytes >= most_bytes
    }

    /// How long the first message may wait still; `None` when there is none.
    pub fn patience(&self, wait: Duration) -> Option<Duration> {
        self.began.map(|began| wait.saturating_sub(began.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::Timestamp;

    use super::*;

    fn message(partition: i32, payload: &[u8]) -> OwnedMessage {
        OwnedMessage::new(Some(payload.to_vec()), None, "t".into(), Timestamp::CreateTime(7), partition, 0, None)
    }

    fn item(partition: i32) -> Item<()> {
        Item { raw: message(partition, b"1234567890"), decoded: Ok(()), expired: 0 }
    }

    #[test]
    fn a_batch_is_full_by_count_or_by_bytes() {
        let mut batch = Batch::new();
        assert!(batch.patience(Duration::from_secs(1)).is_none());
        batch.push(item(0));
        assert!(!batch.is_full(2, 10_000) && batch.is_full(1, 10_000) && batch.is_full(2, 410));
        assert!(batch.patience(Duration::ZERO) == Some(Duration::ZERO));
        batch.push(item(1));
        batch.drop_partitions(&[0]);
        assert_eq!(batch.items().len(), 1);
        assert!(!batch.is_full(9, 411));
        batch.remove_first(1);
        assert!(batch.is_empty() && batch.patience(Duration::ZERO).is_none());
    }

    #[test]
    fn messages_are_told_apart_by_time_key_and_payload() {
        let of = |key: Option<&[u8]>, payload: Option<&[u8]>, ms| {
            let time = Timestamp::CreateTime(ms);
            hash_of(&OwnedMessage::new(
                payload.map(<[u8]>::to_vec),
                key.map(<[u8]>::to_vec),
                "t".into(),
                time,
                0,
                0,
                None,
            ))
        };
        let all = [
            of(Some(b"a"), Some(b"b"), 1),
            of(Some(b"a"), Some(b"b"), 2),
            of(Some(b"ab"), Some(b""), 1),
            of(Some(b"ab"), None, 1),
            of(None, Some(b"ab"), 1),
        ];
        assert_eq!(std::collections::HashSet::from(all).len(), all.len());
    }
}
