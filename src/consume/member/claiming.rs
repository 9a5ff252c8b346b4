//! Which partitions this member reads, and from where: PostgreSQL's word counts.

use std::time::Instant;

use color_eyre::eyre::{Result, WrapErr};
use diesel::{PgConnection, QueryResult};
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};

use super::{Member, SEEK_AGAIN, SEEK_PATIENCE, STALLED};
use crate::consume::handlers::Handler;
use crate::db::offsets::{self, Anew, Claim, Reader};

/// Claims a partition. Should somebody hold it who stands still, their session is ended, and the next attempt succeeds.
fn take_over(conn: &mut PgConnection, reader: &Reader, partition: i32) -> QueryResult<Claim> {
    // On a connection that broke the question fails too, and a new one is made.
    offsets::claim(conn, reader, partition).inspect_err(|_| {
        if let Ok(ended @ 1..) = offsets::end_stalled(conn, STALLED) {
            let topic = &reader.topic;
            tracing::warn!(topic, partition, ended, "ended sessions that held partitions and stood still");
        }
    })
}

impl<H: Handler> Member<'_, H> {
    /// Takes over what the group gave to this member, and sets it to where PostgreSQL says.
    pub(super) fn claim(&mut self) {
        for partition in self.partitions.to_claim() {
            if let Err(report) = self.claim_one(partition) {
                self.hold(&report);
                return;
            }
        }
        if !self.link.is_up() {
            // Before there is anything to write, so that /readyz tells the truth.
            match self.link.get().map(drop) {
                Ok(()) => self.writes.ready(),
                Err(report) => self.hold(&report),
            }
        }
    }

    pub(super) fn claim_one(&mut self, partition: i32) -> Result<()> {
        let asked = self.request.from_beginning && !self.rewound.contains(partition);
        let reader = &self.reader;
        let conn = self.link.get()?;
        self.writes.ready();
        let mut claim = take_over(conn, reader, partition).wrap_err("cannot claim a partition")?;
        // Whoever reads a topic for the first time begins with what it keeps.
        let first = claim.epoch == 1 && claim.next_offset == 0;
        if asked || first {
            // Not 0: what the topic keeps no more would count as lost.
            let (low, _) = self.consumer.fetch_watermarks(&self.topic, partition, SEEK_PATIENCE)?;
            let ours = offsets::rewind(conn, reader, partition, claim.epoch, Anew::OnRequest(low))
                .wrap_err("cannot rewind a partition")?;
            if !ours {
                self.partitions.fenced(&[partition]);
                return Ok(());
            }
            claim.next_offset = low;
            claim.last_hash = None;
            if asked {
                self.rewound.add(partition);
            }
        }
        let next_offset = claim.next_offset;
        if !self.begin(partition, claim) {
            self.say_readiness();
            return Ok(());
        }
        // Whoever held it before may have died before Kafka heard of its last batch.
        self.tell_kafka([(partition, next_offset)]);
        tracing::info!(topic = self.topic, partition, next_offset, "reading");
        self.say_readiness();
        Ok(())
    }

    /// Commits offsets to Kafka, for tools that show lag; this program itself does not read them.
    pub(super) fn tell_kafka(&self, offsets: impl IntoIterator<Item = (i32, i64)>) {
        let mut list = TopicPartitionList::new();
        let added = offsets.into_iter().try_for_each(|(partition, offset)| {
            list.add_partition_offset(&self.topic, partition, Offset::Offset(offset))
        });
        let told = added.and_then(|()| self.consumer.commit(&list, CommitMode::Async));
        if let Err(error) = told {
            tracing::debug!("Kafka was not told of the offsets: {error}");
        }
    }

    /// Partitions that another member holds in PostgreSQL: nothing of them is read or written before they are claimed again.
    pub(super) fn give_up(&mut self, lost: Vec<i32>) {
        tracing::warn!(topic = self.topic, partitions = ?lost, "another member has taken over");
        self.partitions.fenced(&lost);
        self.batch.drop_partitions(&lost);
        for partition in &lost {
            self.metrics.forget_lag(&self.topic, *partition);
        }
        let _ = self.list(lost).and_then(|list| Ok(self.consumer.pause(&list)?));
        self.say_readiness();
    }

    /// Begins those anew whose topic was made again, once what was gathered of the old one is written.
    pub(super) fn begin_anew(&mut self) {
        if self.held_until.is_some() {
            return;
        }
        let batch = &self.batch;
        let (waiting, ready): (Vec<i32>, Vec<i32>) =
            std::mem::take(&mut self.remade).into_iter().partition(|partition| batch.holds(*partition));
        self.remade = waiting;
        for partition in ready {
            self.rewind(partition);
        }
    }

    /// Reads a partition from where its claim says; false when the client is not ready for that.
    fn begin(&mut self, partition: i32, claim: Claim) -> bool {
        let offset = self.partitions.claimed(partition, claim);
        let Err(report) = self.start(partition, offset) else { return true };
        // Never to be read from wherever it stands: asked for again in a moment.
        tracing::debug!(topic = self.topic, partition, "{report:#}");
        self.partitions.unclaimed_for(partition, SEEK_AGAIN);
        false
    }

    /// Reads what is held again from the last message that is stored, which tells whether the topics are the same still: whoever
    /// did not hear of the brokers for a while may have missed that one was deleted and made again. Only when everything
    /// gathered is written.
    pub(super) fn look_behind(&mut self) {
        match self.try_to_look_behind() {
            Ok(()) => {
                self.look_behind = None;
                self.looked_behind = Instant::now();
            }
            Err(report) => self.hold(&report),
        }
    }

    fn try_to_look_behind(&mut self) -> Result<()> {
        let mut lost = Vec::new();
        for (partition, position) in self.partitions.held().collect::<Vec<_>>() {
            match offsets::find(self.link.get()?, &self.reader, partition)? {
                Some(claim) if claim.epoch == position.epoch => {
                    self.begin(partition, claim);
                }
                _ => lost.push(partition),
            }
        }
        if !lost.is_empty() {
            self.give_up(lost);
        }
        self.say_readiness();
        Ok(())
    }

    /// Sets a paused partition to an offset, and lets it flow.
    fn start(&self, partition: i32, offset: Offset) -> Result<()> {
        let list = self.list([partition])?;
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(&self.topic, partition, offset)?;
        let set = self.consumer.seek_partitions(from, SEEK_PATIENCE)?;
        for element in set.elements() {
            element.error().wrap_err_with(|| format!("partition {partition} cannot be set to {offset:?}"))?;
        }
        self.consumer.resume(&list)?;
        Ok(())
    }

    pub(super) fn list(&self, partitions: impl IntoIterator<Item = i32>) -> Result<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition(&self.topic, partition);
        }
        Ok(list)
    }

    pub(super) fn rewind(&mut self, partition: i32) {
        let Some(position) = self.partitions.position(partition) else { return };
        let reader = &self.reader;
        let rewound = self
            .link
            .get()
            .and_then(|conn| Ok(offsets::rewind(conn, reader, partition, position.epoch, Anew::OtherTopic)?));
        match rewound {
            Ok(false) => {
                self.batch.drop_partitions(&[partition]);
                self.partitions.fenced(&[partition]);
            }
            // The claim is asked for again, and begins at the beginning.
            Ok(true) => {
                let _ = self.list([partition]).and_then(|list| Ok(self.consumer.pause(&list)?));
                self.batch.drop_partitions(&[partition]);
                // The places are another topic's now.
                self.dead.passed();
                self.partitions.assigned(&[partition]);
            }
            // Tried again after the pause; until then nothing more of it is taken.
            Err(report) => {
                self.remade.push(partition);
                self.hold(&report);
            }
        }
    }

    /// After a break nobody knows whether the last transaction was committed: what is stored is asked for. A partition that
    /// somebody else holds by now is not claimed again at once.
    pub(super) fn look_again(&mut self) -> Result<()> {
        let conn: &mut PgConnection = self.link.get()?;
        let (mut lost, mut older) = (Vec::new(), Vec::new());
        for (partition, position) in self.partitions.held().collect::<Vec<_>>() {
            match offsets::find(conn, &self.reader, partition)? {
                Some(claim) if claim.epoch == position.epoch => {
                    if (position.stored..=position.expected.max(position.stored)).contains(&claim.next_offset) {
                        self.partitions.stored(partition, claim.next_offset);
                        self.batch.drop_before(partition, claim.next_offset);
                    } else {
                        // A server that came back older than it was (a replica, a backup): what it lacks is read again.
                        older.push(partition);
                    }
                }
                _ => lost.push(partition),
            }
        }
        if !older.is_empty() {
            tracing::warn!(topic = self.topic, partitions = ?older, "PostgreSQL remembers less than was stored: reading on from there");
            self.batch.drop_partitions(&older);
            self.partitions.assigned(&older);
        }
        if !lost.is_empty() {
            self.give_up(lost);
        }
        self.say_readiness();
        Ok(())
    }

    /// Pauses what this member holds.
    pub(super) fn pause(&self) {
        let held: Vec<i32> = self.partitions.held().map(|(partition, _)| partition).collect();
        if held.is_empty() {
            return;
        }
        if let Err(error) = self.list(held).and_then(|list| Ok(self.consumer.pause(&list)?)) {
            tracing::debug!("partitions cannot be paused: {error}");
        }
    }
}
