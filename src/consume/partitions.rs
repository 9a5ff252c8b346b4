//! The partitions of one member: which it holds, how far each is stored, and what a message's offset says.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::message::OwnedMessage;
use rdkafka::statistics::Statistics;
use rdkafka::{ClientContext, Message as _, Offset, TopicPartitionList};

use super::batch::hash_of;
use crate::db::offsets::Claim;
use crate::stream::grumble::Grumbler;

/// A member that was refused waits so long before it claims the partition again: it may have been replaced, and not know it
/// yet.
const PATIENCE_WHEN_FENCED: Duration = Duration::from_secs(15);

/// What the group decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Assigned(Vec<i32>),
    Revoked(Vec<i32>),
}

/// Hears of rebalances and statistics, on the polling thread.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    events: Mutex<VecDeque<Event>>,
    any: AtomicBool,
    disturbed: AtomicBool,
    ends: Mutex<HashMap<i32, i64>>,
    grumbler: Grumbler,
}

impl Watcher {
    /// The next decision of the group that was not seen to yet.
    pub fn next(&self) -> Option<Event> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let mut events = lock(&self.events);
        let event = events.pop_front();
        self.any.store(!events.is_empty(), Ordering::Release);
        event
    }

    /// Whether there was trouble with brokers or topics since this was asked last.
    pub fn was_disturbed(&self) -> bool {
        self.disturbed.swap(false, Ordering::AcqRel)
    }

    /// Notes that there was, and says so.
    pub fn disturbed(&self, error: &KafkaError, reason: &str) {
        self.disturbed.store(true, Ordering::Release);
        self.grumbler.hear(error, reason);
    }

    /// The end of a partition, as last heard.
    pub fn end_of(&self, partition: i32) -> Option<i64> {
        lock(&self.ends).get(&partition).copied()
    }

    fn push(&self, event: Event) {
        lock(&self.events).push_back(event);
        self.any.store(true, Ordering::Release);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ClientContext for Watcher {
    fn stats(&self, statistics: Statistics) {
        let mut ends = lock(&self.ends);
        for topic in statistics.topics.values() {
            for (partition, known) in topic.partitions.iter().filter(|(_, known)| known.hi_offset >= 0) {
                ends.insert(*partition, known.hi_offset);
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.disturbed(&error, reason);
    }
}

impl ConsumerContext for Watcher {
    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let partitions = |list: &TopicPartitionList| list.elements().iter().map(|part| part.partition()).collect();
        match rebalance {
            Rebalance::Assign(list) => {
                // Nothing is read before PostgreSQL has said where to begin.
                if let Err(error) = consumer.pause(list) {
                    tracing::warn!("new partitions cannot be paused: {error}");
                }
                self.push(Event::Assigned(partitions(list)));
            }
            Rebalance::Revoke(list) => self.push(Event::Revoked(partitions(list))),
            Rebalance::Error(error) => tracing::warn!("the group cannot be rebalanced: {error}"),
        }
    }
}

/// How far a partition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// Number of the claim.
    pub epoch: i64,
    /// First offset that is not stored.
    pub stored: i64,
    /// First offset that has not come yet.
    pub expected: i64,
    /// Another topic lies under the name: nothing of it is taken before the partition begins anew.
    pub remade: bool,
    /// Hash of the message before `stored`, until it was seen to be the same.
    pub check: Option<i64>,
    /// When reading began.
    pub since: Instant,
    /// When a message came last, since then.
    pub heard: Option<Instant>,
}

/// A partition that the group gave to this member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    /// PostgreSQL has not been asked yet; not before this moment, if any.
    Unclaimed(Option<Instant>),
    Held(Position),
}

/// What to do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the next.
    Take,
    /// It is stored, or its partition is not this member's.
    Skip,
    /// It is the next, but messages before it are gone: the topic did not keep them.
    TakeAfterGap(i64),
    /// This is not the topic that was read before.
    Remade,
}

#[derive(Debug, Default)]
pub(super) struct Partitions(BTreeMap<i32, Hold>);

impl Partitions {
    pub fn assigned(&mut self, partitions: &[i32]) {
        for partition in partitions {
            self.0.insert(*partition, Hold::Unclaimed(None));
        }
    }

    pub fn revoked(&mut self, partitions: &[i32]) {
        for partition in partitions {
            self.0.remove(partition);
        }
    }

    /// Another member holds them in PostgreSQL.
    pub fn fenced(&mut self, partitions: &[i32]) {
        for partition in partitions {
            self.unclaimed_for(*partition, PATIENCE_WHEN_FENCED);
        }
    }

    /// A partition is not to be read before it is claimed again, which may be in so long.
    pub fn unclaimed_for(&mut self, partition: i32, time: Duration) {
        if let Some(hold) = self.0.get_mut(&partition) {
            *hold = Hold::Unclaimed(Some(Instant::now() + time));
        }
    }

    /// Those that may be claimed now.
    pub fn to_claim(&self) -> Vec<i32> {
        let now = Instant::now();
        let due = |hold: &Hold| matches!(hold, Hold::Unclaimed(from) if from.is_none_or(|from| from <= now));
        self.0.iter().filter(|(_, hold)| due(hold)).map(|(partition, _)| *partition).collect()
    }

