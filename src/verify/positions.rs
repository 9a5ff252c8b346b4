//! How far the consumers have come, as PostgreSQL has it in the snapshot that is audited.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr};
use diesel::prelude::*;

use super::Watch;
use super::reading::{Span, TopicSpan};
use crate::db::schema::{consumer_offsets, parked_orders};
use crate::follow::Amount;

/// How often the consumers are looked at while they are waited for.
const TURN: Duration = Duration::from_millis(250);

/// How far a topic is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions {
    /// First offset that is not stored yet, by partition; none where no consumer has ever stored anything.
    pub next: HashMap<i32, i64>,
    /// Messages that the topic no longer had when a consumer came to them, of all partitions.
    expired: i64,
    /// Partition, offset and timestamp of the orders that wait for their customer or product.
    parked: HashSet<(i32, i64, Option<i64>)>,
}

impl Positions {
    /// Reads them. Whatever the consumers' group is called, they write the same tables.
    ///
    /// # Errors
    /// When a query fails.
    pub fn load(conn: &mut PgConnection, topic: &str) -> Result<Self> {
        let parked = parked_orders::table
            .filter(parked_orders::topic.eq(topic))
            .select((parked_orders::partition, parked_orders::offset, parked_orders::sent_at_ms))
            .load::<(i32, i64, Option<i64>)>(conn)
            .wrap_err("cannot read parked_orders")?;
        let expired = consumer_offsets::table
            .filter(consumer_offsets::topic.eq(topic))
            .select(consumer_offsets::expired)
            .load::<i64>(conn)
            .wrap_err("cannot read consumer_offsets")?;
        let next = next_offsets(conn, topic)?;
        Ok(Self { next, expired: expired.iter().sum(), parked: parked.into_iter().collect() })
    }

    /// Whether the message at a place waits for its customer or product.
    #[must_use]
    pub fn waits(&self, partition: i32, offset: i64, sent_at_ms: Option<i64>) -> bool {
        self.parked.contains(&(partition, offset, sent_at_ms)) || self.parked.contains(&(partition, offset, None))
    }

    /// First offset of a partition that is not stored yet.
    #[must_use]
    pub fn next(&self, partition: i32) -> i64 {
        self.next.get(&partition).copied().unwrap_or(0)
    }

    /// Messages that were deleted from the topic before a consumer that reads it had come to them: those that it has passed,
    /// and those that it will not find.
    #[must_use]
    pub fn expired(&self, span: &TopicSpan) -> u64 {
        let lost = |part: &Span| self.next.get(&part.partition).map_or(0, |next| (part.low - next).max(0));
        (self.expired + span.partitions.iter().map(lost).sum::<i64>()).unsigned_abs()
    }

    /// How many messages of a topic are not read yet, up to where it was noted to end.
    #[must_use]
    pub fn behind(&self, span: &TopicSpan) -> u64 {
        behind(&self.next, span)
    }

    /// Whether the consumers are said to have stored more than the topic ever held: it was deleted and made again, or
    /// lost its end.
    #[must_use]
    pub fn are_ahead(&self, span: &TopicSpan) -> bool {
        span.partitions.iter().any(|part| self.next(part.partition) > part.end)
    }
}

fn next_offsets(conn: &mut PgConnection, topic: &str) -> Result<HashMap<i32, i64>> {
    let rows = consumer_offsets::table
        .filter(consumer_offsets::topic.eq(topic))
        .select((consumer_offsets::partition, consumer_offsets::next_offset))
        .load::<(i32, i64)>(conn)
        .wrap_err("cannot read consumer_offsets")?;
    let mut next = HashMap::new();
    for (partition, offset) in rows {
        let known = next.entry(partition).or_insert(offset);
        *known = offset.max(*known);
    }
    Ok(next)
}

fn behind(next: &HashMap<i32, i64>, span: &TopicSpan) -> u64 {
    let lag = |part: &Span| {
        let from = next.get(&part.partition).copied().unwrap_or(0).max(part.low);
        (part.end - from).max(0).unsigned_abs()
    };
    span.partitions.iter().map(lag).sum()
}

/// Waits until the consumers have stored everything up to the ends of these topics, but not longer than `patience`.
///
/// # Errors
/// When a query fails, or on an interruption.
pub fn wait_until_read(
    conn: &mut PgConnection,
    spans: &[TopicSpan],
    patience: Duration,
    watch: Watch<'_>,
) -> Result<()> {
    let (began, mut before) = (Instant::now(), None);
    loop {
        let mut behind = 0;
        for span in spans {
            behind += self::behind(&next_offsets(conn, &span.topic)?, span);
        }
        match before {
            None => watch.follow.begins("waiting for the consumers", Amount::Exactly(behind), "messages"),
            Some(before) => watch.follow.done(u64::saturating_sub(before, behind)),
        }
        before = Some(behind);
        let left = patience.saturating_sub(began.elapsed());
        if behind == 0 || left.is_zero() {
            return Ok(());
        }
        if !watch.interrupt.sleep(TURN.min(left)) {
            watch.interrupt.check()?;
        }
    }
}
