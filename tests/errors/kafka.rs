//! Each command's words for a right on Kafka that it lacks, on a broker that has rules about them.

use std::process::Command;
use std::time::Duration;

use crate::calls::{address_in, all_told, program, settled, talking, told};
use crate::support::*;

const PATIENCE: Duration = Duration::from_secs(60);

/// A shop whose brokers ask who everybody is. Each user may do a little more than the one before.
struct GuardedShop {
    broker: GuardedBroker,
    db: ScratchDb,
    redis: ScratchRedis,
}

impl GuardedShop {
    /// A shop that has sold something, one of its orders a dead letter.
    fn open() -> Self {
        let shop = Self { broker: GuardedBroker::start(), db: ScratchDb::migrated(), redis: ScratchRedis::new() };
        until(PATIENCE, "the topics are made", || {
            let made = shop.told("admin", "topics create --replication 1");
            if made.contains("exit 0") { Ok(()) } else { Err(made) }
        });
        for words in
            ["seed --users 1800 --products 2000", "cache refresh", "produce --stream orders --rate 500/s --limit 5"]
        {
            let said = shop.told("admin", words);
            assert!(said.contains("exit 0"), "{said}");
        }
        let poison = shop.told("admin", "produce --stream orders --rate 500/s --limit 1 --inject poison=100%");
        assert!(poison.contains("exit 0"), "{poison}");
        let mut members = Running::start(&mut shop.program("admin", "consume --topic orders"));
        until(PATIENCE, "a letter is dead", || {
            let found = shop.program("admin", "dlq inspect orders").output().unwrap();
            let said = String::from_utf8(found.stdout).unwrap();
            if said.contains("no dead letters") || said.is_empty() { Err(said) } else { Ok(()) }
        });
        members.stop(PATIENCE);
        for (user, rights) in [
            ("seer", "--operation Describe --operation DescribeConfigs --topic *"),
            // Reads in any group's name, and no topic.
            ("member", "--operation Describe --topic *"),
            ("member", "--operation Read --group *"),
            // Reads topics, and in no group's name.
            ("lone", "--operation Read --operation DescribeConfigs --topic *"),
            ("reader", "--operation Read --topic * --group *"),
            ("maker", "--operation Create --topic *"),
        ] {
            shop.broker.allow(user, rights);
        }
        // The last rule is known, and so are those before it.
        until(PATIENCE, "the rules are known", || {
            let made = shop.told("maker", "topics create --replication 1");
            if made.contains("lacks Describe") { Ok(()) } else { Err(made) }
        });
        shop
    }

    fn services(&self, user: &str, command: &mut Command) {
        self.broker.log_in(user, command);
        command.env("DATABASE_URL", self.db.url()).env("REDIS_URL", redis_url());
        command.env("SHOPSTREAM_REDIS_PREFIX", &self.redis.prefix);
    }

    fn program(&self, user: &str, words: &str) -> Command {
        let mut command = program(words);
        self.services(user, &mut command);
        command
    }

    fn told(&self, user: &str, words: &str) -> String {
        told(words, &mut self.program(user, words))
    }

    /// What these calls say to a user, each of which must fail with this.
    fn refused(&self, user: &str, calls: &[&str], lacks: &str) -> String {
        let text = all_told(calls, |command| self.services(user, command));
        let failed = text.matches("\nexit 1\n").count();
        assert_eq!((failed, text.matches(lacks).count()), (calls.len(), calls.len()), "{user} {lacks}: {text}");
        assert_eq!(text.matches("--add --allow-principal").count(), calls.len(), "a grant each: {text}");
        format!("# as {user}\n{text}")
    }
}

fn any_group(said: String, topic: &&str) -> String {
    said.replace(&format!("{topic}_group"), "ANY_group")
}

const YEAR: &str = "backfill --year 2025 --orders 500 --users 1800 --products 2000 --to kafka";

