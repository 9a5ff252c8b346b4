//! Where a deployment is measured: a schema, topics and keys that are there for nothing else, and are removed afterwards.

use std::time::UNIX_EPOCH;

use chrono::NaiveDate;
use color_eyre::eyre::{Result, WrapErr};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use rdkafka::admin::AdminOptions;
use rdkafka::types::RDKafkaErrorCode;
use redis::Commands;

use super::PREFIX;
use crate::cache::Cache;
use crate::config::Settings;
use crate::config::secret::SecretUrl;
use crate::consume::Topic;
use crate::db;
use crate::db::seeding::{self, SeedRequest};
use crate::error::Failure;
use crate::generator::World;
use crate::interrupt::Interrupt;
use crate::stream::client::{Kafka, PATIENCE};
use crate::stream::rights::{On, Operation, is_refusal};
use crate::stream::topics::{self, REPLICATION, TOPICS, Wishes};

/// A shop of the measurement's own.
pub(super) struct Scratch {
    schema: String,
    server: SecretUrl,
    /// The database, seen through the schema.
    pub url: SecretUrl,
    /// The brokers, seen through the prefix.
    pub kafka: Kafka,
    /// Redis, seen through the prefix.
    pub cache: Cache,
    removed: bool,
}

impl Scratch {
    /// Makes schema and topics, and so many customers and products.
    pub fn open(settings: &Settings, world: &World, users: u32, products: u32, interrupt: &Interrupt) -> Result<Self> {
        let server = settings.database_url()?.clone();
        let millis = UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis());
        let name = format!("{PREFIX}{}_{millis}", std::process::id());
        let kafka = Kafka::of(settings)?.under(&format!("{name}."))?.granted_by(PREFIX);
        let cache = Cache::new(settings.redis_url()?, &format!("{name}:"))?.granted_by(PREFIX);
        // Who cannot be reached is told before anything is made.
        let brokers = kafka.metadata(&kafka.admin()?)?.brokers().len();
        cache.connect()?;
        let mut conn = db::connect(server.expose())?;
        conn.batch_execute(&format!("CREATE SCHEMA {name}"))
            .wrap_err_with(|| Failure::new("a schema of the measurement's own cannot be made"))?;
        let url = SecretUrl::from(through(server.expose(), &name));
        let scratch = Self { schema: name, server, url, kafka, cache, removed: false };
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        // As many copies as the shop's topics would have, or as this deployment can keep.
        let replication = i32::try_from(brokers).ok().map(|brokers| brokers.min(REPLICATION));
        runtime.block_on(topics::create(&scratch.kafka, Wishes { replication, ..Wishes::default() }))?;
        let mut conn = scratch.connect()?;
        db::migrate::apply(&mut conn)?;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default();
        let request = SeedRequest { seed: 1, users, products, as_of: Some(day), default_as_of: day };
        seeding::seed(&mut conn, world, &request, &|_| {}, interrupt)?;
        conn.batch_execute("ANALYZE users; ANALYZE products").wrap_err("the tables cannot be analysed")?;
        Ok(scratch)
    }

    /// A connection that sees the schema alone.
    pub fn connect(&self) -> Result<PgConnection> {
        db::connect(self.url.expose())
    }

    /// Removes everything.
    pub fn remove(mut self) -> Result<()> {
        self.removed = true;
        self.clear()
    }

    fn clear(&self) -> Result<()> {
        let mut conn = db::connect(self.server.expose())?;
        conn.batch_execute(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.schema))
            .wrap_err_with(|| format!("the schema {} cannot be dropped", self.schema))?;
        let mut redis = self.cache.connect()?;
        let keys: Vec<String> = redis.scan_match(self.cache.key("*"))?.collect::<Result<_, _>>()?;
        if !keys.is_empty() {
            redis.del::<_, ()>(keys)?;
        }
        let admin = self.kafka.admin()?;
        let options = AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE));
        let names: Vec<String> = TOPICS.iter().map(|topic| self.kafka.name(topic.name)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let groups: Vec<String> = Topic::ALL.iter().map(|topic| self.kafka.name(topic.group())).collect();
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let deleted = runtime.block_on(async {
            // A group that was never made is no failure.
            let _ = admin.delete_groups(&groups, &options).await;
            admin.delete_topics(&names, &options).await
        });
        let deleted = deleted.map_err(|error| self.kafka.explain(error))?;
        let refused = |outcome: &Result<String, (String, RDKafkaErrorCode)>| {
            outcome.as_ref().is_err_and(|(_, code)| is_refusal(*code))
        };
        if deleted.iter().any(refused) {
            return Err(self.kafka.lacks(Operation::Delete, On::Topics(&names)).into());
        }
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.removed {
            // After an error there is one to tell already; what stays is named after a measurement, and harms nothing.
            let _ = self.clear();
        }
    }
}

/// The URL with a search path of this schema alone; other options of the URL stay.
fn through(url: &str, schema: &str) -> String {
    let option = format!("-c%20search_path%3D{schema}");
    if let Some(at) = url.find("options=").map(|at| at + "options=".len()) {
        let end = url[at..].find('&').map_or(url.len(), |length| at + length);
        return format!("{}%20{option}{}", &url[..end], &url[end..]);
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}options={option}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_path_joins_what_the_url_has() {
        assert_eq!(through("postgres://h/d", "s"), "postgres://h/d?options=-c%20search_path%3Ds");
        let url = through("postgres://h/d?options=-c%20jit%3Doff&sslmode=require", "s");
        assert_eq!(url, "postgres://h/d?options=-c%20jit%3Doff%20-c%20search_path%3Ds&sslmode=require");
    }
}
