//! What only a server of one's own may be broken for: clocks, memory, places, roles, a slow line, a full disk.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use shopstream::db;

use crate::consultation::Consultation;
use crate::own::{OwnPostgres, OwnRedis, SmallDisk};
use crate::support::*;

fn doctor(variable: &str, value: &str) -> Consultation {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
    Consultation::hold(command.args(["doctor", "--json"]).env_clear().env(variable, value))
}

#[test]
fn a_postgresql_whose_clock_is_wrong_whose_places_run_out_and_that_becomes_a_standby_is_found_out() {
    let mut own = OwnPostgres::start();
    let ask = |own: &OwnPostgres| doctor("DATABASE_URL", &own.url());
    let well = ask(&own);
    for check in ["clock", "oldest_transaction", "writable", "connections"] {
        well.says("postgresql", check, "", "ok", "", "");
    }

    // Another's transaction is open, and then the clock is ten minutes on.
    let mut other = db::connect(&own.url()).unwrap();
    other.batch_execute("BEGIN; SELECT 1").unwrap();
    own.clock.set("+600s");
    let wrong = ask(&own);
    wrong.says("postgresql", "clock", "", "problem", "ahead of this machine's", "NTP");
    wrong.says("postgresql", "oldest_transaction", "", "warning", "open for 10 min", "pg_terminate_backend(");
    own.clock.set("+3s");
    ask(&own).says("postgresql", "clock", "", "warning", "ahead of this machine's", "NTP");
    own.clock.set("+0s");
    other.batch_execute("COMMIT").unwrap();

    let sessions: Vec<_> = (0..15).map(|_| db::connect(&own.url()).unwrap()).collect();
    ask(&own).says("postgresql", "connections", "", "warning", "of 27 connections are left", "max_connections");
    drop((sessions, other));

    own.become_standby();
    let standby = ask(&own);
    standby.says("postgresql", "writable", "", "problem", "standby", "name the primary in DATABASE_URL");
}

#[test]
fn a_redis_that_could_evict_the_pool_or_is_full_is_found() {
    let redis = OwnRedis::start(&[]);
    let ask = || doctor("REDIS_URL", &redis.url());
    ask().says("redis", "eviction", "", "ok", "no limit of memory", "");
    redis.tell(&["CONFIG", "SET", "maxmemory", "1gb"]);
    redis.tell(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    ask().says("redis", "eviction", "", "warning", "may evict the pool", "maxmemory-policy noeviction");
    redis.tell(&["CONFIG", "SET", "maxmemory-policy", "volatile-ttl"]);
    ask().says("redis", "eviction", "", "note", "the pool stays", "maxmemory-policy noeviction");
    redis.tell(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    let used = ask();
    used.says("redis", "eviction", "", "ok", "writes are refused", "");
    used.says("redis", "memory", "", "ok", "used", "");

    // 40 MB in it, and the limit a little above or below that.
    redis.tell(&["SETRANGE", "ballast", "40000000", "x"]);
    redis.tell(&["CONFIG", "SET", "maxmemory", "46000000"]);
    ask().says("redis", "memory", "", "warning", "of 46.0 MB used", "CONFIG SET maxmemory");
    redis.tell(&["CONFIG", "SET", "maxmemory", "30000000"]);
    let full = ask();
    full.says("redis", "memory", "", "problem", "writes are refused", "CONFIG SET maxmemory");
    full.says("redis", "privileges", "", "problem", "OOM", "maxmemory");
}

#[test]
fn a_replica_is_told_with_the_name_of_its_primary() {
    let primary = OwnRedis::start(&[]);
    let replica = OwnRedis::start(&["--replicaof", "127.0.0.1", &primary.port().to_string()]);
    let found = doctor("REDIS_URL", &replica.url());
    found.says("redis", "writable", "", "problem", "is a replica of", &primary.url());
    // Another, whose administrator took a command away.
    let maimed = OwnRedis::start(&["--rename-command", "INFO", ""]);
    doctor("REDIS_URL", &maimed.url()).says("redis", "server", "", "problem", "unknown command", "log");
}

/// Hands on what goes between clients and a server; every answer comes late.
fn slow_line_to(server: String, late: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let hand_on = |mut from: TcpStream, mut to: TcpStream, late: Duration| {
        let mut bytes = [0; 65_536];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            thread::sleep(late);
            if to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    };
    thread::spawn(move || {
        for client in listener.incoming().filter_map(Result::ok) {
            let server = TcpStream::connect(&server).unwrap();
            let (asks, answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || hand_on(asks, server, Duration::ZERO));
            thread::spawn(move || hand_on(answers, client, late));
        }
    });
    address
}

#[test]
fn a_server_that_answers_too_slowly_to_be_examined_in_time_is_told_with_what_is_known() {
    let scratch = ScratchDb::migrated();
    let (login, place) = scratch.url().split_once('@').unwrap();
    let (server, rest) = place.split_once('/').unwrap();
    let slow = slow_line_to(server.to_owned(), Duration::from_millis(350));
    let found = doctor("DATABASE_URL", &format!("{login}@{slow}/{rest}"));
    found.says("postgresql", "reachable", "", "ok", "", "");
    found.says("postgresql", "in_time", "", "problem", "not done after 9 s", "the load and the log of PostgreSQL");
    assert!(found.took < Duration::from_secs(10), "{:?}", found.took);
}

#[test]
fn a_disk_with_little_room_is_a_warning_and_a_full_one_a_problem() {
    for (megabytes, level) in [(40, "problem"), (1_000, "warning")] {
        let disk = match SmallDisk::mount(megabytes) {
            Ok(disk) => disk,
            Err(why) => {
                // Past the capture: what a test prints is hidden when it passes.
                let text = format!("NOT TRIED, a small disk: none can be mounted here: {why}\n");
                std::io::stderr().write_all(text.as_bytes()).unwrap();
                return;
            }
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
        command.args(["doctor", "--json"]).env_clear().env("TMPDIR", disk.path()).current_dir(disk.path());
        let found = Consultation::hold(&mut command);
        found.says("machine", "temporary_folder", "", level, "free", "backfill --out DIR");
        found.says("machine", "working_folder", "", level, "free", "backfill --out DIR");
    }
}

#[test]
fn a_working_folder_that_was_removed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.arg("-c").arg(r#"mkdir gone && cd gone && rmdir ../gone && exec "$0" doctor --json"#);
    command.arg(env!("CARGO_BIN_EXE_shopstream")).current_dir(folder.path()).env_clear();
    let found = Consultation::hold(command.env("PATH", std::env::var("PATH").unwrap()));
    found.says("machine", "working_folder", "", "problem", "cannot be", "");
}
