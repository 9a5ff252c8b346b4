//! Partitions of which nothing comes though there is something: a client that is deaf is replaced.
//!
//! librdkafka goes on asking the old leader of a partition whose topic was deleted and made again, when the leader had changed
//! before: the new topic counts its leaders from 0, and that is taken for old news (its issue 4898). Nothing comes then, and no error
//! either.

use std::collections::HashMap;
use std::time::Instant;

use color_eyre::eyre::Result;
use rdkafka::consumer::Consumer;

use super::{Member, SEEK_PATIENCE, SILENT, join, leave};
use crate::consume::handlers::Handler;
use crate::consume::partitions::{Partitions, Position};

/// Where a silent partition stood: how far it is stored, and where it ends.
type Place = (i64, i64);

/// What was tried with silent partitions, each place once: behind the last message there may be markers of other clients'
/// transactions, which never come.
#[derive(Debug, Default)]
pub(super) struct Silences {
    looked_behind: HashMap<i32, Place>,
    renewed: HashMap<i32, Place>,
}

/// What to do about a silent partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    Nothing,
    /// It ends before what is stored: it is another topic.
    BeginAnew,
    /// Read the last stored message again: does anything come at all?
    LookBehind,
    /// Not even that came.
    Renew,
}

impl Silences {
    fn remedy(&mut self, partition: i32, position: &Position, low: i64, high: i64) -> Remedy {
        if high < position.stored {
            return Remedy::BeginAnew;
        }
        if high <= position.expected.max(low) {
            return Remedy::Nothing;
        }
        let place = (position.stored, high);
        if position.heard.is_some() {
            if self.looked_behind.insert(partition, place) == Some(place) {
                Remedy::Nothing
            } else {
                Remedy::LookBehind
            }
        } else if self.renewed.insert(partition, place) == Some(place) {
            Remedy::Nothing
        } else {
            Remedy::Renew
        }
    }
}

impl<H: Handler> Member<'_, H> {
    /// Looks at the partitions of which nothing came for a while.
    pub(super) fn listen(&mut self) -> Result<()> {
        if self.listened.elapsed() < SILENT {
            return Ok(());
        }
        self.listened = Instant::now();
        for (partition, position) in self.partitions.held().collect::<Vec<_>>() {
            // Time in which this member was at something else is not the partition's silence.
            let since = position.heard.unwrap_or(position.since).max(self.attentive);
            if since.elapsed() < SILENT || self.remade.contains(&partition) {
                continue;
            }
            // Brokers that do not answer are waited for by the client itself.
            let Ok((low, high)) = self.consumer.fetch_watermarks(&self.topic, partition, SEEK_PATIENCE) else {
                continue;
            };
            match self.silences.remedy(partition, &position, low, high) {
                Remedy::Nothing => {}
                Remedy::BeginAnew => self.found_remade(partition),
                Remedy::LookBehind => self.look_behind = Some(Instant::now()),
                Remedy::Renew => {
                    tracing::warn!(
                        topic = self.topic,
                        partition,
                        next_offset = position.stored,
                        end = high,
                        "there are messages, and none comes: going on with a new connection to Kafka"
                    );
                    return self.renew();
                }
            }
        }
        Ok(())
    }

    /// Joins the group with a new client; whatever was not stored is read again.
    fn renew(&mut self) -> Result<()> {
        for (partition, _) in self.partitions.held().collect::<Vec<_>>() {
            self.metrics.forget_lag(&self.topic, partition);
            self.batch.drop_partitions(&[partition]);
        }
        self.partitions = Partitions::default();
        self.remade.clear();
        let old = std::mem::replace(&mut self.consumer, join(self.kafka, &self.topic, &self.reader.group)?);
        // It may take its time: the new one waits for nothing but the group.
        std::thread::spawn(move || leave(&old));
        self.say_readiness();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_looked_at_once_and_a_client_that_is_deaf_is_replaced() {
        let mut silences = Silences::default();
        let since = Instant::now();
        let position =
            |stored, heard| Position { epoch: 1, stored, expected: stored, remade: false, check: None, since, heard };
        let (heard, deaf) = (position(10, Some(since)), position(10, None));
        assert_eq!(silences.remedy(0, &heard, 0, 10), Remedy::Nothing);
        // Retention took everything: there is nothing to come.
        assert_eq!(silences.remedy(0, &heard, 15, 15), Remedy::Nothing);
        assert_eq!(silences.remedy(0, &heard, 0, 12), Remedy::LookBehind);
        // It came again: what lies behind are markers.
        assert_eq!(silences.remedy(0, &heard, 0, 12), Remedy::Nothing);
        assert_eq!(silences.remedy(0, &deaf, 0, 12), Remedy::Renew);
        assert_eq!(silences.remedy(0, &deaf, 0, 12), Remedy::Nothing);
        // A topic made again, one message shorter than what is stored.
        assert_eq!(silences.remedy(0, &Position { expected: 9, ..deaf }, 0, 9), Remedy::BeginAnew);
    }
}
