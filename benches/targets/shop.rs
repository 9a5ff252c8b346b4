//! A whole shop for measurements: a database, topics and cache keys of its own, removed with the value.

use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use color_eyre::eyre::{Context, Result, bail, ensure};
use diesel::QueryableByName;
use diesel::RunQueryDsl as _;
use rdkafka::admin::AdminOptions;
use serde_json::Value;
use shopstream::cli::Cli;
use shopstream::config::Settings;
use shopstream::stream::client::Kafka;
use shopstream::stream::topics::TOPICS;

use super::database::Database;
use super::measure::once;

/// How long anything may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(600);

/// Database, topics, keys. Needs `DATABASE_URL`, `REDIS_URL` and `KAFKA_BROKERS`.
pub struct Shop {
    /// Its database.
    pub database: Database,
    /// What its topics and keys begin with.
    pub prefix: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

impl Shop {
    /// A shop with so many customers and products, and a cache that was refreshed once.
    pub fn open(users: u32, products: u32) -> Result<Self> {
        for variable in ["REDIS_URL", "KAFKA_BROKERS"] {
            std::env::var(variable).wrap_err_with(|| format!("{variable} is not set: run `make up`"))?;
        }
        let prefix = format!("bench_{}_{}.", std::process::id(), std::time::UNIX_EPOCH.elapsed()?.as_millis());
        let shop = Self { database: Database::create()?, prefix };
        let (users, products) = (users.to_string(), products.to_string());
        once(&mut shop.program(&["init", "--as-of", "2026-01-01", "--users", &users, "--products", &products]))?;
        Ok(shop)
    }

    /// The program, on this shop.
    pub fn program(&self, words: &[&str]) -> Command {
        let mut command = self.database.shopstream(words);
        command.env("SHOPSTREAM_TOPIC_PREFIX", &self.prefix).env("SHOPSTREAM_REDIS_PREFIX", &self.prefix);
        command
    }

    /// Runs the program to its end, and returns the JSON that it printed.
    pub fn json(&self, words: &[&str]) -> Result<Value> {
        let output = self.program(words).output()?;
        ensure!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Starts the program; it is killed with the value.
    pub fn start(&self, words: &[&str]) -> Result<Running> {
        let child = self.program(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Running(child))
    }

    /// The number that a query calls `n`.
    pub fn number(&self, query: &str) -> Result<i64> {
        let mut conn = shopstream::db::connect(&self.database.url)?;
        Ok(diesel::sql_query(query).get_result::<Number>(&mut conn)?.n)
    }

    /// Kafka as the program sees it.
    pub fn kafka(&self) -> Result<Kafka> {
        let words = ["shopstream", "--topic-prefix", &self.prefix];
        Ok(Kafka::of(&Settings::resolve(&Cli::parse_from(words).global)?)?)
    }

    /// Waits until a number is at least `wanted`, looking every so often; returns when that was.
    pub fn until(&self, query: &str, wanted: i64, every: Duration) -> Result<Instant> {
        let mut conn = shopstream::db::connect(&self.database.url)?;
        let began = Instant::now();
        loop {
            if diesel::sql_query(query).get_result::<Number>(&mut conn)?.n >= wanted {
                return Ok(Instant::now());
            }
            if began.elapsed() > PATIENCE {
                bail!("{query} did not reach {wanted} in {PATIENCE:?}");
            }
            std::thread::sleep(every);
        }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let work = || -> Result<()> {
            let kafka = self.kafka()?;
            let admin = kafka.admin()?;
            let names: Vec<String> = TOPICS.iter().map(|topic| kafka.name(topic.name)).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            runtime.block_on(admin.delete_topics(&names, &AdminOptions::new()))?;
            let client = redis::Client::open(std::env::var("REDIS_URL")?)?;
            let mut redis = client.get_connection()?;
            let keys: Vec<String> = redis::Commands::keys(&mut redis, format!("{}*", self.prefix))?;
            if !keys.is_empty() {
                redis::Commands::del::<_, ()>(&mut redis, keys)?;
            }
            Ok(())
        };
        // What is left behind is named after a measurement, and harms nothing.
        let _ = work();
    }
}

/// A program that stays.
pub struct Running(Child);

impl Running {
    /// Asks it to stop, and waits for that.
    pub fn stop(mut self) -> Result<()> {
        Command::new("kill").arg(self.0.id().to_string()).status()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a process serves at `/metrics`, by series.
pub fn scrape(address: &str) -> Result<HashMap<String, f64>> {
    let address: shopstream::telemetry::Address =
        address.parse().map_err(|error| color_eyre::eyre::eyre!("{error}"))?;
    let answer = shopstream::telemetry::probe::get(&address, "/metrics", Duration::from_secs(5))?;
    let series = answer.body.lines().filter(|line| !line.starts_with('#'));
    Ok(series
        .filter_map(|line| line.rsplit_once(' '))
        .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
        .collect())
}
