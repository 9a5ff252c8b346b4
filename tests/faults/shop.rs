//! A shop of a test's own on the lab's servers: schema, topics, keys; and the programs that work in it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use serde_json::Value;
use shopstream::db;

use crate::lab::Lab;
use crate::program::Program;
use crate::topics::Topics;

/// How long a pipeline may take to come to rest after its faults. Members that were killed are missed after their session's
/// time; machines that run other tests too are slow.
const REST: Duration = Duration::from_secs(120);

/// Orders of a test: few enough for `make test`, more for `make torture`.
pub fn orders() -> u64 {
    std::env::var("SHOPSTREAM_FAULT_ORDERS").map_or(8_000, |count| count.replace('_', "").parse().unwrap())
}

/// A shop on the lab's servers.
pub struct Shop<'a> {
    pub lab: &'a Lab,
    pub name: String,
    pub topics: Topics,
    url: String,
    refused_before: usize,
}

/// How far a partition is stored, and how often it changed hands.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Stored {
    #[diesel(sql_type = Text)]
    pub topic: String,
    #[diesel(sql_type = Integer)]
    pub partition: i32,
    #[diesel(sql_type = BigInt)]
    pub next_offset: i64,
    #[diesel(sql_type = BigInt)]
    pub epoch: i64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl<'a> Shop<'a> {
    /// A shop with everything that `init` makes, its tables where they always are.
    pub fn open(lab: &'a Lab) -> Self {
        Self::open_in(lab, "")
    }

    /// The same, its tables in a tablespace.
    pub fn open_in(lab: &'a Lab, tablespace: &str) -> Self {
        let name = lab.shop_name();
        db::connect(&lab.database_url()).unwrap().batch_execute(&format!("CREATE SCHEMA {name}")).unwrap();
        let mut url = format!("{}?options=-c%20search_path%3D{name}", lab.database_url());
        if !tablespace.is_empty() {
            url.push_str(&format!("%20-c%20default_tablespace%3D{tablespace}"));
        }
        let topics = Topics::new(&lab.brokers(), &format!("{name}."));
        let shop = Self { lab, name, topics, url, refused_before: lab.deadlocks() };
        // Large enough for a pool of each kind.
        shop.run("init --users 2000 --products 3000 --as-of 2026-01-01");
        shop
    }

    /// The program, which sees nothing but this shop.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
        command.args(words.split(' ')).env_clear().stdin(Stdio::null());
        command.env("DATABASE_URL", &self.url).env("REDIS_URL", self.lab.redis_url());
        command.env("KAFKA_BROKERS", self.lab.brokers()).env("SHOPSTREAM_TOPIC_PREFIX", self.topics.prefix());
        command.env("SHOPSTREAM_REDIS_PREFIX", format!("{}:", self.name));
        // A member that was killed is missed after 6 s, the least that brokers allow, instead of 10 s.
        if words.starts_with("consume") {
            command.env("KAFKA_OPTION", "session.timeout.ms=6000");
        }
        command
    }

    /// Runs a command to its good end, and returns what it printed.
    pub fn run(&self, words: &str) -> String {
        let output = self.command(words).output().unwrap();
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a command that stays.
    pub fn start(&self, words: &str) -> Program {
        Program::start(self.lab, self.command(words), words)
    }

    /// A consumer with small batches: many transactions, and so many moments to be hit in.
    pub fn consumer(&self, topic: &str, more: &str) -> Program {
        let small = "--batch-size 300 --batch-wait 50ms --metrics-addr 127.0.0.1:0";
        self.start(format!("consume --topic {topic} {small} {more}").trim_end())
    }

    /// A producer of orders whose counts are printed as JSON.
    pub fn producer(&self, more: &str) -> Program {
        self.start(&format!("produce --json {more}"))
    }

    /// `psql` in the shop's schema.
    pub fn psql(&self) -> Command {
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url]);
        command
    }

    /// A connection into the shop's schema; PostgreSQL may be on its way up.
    pub fn connect(&self) -> PgConnection {
        let deadline = Instant::now() + REST;
        loop {
            match db::connect(&self.url) {
                Ok(conn) => return conn,
                Err(error) => assert!(Instant::now() < deadline, "{error:#}"),
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Runs SQL in the shop's schema.
    pub fn sql(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap();
    }

    /// The only number that a query returns, under the name `count`.
    pub fn count(&self, sql: &str) -> i64 {
        diesel::sql_query(sql).get_result::<Count>(&mut self.connect()).unwrap().count
    }

    /// What PostgreSQL says of each partition of a topic.
    pub fn stored(&self, topic: &str) -> Vec<Stored> {
        diesel::sql_query(
            "SELECT topic, partition, next_offset, epoch FROM consumer_offsets WHERE topic = $1 ORDER BY partition",
        )
        .bind::<Text, _>(self.topics.name(topic))
        .load(&mut self.connect())
        .unwrap()
    }

    /// Orders of the topic that are dealt with.
    pub fn dealt_with(&self) -> i64 {
        self.stored("orders").iter().map(|stored| stored.next_offset).sum()
    }

    /// Waits until a condition holds.
    pub fn wait(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let deadline = Instant::now() + REST;
        while !holds() {
            assert!(Instant::now() < deadline, "after {REST:?} it still does not hold: {what}; {}", self.describe());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until every message of every topic is dealt with, and no order is parked any more: as long as it goes on.
    pub fn settle(&self) {
        let (mut seen, mut since) = ((Vec::new(), 0), Instant::now());
        loop {
            let now = ["users", "products", "orders"].map(|topic| self.stored(topic)).concat();
            // In this order: once nothing is left to read, no more orders are parked.
            let behind = ["users", "products", "orders"].iter().any(|topic| self.behind(topic, Instant::now() + REST));
            let parked = self.count("SELECT count(*) AS count FROM parked_orders");
            if !behind && parked == 0 {
                return;
            }
            if seen != (now.clone(), parked) {
                (seen, since) = ((now, parked), Instant::now());
            }
            assert!(since.elapsed() < REST, "nothing has moved for {REST:?}: {}", self.describe());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn behind(&self, topic: &str, deadline: Instant) -> bool {
        let stored = self.stored(topic);
        self.topics.ends(topic, deadline).into_iter().any(|(partition, _, end)| {
            let found = stored.iter().find(|stored| stored.partition == partition);
            found.map_or(0, |stored| stored.next_offset) != end
        })
    }

    /// How things stand, for somebody who has to find out why a test failed.
    fn describe(&self) -> String {
        let of = |topic: &&str| {
            let stored: Vec<String> =
                self.stored(topic).iter().map(|s| format!("{}:{}@{}", s.partition, s.next_offset, s.epoch)).collect();
            let ends = self.topics.ends(topic, Instant::now() + Duration::from_secs(20));
            format!("{topic}: stored {stored:?}, ends {ends:?}")
        };
        let parked = self.count("SELECT count(*) AS count FROM parked_orders");
        format!("{}; {parked} parked", ["users", "products", "orders"].iter().map(of).collect::<Vec<_>>().join("; "))
    }

    /// Deadlocks that PostgreSQL had to resolve since the shop opened.
    pub fn deadlocks(&self) -> usize {
        self.lab.deadlocks() - self.refused_before
    }
}

/// What producers have said at their ends.
#[derive(Debug, Default)]
pub struct Told(Vec<Value>);

impl Told {
    /// Adds what one printed.
    pub fn add(&mut self, printed: &str) {
        let told: Value = serde_json::from_str(printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
        assert_eq!(told["undelivered"], 0, "{told}");
        self.0.push(told);
    }

    /// Messages of one kind that were confirmed, as told by all.
    pub fn delivered(&self, kind: &str) -> u64 {
        self.0.iter().map(|told| told["delivered"][kind].as_u64().unwrap()).sum()
    }

    /// Orders that were late.
    pub fn late(&self) -> u64 {
        self.0.iter().map(|told| told["late"].as_u64().unwrap()).sum()
    }
}
