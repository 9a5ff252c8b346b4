//! Where a deployment is measured: a schema, topics and keys that are there for nothing else, and are removed afterwards.

use std::time::UNIX_EPOCH;

use chrono::NaiveDate;
use color_eyre::eyre::{Result, WrapErr, bail};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;

use super::PREFIX;
use super::own::Own;
use crate::cache::Cache;
use crate::config::Settings;
use crate::config::secret::SecretUrl;
use crate::db;
use crate::db::lock;
use crate::db::seeding::{self, SeedRequest};
use crate::error::Failure;
use crate::follow::{Amount, Follow};
use crate::generator::World;
use crate::interrupt::Interrupt;
use crate::stream::client::Kafka;
use crate::stream::topics::{self, REPLICATION, Wishes};

/// A shop of the measurement's own.
pub(super) struct Scratch {
    own: Own,
    /// Holds the lock that says that somebody is at work here, and drops the schema.
    guard: PgConnection,
    /// The database, seen through the schema.
    pub url: SecretUrl,
    /// The brokers, seen through the prefix.
    pub kafka: Kafka,
    /// Redis, seen through the prefix.
    pub cache: Cache,
}

impl Scratch {
    /// Makes the schema. From here on [`remove`](Self::remove) must be called, whatever happens.
    pub fn begin(settings: &Settings, interrupt: &Interrupt) -> Result<Self> {
        let server = settings.database_url()?;
        let millis = UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis());
        let own = Own::named(format!("{PREFIX}{}_{millis}", std::process::id()), settings)?;
        // Who cannot be reached is told before anything is made.
        own.kafka.metadata(&own.kafka.admin()?)?;
        own.cache.connect()?;
        let mut guard = db::connect(server.expose())?;
        // It says nothing for as long as the measurement takes, and a server may end such sessions.
        guard.batch_execute(
            "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'",
        )?;
        if !lock::try_lock_database(&mut guard, &own.name)? {
            bail!("the name {} is taken", own.name);
        }
        own.create(&mut guard).wrap_err_with(|| Failure::new("a schema of the measurement's own cannot be made"))?;
        own.would_stay(interrupt);
        let url = SecretUrl::from(through(server.expose(), &own.name));
        let (kafka, cache) = (own.kafka.clone(), own.cache.clone());
        Ok(Self { own, guard, url, kafka, cache })
    }

    /// Makes topics and tables, and so many customers and products.
    pub fn furnish(
        &self,
        world: &World,
        users: u32,
        products: u32,
        interrupt: &Interrupt,
        follow: &dyn Follow,
    ) -> Result<()> {
        follow.at("making topics and tables of its own");
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        // As many copies as the shop's topics would have, or as this deployment can keep.
        let brokers = self.kafka.metadata(&self.kafka.admin()?)?.brokers().len();
        let replication = i32::try_from(brokers).ok().map(|brokers| brokers.min(REPLICATION));
        runtime.block_on(topics::create(&self.kafka, Wishes { replication, ..Wishes::default() }))?;
        interrupt.check()?;
        let mut conn = self.connect()?;
        db::migrate::apply(&mut conn)?;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default();
        let request = SeedRequest { seed: 1, users, products, as_of: Some(day), default_as_of: day };
        follow.begins("making customers and products", Amount::Exactly(u64::from(users) + u64::from(products)), "rows");
        seeding::seed(&mut conn, world, &request, &|rows| follow.done(rows), interrupt)?;
        conn.batch_execute("ANALYZE users; ANALYZE products").wrap_err("the tables cannot be analysed")
    }

    /// A connection that sees the schema alone.
    pub fn connect(&self) -> Result<PgConnection> {
        db::connect(self.url.expose())
    }

    /// Removes everything; `refused` as in [`Own::remove`].
    pub fn remove(mut self, refused: bool, interrupt: &Interrupt) -> Result<()> {
        let removed = self.own.remove(&mut self.guard, refused, interrupt);
        // From now on the error tells what stays.
        interrupt.leaves(None);
        removed.wrap_err_with(|| {
            Failure::new(format!(
                "not all that the measurement made could be removed: of {} something stays in PostgreSQL, Kafka or Redis",
                self.own.name
            ))
            .help("once the cause is mended, `shopstream bench --sweep` removes it; so does the next bench")
        })
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
