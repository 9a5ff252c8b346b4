//! What comes from Kafka: messages, errors, and what the group decided.

use color_eyre::Report;
use color_eyre::eyre::{Result, WrapErr};
use rdkafka::Message as _;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::OwnedMessage;

use super::{Member, SEEK_PATIENCE};
use crate::consume::batch::Item;
use crate::consume::handlers::Handler;
use crate::consume::partitions::{Event, Verdict};
use crate::stream::rights::Operation;

impl<H: Handler> Member<'_, H> {
    /// Puts a message where it belongs.
    pub(super) fn take(&mut self, message: OwnedMessage) {
        let partition = message.partition();
        match self.partitions.judge(&message) {
            Verdict::Skip => {}
            Verdict::Take => self.batch.push(Item::of(message)),
            Verdict::TakeAfterGap(gap) => {
                match self.expired(&message, gap) {
                    Ok(expired) => self.batch.push(Item { expired, ..Item::of(message) }),
                    // Nobody can tell now whether they are lost: it is read again when somebody can.
                    Err(error) => {
                        tracing::debug!(
                            topic = self.topic,
                            partition,
                            "the beginning of the partition is not known: {error}"
                        );
                        self.batch.drop_partitions(&[partition]);
                        self.partitions.unclaimed_for(partition, SEEK_PATIENCE);
                        let _ = self.list([partition]).and_then(|list| Ok(self.consumer.pause(&list)?));
                        self.say_readiness();
                    }
                }
            }
            Verdict::Remade => self.found_remade(partition),
        }
    }

    /// The topic is not the one that was read before. What was gathered of the old one is good still, and goes first; then it
    /// begins anew.
    pub(super) fn found_remade(&mut self, partition: i32) {
        tracing::warn!(
            topic = self.topic,
            partition,
            "the topic is not the one that was read before: it was deleted and made again; reading it from its beginning"
        );
        self.partitions.remade(partition);
        self.remade.push(partition);
    }

    /// How many messages the topic did not keep, of the offsets that are missing before this one: markers of other clients'
    /// transactions leave gaps too, but the topic still begins before those.
    fn expired(&self, message: &OwnedMessage, gap: i64) -> KafkaResult<i64> {
        let (partition, offset) = (message.partition(), message.offset());
        let (low, _) = self.consumer.fetch_watermarks(&self.topic, partition, SEEK_PATIENCE)?;
        let expired = (low - (offset - gap)).clamp(0, gap);
        if expired > 0 {
            self.metrics.expired.inc_by(expired.unsigned_abs());
            tracing::warn!(
                topic = self.topic,
                partition,
                offset,
                expired,
                "messages before this one are lost: the topic did not keep them until they were read (retention.ms, \
                 retention.bytes)"
            );
        }
        Ok(expired)
    }

    pub(super) fn hear_error(&mut self, error: KafkaError) -> Result<()> {
        // A client that has met a fatal error never reads again: another with the same group.instance.id took its place, say.
        if matches!(error, KafkaError::MessageConsumptionFatal(_)) {
            return Err(error).wrap_err_with(|| format!("the topic {} cannot be consumed any more", self.topic));
        }
        match error.rdkafka_error_code() {
            Some(
                code @ (RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::Fatal),
            ) => {
                let group = Some(self.reader.group.as_str());
                let refusal = self.kafka.refusal(code, Operation::Read, &self.topic, group);
                let report = refusal.map_or_else(|| error.into(), Report::from);
                Err(report).wrap_err_with(|| format!("the topic {} cannot be consumed", self.topic))
            }
            // The client tries again by itself: a broker that is away, a topic that was deleted.
            _ => {
                self.consumer.context().disturbed(&error, &self.topic);
                Ok(())
            }
        }
    }

    pub(super) fn follow(&mut self, event: Event) {
        match event {
            Event::Assigned(partitions) => {
                if !partitions.is_empty() {
                    tracing::info!(topic = self.topic, member = self.number, ?partitions, "assigned");
                }
                self.partitions.assigned(&partitions);
            }
            Event::Revoked(partitions) => {
                self.remade.retain(|partition| !partitions.contains(partition));
                if !partitions.is_empty() {
                    tracing::info!(topic = self.topic, member = self.number, ?partitions, "revoked");
                }
                self.partitions.revoked(&partitions);
                self.batch.drop_partitions(&partitions);
                for partition in partitions {
                    self.metrics.forget_lag(&self.topic, partition);
                }
            }
        }
        self.say_readiness();
    }
}