    /// A claim was granted; returns where to read from: one before the first that is not stored, to see that it is the same
    /// topic still.
    pub fn claimed(&mut self, partition: i32, claim: Claim) -> Offset {
        let Claim { next_offset, epoch, last_hash } = claim;
        let check = last_hash.filter(|_| next_offset > 0);
        let expected = if check.is_some() { next_offset - 1 } else { next_offset };
        let since = Instant::now();
        let position = Position { epoch, stored: next_offset, expected, remade: false, check, since, heard: None };
        self.0.insert(partition, Hold::Held(position));
        if next_offset == 0 { Offset::Beginning } else { Offset::Offset(expected) }
    }

    /// How far a partition is that this member holds.
    pub fn position(&self, partition: i32) -> Option<Position> {
        match self.0.get(&partition) {
            Some(Hold::Held(position)) => Some(*position),
            _ => None,
        }
    }

    /// All that this member holds, with how far each is.
    pub fn held(&self) -> impl Iterator<Item = (i32, Position)> {
        self.0.iter().filter_map(|(partition, hold)| match hold {
            Hold::Held(position) => Some((*partition, *position)),
            Hold::Unclaimed(_) => None,
        })
    }

    /// How many partitions the group gave to this member.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// A partition is stored so far.
    pub fn stored(&mut self, partition: i32, until: i64) {
        if let Some(Hold::Held(position)) = self.0.get_mut(&partition) {
            position.stored = until;
        }
    }

    /// Another topic lies under the name: nothing of it is taken before the partition begins anew.
    pub fn remade(&mut self, partition: i32) {
        if let Some(Hold::Held(position)) = self.0.get_mut(&partition) {
            position.remade = true;
        }
    }

    /// What to do with a message that came.
    pub fn judge(&mut self, message: &OwnedMessage) -> Verdict {
        let Some(Hold::Held(position)) = self.0.get_mut(&message.partition()) else { return Verdict::Skip };
        let offset = message.offset();
        position.heard = Some(Instant::now());
        if position.remade {
            return Verdict::Skip;
        }
        if offset < position.expected {
            position.remade = true;
            return Verdict::Remade;
        }
        if let Some(hash) = position.check.take()
            && offset == position.stored - 1
        {
            position.expected = position.stored;
            position.remade = hash_of(message) != hash;
            return if position.remade { Verdict::Remade } else { Verdict::Skip };
        }
        let gap = offset - position.expected.max(position.stored);
        position.expected = offset + 1;
        if gap > 0 { Verdict::TakeAfterGap(gap) } else { Verdict::Take }
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::Timestamp;

    use super::*;

    fn message(offset: i64, payload: &[u8]) -> OwnedMessage {
        OwnedMessage::new(Some(payload.to_vec()), None, "t".into(), Timestamp::CreateTime(1), 0, offset, None)
    }

    fn held(next_offset: i64, last: Option<&OwnedMessage>) -> (Partitions, Offset) {
        let mut partitions = Partitions::default();
        partitions.assigned(&[0]);
        assert_eq!(partitions.to_claim(), [0]);
        let offset = partitions.claimed(0, Claim { next_offset, epoch: 1, last_hash: last.map(hash_of) });
        (partitions, offset)
    }

    #[test]
    fn a_new_partition_is_read_from_its_beginning() {
        let (mut partitions, from) = held(0, None);
        assert_eq!(from, Offset::Beginning);
        assert_eq!(partitions.judge(&message(0, b"a")), Verdict::Take);
        assert_eq!(partitions.judge(&message(1, b"b")), Verdict::Take);
        assert_eq!(partitions.judge(&message(5, b"c")), Verdict::TakeAfterGap(3));
        assert_eq!(partitions.judge(&message(2, b"d")), Verdict::Remade);
    }

    #[test]
    fn the_last_stored_message_tells_whether_the_topic_is_the_same() {
        let last = message(9, b"last");
        let (mut partitions, from) = held(10, Some(&last));
        assert_eq!(from, Offset::Offset(9));
        assert_eq!(partitions.judge(&last), Verdict::Skip);
        assert_eq!(partitions.judge(&message(10, b"next")), Verdict::Take);

        let (mut partitions, _) = held(10, Some(&last));
        assert_eq!(partitions.judge(&message(9, b"other")), Verdict::Remade);
        let (mut partitions, _) = held(10, Some(&last));
        assert_eq!(partitions.judge(&message(0, b"reset to the beginning")), Verdict::Remade);
        let (mut partitions, _) = held(10, Some(&last));
        assert_eq!(partitions.judge(&message(12, b"two are gone")), Verdict::TakeAfterGap(2));
        let (mut partitions, _) = held(10, Some(&last));
        assert_eq!(partitions.judge(&message(10, b"only the checked one is gone")), Verdict::Take);
    }

    #[test]
    fn a_partition_that_another_member_holds_is_claimed_again_only_later() {
        let (mut partitions, _) = held(0, None);
        partitions.fenced(&[0]);
        assert!(partitions.to_claim().is_empty() && partitions.position(0).is_none());
        assert_eq!(partitions.judge(&message(0, b"a")), Verdict::Skip);
        partitions.revoked(&[0]);
        assert_eq!(partitions.len(), 0);
    }
}
