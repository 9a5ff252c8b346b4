//! Each command's words for a right on Redis that it lacks.

use std::process::Command;

use redis::cmd;

use crate::calls::{address_in, program, settled, talking, told};
use crate::support::*;

/// A shop whose cache is used by a user with rules of its own; gone when this is dropped.
struct RuledShop {
    db: ScratchDb,
    redis: ScratchRedis,
    topics: ScratchTopics,
}

impl RuledShop {
    fn open() -> Self {
        let shop = Self { db: ScratchDb::migrated(), redis: ScratchRedis::new(), topics: ScratchTopics::create() };
        let seeded = told("seed", program("seed --users 300 --products 300").env("DATABASE_URL", shop.db.url()));
        assert!(seeded.contains("exit 0"), "{seeded}");
        shop
    }

    /// A user's name has no colon in a URL; the keys keep theirs.
    fn user(&self) -> &str {
        self.redis.prefix.trim_end_matches(':')
    }

    /// The user may do just this from now on.
    fn rule(&self, rules: &str) {
        let mut command = cmd("ACL");
        command.arg("SETUSER").arg(self.user()).arg(&["reset", "on", ">geheim"]);
        for rule in rules.split_whitespace() {
            command.arg(rule);
        }
        command.query::<()>(&mut self.redis.connect()).unwrap();
    }

    fn program(&self, words: &str) -> Command {
        let mut command = program(words);
        self.services(&mut command);
        command
    }

    fn services(&self, command: &mut Command) {
        command.env("DATABASE_URL", self.db.url()).env("SHOPSTREAM_REDIS_PREFIX", &self.redis.prefix);
        command.env("KAFKA_BROKERS", kafka_brokers()).env("SHOPSTREAM_TOPIC_PREFIX", self.topics.name(""));
        command.env("REDIS_URL", redis_url().replace("redis://", &format!("redis://{}:geheim@", self.user())));
    }

    fn told(&self, words: &str) -> String {
        told(words, &mut self.program(words))
    }

    /// What these calls say under a rule; each must fail, and name the rule that mends it.
    fn refused(&self, calls: &[&str], rules: &str) -> String {
        self.rule(rules);
        let text: String = calls.iter().map(|words| self.told(words)).collect();
        let told = (text.matches("\nexit 1\n").count(), text.matches("redis-cli ACL SETUSER").count());
        assert_eq!(told, (calls.len(), calls.len()), "{rules}: {text}");
        format!("# {rules}\n{text}")
    }
}

impl Drop for RuledShop {
    fn drop(&mut self) {
        let _ = cmd("ACL").arg("DELUSER").arg(self.user()).query::<()>(&mut self.redis.connect());
    }
}

#[test]
fn each_command_names_the_right_on_redis_that_it_lacks_and_the_rule_that_grants_it() {
    let shop = RuledShop::open();
    let all = [
        "cache refresh",
        "produce --limit 1",
        "scenarios activate black-friday --for 5m",
        "scenarios deactivate",
        "monitor --once",
    ];
    let text = [
        shop.refused(&[&all[..], &["init", "bench"]].concat(), "~nothing:* +@all"),
        shop.refused(&[&all[..], &["init", "bench"]].concat(), "~* +ping"),
        shop.refused(&["cache refresh"], "~* +@all -hset"),
        shop.refused(&["cache refresh", "produce --limit 1"], "~* +@all -@scripting"),
        shop.refused(&["cache refresh"], "~* +@all -rename"),
        shop.refused(&["produce --limit 1"], "~* +@all -hgetall"),
        // Found at the start, not when the first returning customer agrees a visit.
        shop.refused(&["produce --limit 1"], "~* +@all -zadd"),
        shop.refused(&["scenarios activate black-friday --for 5m"], "~* +@all -psetex"),
        shop.refused(&["scenarios deactivate"], "~* +@all -set"),
        shop.refused(&["monitor --once"], "~* +@all -info"),
    ]
    .concat();
    settled().bind(|| insta::assert_snapshot!("redis_refused", text));
}

#[test]
fn the_rule_that_is_advised_is_enough_for_every_command() {
    let shop = RuledShop::open();
    let advised = |words: &str| {
        shop.rule("+ping");
        let said = shop.told(words);
        let (_, rest) = said.split_once("all that the commands need is ").unwrap_or_else(|| panic!("{said}"));
        rest.split_once(';').unwrap().0.replace('\'', "")
    };
    let rule = advised("cache refresh");
    assert!(!rule.contains("~*") && !rule.contains("+@all"), "{rule}");
    shop.rule(&rule);
    for words in [
        "cache refresh",
        "produce --stream orders --rate 500/s --limit 20",
        "scenarios activate black-friday --for 5m",
        "scenarios deactivate",
        "monitor cache --once",
    ] {
        let said = shop.told(words);
        assert!(said.contains("exit 0"), "{rule}: {said}");
    }
    let report = shop.program("doctor --json").output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    let of_redis = report["findings"].as_array().unwrap().iter().filter(|finding| finding["service"] == "redis");
    let amiss: Vec<_> = of_redis.filter(|finding| finding["level"] != "ok").collect();
    assert!(amiss.len() == 1 && amiss[0]["subject"] == "bench" && amiss[0]["level"] == "note", "{rule}: {amiss:#?}");
    // A measurement has other keys each time, which the rule covers by what they begin with.
    let rule = advised("bench");
    shop.rule(&rule);
    let said = shop.told("bench --orders 1000 --users 1000 --products 1000");
    assert!(said.contains("exit 0"), "{rule}: {said}");
}

#[test]
fn a_refresher_that_stays_says_what_it_lacks_and_goes_on_once_it_has_it() {
    let shop = RuledShop::open();
    shop.rule("~* +@all -rename");
    let mut command = talking("cache refresh --every 1s --metrics-addr 127.0.0.1:0");
    shop.services(&mut command);
    let mut refresher = Running::start(&mut command);
    let patience = std::time::Duration::from_secs(30);
    let said = until(patience, "it says what it lacks", || match refresher.said() {
        said if said.contains("ACL SETUSER") => Ok(said),
        said => Err(said),
    });
    let address = address_in(&said);
    let ready = || told("healthcheck", &mut program(&format!("healthcheck --addr {address}")));
    until(patience, "it is not ready", || match ready() {
        said if said.contains("exit 1") && said.contains("may not run") => Ok(()),
        said => Err(said),
    });
    shop.rule("~* +@all");
    until(patience, "it is ready", || match ready() {
        said if said.contains("exit 0") => Ok(()),
        said => Err(said),
    });
    refresher.stop(patience);
}