#[test]
fn each_command_names_the_right_on_kafka_that_it_lacks_and_the_line_that_grants_it() {
    let shop = GuardedShop::open();
    let text = [
        shop.refused(
            "shop",
            &["init --replication 1", "topics create --replication 1", "bench"],
            "lacks Create on topic",
        ),
        shop.refused("shop", &["topics describe", "monitor --once"], "lacks Describe on topics"),
        shop.refused("shop", &["produce --limit 1", YEAR], "lacks Write on topic"),
        shop.refused(
            "shop",
            &["consume --topic orders", "dlq inspect orders", "dlq replay orders --yes", "verify"],
            "lacks Read on topic",
        ),
        shop.refused("maker", &["topics create --replication 1"], "lacks Describe on topics"),
        // A topic that may be seen and not used.
        shop.refused(
            "seer",
            &["produce --stream orders --rate 100/s", "produce --stream users --limit 1", YEAR],
            "lacks Write on topic",
        ),
        shop.refused("seer", &["dlq inspect orders", "dlq replay orders --yes", "verify"], "lacks Read on topic"),
        shop.refused("seer", &["consume --topic orders", "monitor --once"], "lacks Read on group"),
        shop.refused("member", &["topics describe"], "lacks DescribeConfigs on topics"),
        shop.refused("member", &["consume --topic orders"], "lacks Read on topic"),
        shop.refused(
            "lone",
            &["consume --topic orders", "dlq replay orders --yes", "monitor --once"],
            "lacks Read on group",
        ),
        shop.refused("reader", &["dlq replay orders --yes"], "lacks Write on topic"),
    ]
    .concat();
    // The monitor asks for all groups at once, and tells of the first one that was refused in time.
    let of_call = |call: &str| match call.strip_prefix("monitor --once") {
        Some(said) => {
            format!("monitor --once{}", ["users", "products", "orders"].iter().fold(said.to_owned(), any_group))
        }
        None => call.to_owned(),
    };
    let calls: Vec<String> = text.split("$ shopstream ").map(of_call).collect();
    let text = calls.join("$ shopstream ");
    let mut settings = settled();
    settings.add_filter(&shop.broker.address().replace('.', r"\."), "BROKER:PORT");
    // What librdkafka says of it on its own has times and addresses.
    settings.add_filter(r"(?m)^\d{4}-\d\d-\d\dT.* WARN .*\n", "");
    settings.bind(|| insta::assert_snapshot!("kafka_refused", text));

    // Consumers wait by design for what a dead letter needs; they say so at once, and are not ready.
    let poison = shop.told("admin", "produce --stream orders --rate 500/s --limit 1 --inject poison=100%");
    assert!(poison.contains("exit 0"), "{poison}");
    let mut command = talking("consume --topic orders --metrics-addr 127.0.0.1:0");
    shop.services("reader", &mut command);
    let mut members = Running::start(&mut command);
    let said = until(PATIENCE, "they say that they wait", || match members.said() {
        said if said.contains("lacks Write on topic \"orders.dlq\"") => Ok(said),
        said => Err(said),
    });
    assert!(
        said.contains("paused, to be tried again") && said.contains("--operation Write --topic orders.dlq"),
        "{said}"
    );
    assert!(members.runs(), "{said}");
    let address = address_in(&said);
    until(PATIENCE, "they are not ready", || {
        let ready = told("healthcheck", &mut program(&format!("healthcheck --addr {address}")));
        if ready.contains("exit 1") && ready.contains("lacks Write on topic") { Ok(()) } else { Err(ready) }
    });
    shop.broker.allow("reader", "--operation Write --topic *");
    until(PATIENCE, "they go on", || {
        let ready = told("healthcheck", &mut program(&format!("healthcheck --addr {address}")));
        if ready.contains("exit 0") { Ok(()) } else { Err(ready) }
    });
    members.stop(PATIENCE);
}
