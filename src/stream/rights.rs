//! Rights on Kafka: what this user was refused, and the line of Kafka's own tool that grants it.

use std::time::{Duration, Instant};

use rdkafka::client::Client;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, TopicPartitionList};

use super::client::Kafka;
use crate::error::Failure;

/// Time between two looks at whether a group was refused while its offsets are waited for.
const TURN: Duration = Duration::from_millis(500);

/// What is done with a topic, a group or the cluster, by Kafka's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// To make a topic.
    Create,
    /// To delete a topic.
    Delete,
    /// To see a topic, and where it ends; reading and writing imply it.
    Describe,
    /// To see a topic's settings.
    DescribeConfigs,
    /// To read a topic, or to read in the name of a group.
    Read,
    /// To write to a topic.
    Write,
}

/// With what.
#[derive(Clone, Copy, Debug)]
pub enum On<'a> {
    /// Topics, by their full names.
    Topics(&'a [&'a str]),
    /// A consumer group, by its full name.
    Group(&'a str),
}

/// Whether the brokers' answer is that this user may not.
#[must_use]
pub const fn is_refusal(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
    )
}

impl Kafka {
    /// The line that grants this, as an administrator types it.
    #[must_use]
    pub fn grant(&self, operations: &[Operation], on: On<'_>) -> String {
        let (user, brokers) = (self.user().unwrap_or("…"), self.brokers());
        let mut line = format!("kafka-acls.sh --bootstrap-server {brokers} --add --allow-principal User:{user}");
        for operation in operations {
            line.push_str(&format!(" --operation {operation:?}"));
        }
        let (kind, names): (_, &[&str]) = match on {
            On::Topics(names) => ("topic", names),
            On::Group(ref name) => ("group", std::slice::from_ref(name)),
        };
        // Names that are other ones the next time are covered by what they begin with.
        if let Some(family) = self.family() {
            line.push_str(&format!(" --{kind} {family} --resource-pattern-type prefixed"));
        } else {
            names.iter().for_each(|name| line.push_str(&format!(" --{kind} {name}")));
        }
        line
    }

    /// This user lacks a right.
    #[must_use]
    pub fn lacks(&self, operation: Operation, on: On<'_>) -> Failure {
        self.lacks_one_of(&[operation], on)
    }

    /// The first of these rights was refused; the remedy grants all, since the others would be refused next.
    #[must_use]
    pub fn lacks_one_of(&self, operations: &[Operation], on: On<'_>) -> Failure {
        let user = self.user().map_or_else(|| "this user".to_owned(), |user| format!("user {user:?}"));
        let first = operations.first().map_or_else(String::new, |operation| format!("{operation:?}"));
        let on_what = match on {
            On::Topics([name]) => format!("topic {name:?}"),
            On::Topics(names) => format!("topics {}", names.join(", ")),
            On::Group(name) => format!("group {name:?}"),
        };
        Failure::new(format!("Kafka at {}: {user} lacks {first} on {on_what}", self.brokers()))
            .help(format!(
                "as an administrator: {}; `shopstream doctor` tries all that the commands need",
                self.grant(operations, on)
            ))
            .refusal()
    }

    /// What an error of somebody who does this with a topic, perhaps in the name of a group, means when it is a refusal.
    #[must_use]
    pub fn refusal(
        &self,
        code: RDKafkaErrorCode,
        does: Operation,
        topic: &str,
        group: Option<&str>,
    ) -> Option<Failure> {
        match (code, group) {
            (RDKafkaErrorCode::GroupAuthorizationFailed, Some(group)) => {
                Some(self.lacks(Operation::Read, On::Group(group)))
            }
            // A group's right says nothing to somebody who reads in the name of none.
            (RDKafkaErrorCode::TopicAuthorizationFailed, _) => Some(self.lacks(does, On::Topics(&[topic]))),
            // Only a producer's id is the cluster's to give; the right to write any topic includes it since Kafka 2.8.
            (RDKafkaErrorCode::ClusterAuthorizationFailed, _) => Some(self.lacks(does, On::Topics(&[topic]))),
            _ => None,
        }
    }

    /// Says of an error that it is a refusal, or else what [`explain`](Self::explain) says.
    #[must_use]
    pub fn explain_use(&self, error: KafkaError, does: Operation, topic: &str, group: Option<&str>) -> Failure {
        let refused = error.rdkafka_error_code().and_then(|code| self.refusal(code, does, topic, group));
        refused.unwrap_or_else(|| self.explain(error))
    }

    /// Those of these topics that are there or not, and that this user may not see: a list of all topics leaves them out, and
    /// asked for by name they are refused.
    #[must_use]
    pub fn hidden<C: ClientContext>(&self, client: &Client<C>, names: &[String]) -> Vec<String> {
        let is_hidden = |name: &&String| {
            client.fetch_metadata(Some(name), self.patience()).is_ok_and(|metadata| refuses(&metadata, name))
        };
        names.iter().filter(is_hidden).cloned().collect()
    }

    /// What a group has committed. Of a group that is refused librdkafka only says that nobody answers, and in another place
    /// why: it is looked for there, so that a refusal is told at once.
    ///
    /// # Errors
    /// A [`Failure`] when the group may not be read, or no broker answers within `patience`.
    pub fn committed(
        &self,
        client: &BaseConsumer,
        group: &str,
        list: &TopicPartitionList,
        patience: Duration,
    ) -> Result<TopicPartitionList, Failure> {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let error = match client.committed_offsets(list.clone(), left.min(TURN)) {
                Ok(found) => return Ok(found),
                Err(error) => error,
            };
            let heard = client.poll(Duration::ZERO).and_then(Result::err);
            let codes = [heard.as_ref(), Some(&error)].into_iter().flatten().filter_map(KafkaError::rdkafka_error_code);
            if codes.into_iter().any(|code| code == RDKafkaErrorCode::GroupAuthorizationFailed) {
                return Err(self.lacks(Operation::Read, On::Group(group)));
            }
            let may_come = error.rdkafka_error_code() == Some(RDKafkaErrorCode::OperationTimedOut);
            if left.is_zero() || !may_come {
                return Err(self.explain(error));
            }
        }
    }
}

/// Whether the brokers refuse to tell of a topic that was asked for by name.
pub(super) fn refuses(metadata: &Metadata, topic: &str) -> bool {
    let refused = RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    metadata.topics().iter().any(|found| found.name() == topic && found.error() == Some(refused))
}
