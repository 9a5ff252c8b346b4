//! Redis, broken in each way that the doctor claims to find and a shared server bears.

use std::process::Command;

use redis::{Commands, cmd};

use crate::consultation::Consultation;
use crate::shop::Shop;
use crate::support::*;

fn doctor_at(url: &str, prefix: &str) -> Consultation {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
    command.args(["doctor", "--json"]).env_clear().env("REDIS_URL", url).env("SHOPSTREAM_REDIS_PREFIX", prefix);
    Consultation::hold(&mut command)
}

fn doctor(scratch: &ScratchRedis) -> Consultation {
    doctor_at(&redis_url(), &scratch.prefix)
}

#[test]
fn a_cache_without_a_pool_is_a_problem() {
    let scratch = ScratchRedis::new();
    let found = doctor(&scratch);
    found.says("redis", "pool", "", "problem", "there is no pool", "shopstream cache refresh --every 50s");
    found.says("redis", "privileges", "", "ok", "deleted by a script", "");
    assert_eq!(scratch.keys(), Vec::<String>::new(), "what was tried is gone");
}

#[test]
fn a_pool_is_old_when_its_worker_has_stopped() {
    let shop = Shop::seeded(300, 300);
    shop.run("cache refresh");
    let ask = || Consultation::hold(&mut shop.program("doctor --json"));
    ask().says("redis", "pool", "", "ok", "by hand", "");
    let redis = &mut shop.redis.connect();
    let meta = format!("{}pool:meta", shop.redis.prefix);
    let _: () = redis.hset(&meta, "interval_ms", 1_000).unwrap();
    let refreshed: i64 = redis.hget(&meta, "refreshed_at_ms").unwrap();
    let _: () = redis.hset(&meta, "refreshed_at_ms", refreshed - 600_000).unwrap();
    ask().says("redis", "pool", "", "warning", "the cache worker has stopped", "cache refresh --every");
    let _: () = redis.hset(&meta, "interval_ms", 0).unwrap();
    ask().says("redis", "pool", "", "note", "nobody keeps it fresh", "cache refresh --every");
    let _: () = redis.del(format!("{}pool:users", shop.redis.prefix)).unwrap();
    ask().says("redis", "pool", "", "problem", "has lost its members (0 customers", "cache refresh --every");
}

#[test]
fn a_key_that_is_no_pool_is_told_and_the_rest_is_still_looked_at() {
    let scratch = ScratchRedis::new();
    let _: () = scratch.connect().set(format!("{}pool:users", scratch.prefix), "not a hash").unwrap();
    let found = doctor(&scratch);
    found.says("redis", "pool", "", "problem", "WRONGTYPE", "");
    found.says("redis", "version", "", "ok", "", "");
}

#[test]
fn a_scenario_switched_on_by_hand_is_told_with_its_end() {
    let scratch = ScratchRedis::new();
    doctor(&scratch).says("redis", "scenario", "", "ok", "the calendar is in force", "");
    let _: () = scratch.connect().pset_ex(format!("{}scenario", scratch.prefix), "golf", 1_800_000).unwrap();
    doctor(&scratch).says(
        "redis",
        "scenario",
        "",
        "note",
        "golf is switched on by hand, until 20",
        "scenarios deactivate",
    );
}

#[test]
fn a_user_who_may_not_write_is_found_by_trying() {
    let scratch = ScratchRedis::new();
    let admin = &mut scratch.connect();
    // A user's name has no colon in a URL; the keys keep theirs.
    let name = scratch.prefix.trim_end_matches(':').to_owned();
    let user = |rules: &[&str]| {
        let mut command = cmd("ACL");
        command.arg("SETUSER").arg(&name).arg("reset").arg("on").arg(">geheim").arg("~*").arg(rules);
        command
    };
    let url = redis_url().replace("redis://", &format!("redis://{name}:geheim@"));
    user(&["+@all", "-@write"]).query::<()>(admin).unwrap();
    let no_writes = doctor_at(&url, &scratch.prefix);
    cmd("ACL")
        .arg("SETUSER")
        .arg(&name)
        .arg(&["reset", "on", ">geheim", "+@all"])
        .arg(format!("~{name}*"))
        .query::<()>(admin)
        .unwrap();
    let own_keys = doctor_at(&url, &scratch.prefix);
    user(&["+@all", "-@scripting", "-info"]).query::<()>(admin).unwrap();
    let no_scripts = doctor_at(&url, &scratch.prefix);
    let wrong = doctor_at(&url.replace("geheim", "falsch"), &scratch.prefix);
    cmd("ACL").arg("DELUSER").arg(&name).query::<()>(admin).unwrap();
    no_writes.says("redis", "privileges", "", "problem", "may not run PSETEX", "ACL SETUSER");
    no_scripts.says("redis", "privileges", "", "problem", "may not run", "ACL SETUSER");
    own_keys.says("redis", "privileges", "", "ok", "deleted by a script", "");
    own_keys.says("redis", "privileges", "bench", "note", "bench alone needs", "'~shopstream_bench_*'");
    no_scripts.says("redis", "version", "", "note", "may not ask (INFO)", "");
    wrong.says("redis", "reachable", "", "problem", "does not let this user in", "REDIS_URL");
    assert!(![no_writes, no_scripts, wrong].iter().any(|said| said.report.to_string().contains("geheim")));
}

#[test]
fn a_url_that_is_none_of_redis_is_told() {
    doctor_at("http://127.0.0.1/", "x:").says("redis", "reachable", "", "problem", "is not one", "redis://");
}
