//! A whole shop of a test's own.

use std::process::Command;
use std::time::Duration;

use chrono::NaiveDate;
use diesel::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use shopstream::db::seeding::{self, SeedRequest};
use shopstream::generator::World;
use shopstream::interrupt::Interrupt;

use crate::support::*;

/// Long enough for a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Database, topics and cache keys.
pub struct Shop {
    pub db: ScratchDb,
    pub topics: ScratchTopics,
    pub redis: ScratchRedis,
}

impl Shop {
    /// A shop with customers and products, without orders and with an empty cache.
    pub fn seeded(users: u32, products: u32) -> Self {
        let shop = Self { db: ScratchDb::migrated(), topics: ScratchTopics::create(), redis: ScratchRedis::new() };
        seed(&mut shop.db.connect(), 1, users, products);
        shop
    }

    /// The program, which sees nothing but this shop.
    pub fn program(&self, words: &str) -> Command {
        let mut command = self.topics.program(&words.split(' ').collect::<Vec<_>>());
        command
            .env("DATABASE_URL", self.db.url())
            .env("REDIS_URL", redis_url())
            .env("SHOPSTREAM_REDIS_PREFIX", &self.redis.prefix);
        command
    }

    /// Runs the program to its end; it must succeed. Returns what it printed.
    pub fn run(&self, words: &str) -> String {
        let output = self.program(words).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{words}: {}\n{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    /// Starts a program that stays.
    pub fn start(&self, words: &str) -> Running {
        Running::start(&mut self.program(words))
    }

    /// Waits until a topic's consumers have stored all that is in it.
    pub fn until_consumed(&self, topic: &str) {
        let end = self.topics.ends(topic);
        let conn = &mut self.db.connect();
        let name = self.topics.name(topic);
        until(PATIENCE, &format!("all of {topic} consumed"), || {
            let stored = number(
                conn,
                &format!(
                    "SELECT coalesce(sum(next_offset), 0)::bigint AS n FROM consumer_offsets WHERE topic = '{name}'"
                ),
            );
            if stored == end { Ok(()) } else { Err(format!("{stored} of {end}")) }
        });
    }
}

/// Customers and products of a seed.
pub fn seed(conn: &mut PgConnection, seed: u64, users: u32, products: u32) {
    let as_of = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let request = SeedRequest { seed, users, products, as_of: Some(as_of), default_as_of: as_of };
    let world = World::new(None, None).unwrap();
    seeding::seed(conn, &world, &request, &|_| {}, &Interrupt::never()).unwrap();
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// The number that a query calls `n`.
pub fn number(conn: &mut PgConnection, query: &str) -> i64 {
    diesel::sql_query(query).get_result::<Number>(conn).unwrap().n
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    t: String,
}

/// The text that a query calls `t`.
pub fn text(conn: &mut PgConnection, query: &str) -> String {
    diesel::sql_query(query).get_result::<Words>(conn).unwrap().t
}
