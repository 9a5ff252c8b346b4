//! What a measurement makes outside of this process, and how it is removed: by the one that made it, or by a later one when that
//! was killed.
//!
//! The schema is made first and dropped last, so that while anything stays, the schema says so. Who measures holds a lock of the
//! database with the schema's name; a schema whose lock is free belongs to nobody any more.

use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr, bail};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::types::RDKafkaErrorCode;
use redis::{Commands, RedisResult};

use super::PREFIX;
use crate::cache::Cache;
use crate::cache::rights::is_refusal as is_refused;
use crate::config::Settings;
use crate::consume::Topic;
use crate::interrupt::Interrupt;
use crate::stream::client::{Kafka, PATIENCE};
use crate::stream::rights::{On, Operation, is_refusal};
use crate::stream::topics::TOPICS;

/// Kafka gives up the members of a process that was killed after their session's 10 s.
const UNTIL_GIVEN_UP: Duration = Duration::from_secs(20);

/// Topics, keys and the schema of one measurement; all begin with its name.
#[derive(Clone, Debug)]
pub(super) struct Own {
    /// The schema's name, with which all others begin.
    pub name: String,
    /// The brokers, seen through the name.
    pub kafka: Kafka,
    /// Redis, seen through the name.
    pub cache: Cache,
}

impl Own {
    /// Whatever bears this name on the services of the settings.
    pub fn named(name: String, settings: &Settings) -> Result<Self> {
        let kafka = Kafka::of(settings)?.under(&format!("{name}."))?.granted_by(PREFIX);
        let cache = Cache::new(settings.redis_url()?, &format!("{name}:"))?.granted_by(PREFIX);
        Ok(Self { name, kafka, cache })
    }

    /// Where topics and keys are: noted at the schema, for they are looked for nowhere else.
    pub fn place(&self) -> String {
        format!("shopstream bench, with Kafka at {} and Redis at {}", self.kafka.brokers(), self.cache.url())
    }

    /// Makes the schema.
    pub fn create(&self, conn: &mut PgConnection) -> Result<()> {
        let place = self.place().replace('\'', "''");
        // Sent as one, they are one transaction.
        conn.batch_execute(&format!("CREATE SCHEMA {0}; COMMENT ON SCHEMA {0} IS '{place}'", self.name))?;
        Ok(())
    }

    /// Notes what stays if the process is ended now.
    pub fn would_stay(&self, interrupt: &Interrupt) {
        self.stay(&[Part::Keys, Part::Topics, Part::Groups, Part::Schema], interrupt);
    }

    /// Removes everything, and notes at each step what would stay if the process were ended. `refused`: the measurement ended
    /// because this user may not do something; what may not be made is not there to be removed, then.
    pub fn remove(&self, conn: &mut PgConnection, refused: bool, interrupt: &Interrupt) -> Result<()> {
        self.would_stay(interrupt);
        match self.remove_keys() {
            Err(error) if !(refused && is_refused(&error)) => {
                return Err(self.cache.explain(&error)).wrap_err("the keys cannot be removed");
            }
            _ => {}
        }
        self.stay(&[Part::Topics, Part::Groups, Part::Schema], interrupt);
        let admin = self.kafka.admin()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        runtime.block_on(self.remove_topics(&admin, refused))?;
        self.stay(&[Part::Groups, Part::Schema], interrupt);
        runtime.block_on(self.remove_groups(&admin, refused))?;
        self.stay(&[Part::Schema], interrupt);
        conn.batch_execute(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name))
            .wrap_err_with(|| format!("the schema {} cannot be dropped", self.name))?;
        interrupt.leaves(None);
        Ok(())
    }

    fn remove_keys(&self) -> RedisResult<()> {
        let mut redis = self.cache.try_to_connect(PATIENCE)?;
        let keys: Vec<String> = redis.scan_match(self.cache.key("*"))?.collect::<Result<_, _>>()?;
        if keys.is_empty() { Ok(()) } else { redis.del(keys) }
    }

    async fn remove_topics(&self, admin: &AdminClient<DefaultClientContext>, refused: bool) -> Result<()> {
        let names: Vec<String> = TOPICS.iter().map(|topic| self.kafka.name(topic.name)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for removed in admin.delete_topics(&names, &options()).await? {
            match removed {
                // Not made yet, or removed already.
                Ok(_) | Err((_, RDKafkaErrorCode::UnknownTopicOrPartition)) => {}
                Err((topic, code)) if is_refusal(code) => {
                    if refused && !self.is_there(admin, &topic)? {
                        continue;
                    }
                    return Err(self.kafka.lacks(Operation::Delete, On::Topics(&[&topic])).into());
                }
                Err((topic, code)) => bail!("the topic {topic} cannot be removed: {code}"),
            }
        }
        Ok(())
    }

    fn is_there(&self, admin: &AdminClient<DefaultClientContext>, topic: &str) -> Result<bool> {
        Ok(self.kafka.metadata(admin)?.topics().iter().any(|found| found.name() == topic && found.error().is_none()))
    }

    async fn remove_groups(&self, admin: &AdminClient<DefaultClientContext>, refused: bool) -> Result<()> {
        let began = Instant::now();
        let mut names: Vec<String> = Topic::ALL.iter().map(|topic| self.kafka.name(topic.group())).collect();
        loop {
            let asked: Vec<&str> = names.iter().map(String::as_str).collect();
            let mut has_members = Vec::new();
            for removed in admin.delete_groups(&asked, &options()).await? {
                match removed {
                    Ok(_) | Err((_, RDKafkaErrorCode::GroupIdNotFound)) => {}
                    Err((group, RDKafkaErrorCode::NonEmptyGroup)) if began.elapsed() < UNTIL_GIVEN_UP => {
                        has_members.push(group);
                    }
                    Err((_, code)) if refused && is_refusal(code) => {}
                    Err((group, code)) if is_refusal(code) => {
                        return Err(self.kafka.lacks(Operation::Delete, On::Group(&group)).into());
                    }
                    Err((group, code)) => bail!("the consumer group {group} cannot be removed: {code}"),
                }
            }
            if has_members.is_empty() {
                return Ok(());
            }
            names = has_members;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    fn stay(&self, parts: &[Part], interrupt: &Interrupt) {
        interrupt.leaves(Some(what_stays(&self.name, parts)));
    }
}

/// A kind of thing that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Keys,
    Topics,
    Groups,
    Schema,
}

fn what_stays(name: &str, parts: &[Part]) -> String {
    let spelled = |part: &Part| match part {
        Part::Keys => format!("the keys {name}:* in Redis"),
        Part::Topics => format!("the topics {name}.* in Kafka"),
        Part::Groups => format!("the consumer groups {name}.* in Kafka"),
        Part::Schema => format!("the schema {name} in PostgreSQL"),
    };
    let parts: Vec<String> = parts.iter().map(spelled).collect();
    format!(
        "the clean-up was cut short. There may still be {}. `shopstream bench --sweep` removes what there is; so does the next bench",
        parts.join(", ")
    )
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_said_by_name_and_with_the_remedy() {
        let said = what_stays("shopstream_bench_1_2", &[Part::Topics, Part::Schema]);
        assert_eq!(
            said,
            "the clean-up was cut short. There may still be the topics shopstream_bench_1_2.* in Kafka, the schema \
             shopstream_bench_1_2 in PostgreSQL. `shopstream bench --sweep` removes what there is; so does the next bench"
        );
    }
}
