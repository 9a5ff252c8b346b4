//! One transaction: the offsets that fence, the rows, the orphans that are parked.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{Connection, PgConnection};
use rdkafka::Message as _;

use super::batch::{Item, hash_of};
use super::failure::NotStored;
use super::handlers::{Counters, Fate, Handler};
use super::orphans;
use super::partitions::Partitions;
use crate::db::offsets::{self, Advance, Reader};
use crate::stream::message::Message;

/// What a transaction did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// How far each partition is stored now.
    pub moves: Vec<Advance>,
    /// Messages whose rows are there now.
    pub stored: u64,
    /// Messages whose rows were there before.
    pub known: u64,
    /// Orders that were parked.
    pub parked: u64,
    /// When the stored ones were sent, milliseconds since 1970; those made wrong on purpose left out.
    pub sent_at_ms: Vec<i64>,
}

/// Writes the good ones among `items`; for those that can never be stored, the dead letters must be written already.
pub(super) fn write<H: Handler>(
    conn: &mut PgConnection,
    reader: &Reader,
    handler: &mut H,
    items: &[Item<H::Message>],
    partitions: &Partitions,
    orphan_limit: u32,
) -> Result<Written, NotStored> {
    // A batch holds messages of held partitions only; should it ever hold others, nothing would fence them.
    let strange: BTreeSet<i32> =
        items.iter().map(|item| item.raw.partition()).filter(|part| partitions.position(*part).is_none()).collect();
    if !strange.is_empty() {
        return Err(NotStored::Fenced(strange.into_iter().collect()));
    }
    let moves = advances(items, partitions);
    let good: Vec<(&Item<H::Message>, &H::Message)> =
        items.iter().filter_map(|item| Some((item, item.decoded.as_ref().ok()?))).collect();
    let written = conn.transaction(|conn| {
        // First, so that nothing is read under a claim that is gone, and others who claim wait for the end.
        let lost = offsets::advance(conn, reader, &moves)?;
        if !lost.is_empty() {
            return Err(NotStored::Fenced(lost));
        }
        let messages: Vec<&H::Message> = good.iter().map(|(_, message)| *message).collect();
        let fates = handler.store(conn, &messages, Counters::Update).map_err(NotStored::of)?;
        let count = |fate: &Fate| fates.iter().filter(|found| *found == fate).count() as u64;
        let (stored, known) = (count(&Fate::Stored), count(&Fate::Known));
        let orphans: Vec<_> = good
            .iter()
            .zip(&fates)
            .filter_map(|((item, message), fate)| match fate {
                Fate::Orphan(missing) => Some(orphans::parked(&item.raw, message.id(), missing)),
                Fate::Stored | Fate::Known => None,
            })
            .collect();
        orphans::park(conn, reader, &orphans, orphan_limit)?;
        let fresh = good.iter().zip(&fates).filter(|((item, _), fate)| **fate == Fate::Stored && !item.injected());
        let sent_at_ms = fresh.filter_map(|((item, _), _)| item.sent_at_ms()).collect();
        Ok(Written { moves: moves.clone(), stored, known, parked: orphans.len() as u64, sent_at_ms })
    });
    if written.is_err() {
        handler.forget();
    }
    written
}

/// How far each partition moves with these messages.
fn advances<M>(items: &[Item<M>], partitions: &Partitions) -> Vec<Advance> {
    let mut last: BTreeMap<i32, (&Item<M>, i64)> = BTreeMap::new();
    for item in items {
        let (latest, expired) = last.entry(item.raw.partition()).or_insert((item, 0));
        *latest = item;
        *expired += item.expired;
    }
    let of = |(partition, (item, expired)): (i32, (&Item<M>, i64))| {
        let position = partitions.position(partition)?;
        Some(Advance {
            partition,
            epoch: position.epoch,
            from: position.stored,
            until: item.raw.offset() + 1,
            last_hash: hash_of(&item.raw),
            expired,
        })
    };
    last.into_iter().filter_map(of).collect()
}
