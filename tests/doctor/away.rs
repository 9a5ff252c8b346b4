//! Services that are away, hang, or were never configured: one finding each, the others are still examined, and in time.

use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use crate::consultation::Consultation;
use crate::shop::Shop;
use crate::support::*;

/// Time in which everything must be said, the program's start included.
const PROMISED: Duration = Duration::from_secs(10);

#[test]
fn a_program_without_any_service_is_well() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
    let found = Consultation::hold(command.args(["doctor", "--json"]).env_clear());
    for (service, variable) in [("postgresql", "DATABASE_URL"), ("redis", "REDIS_URL"), ("kafka", "KAFKA_BROKERS")] {
        found.says(service, "configured", "", "note", "files", variable);
    }
    assert_eq!((found.exit, found.stderr.as_str()), (0, ""));
    assert!(found.took < Duration::from_secs(3), "{:?}", found.took);
}

#[test]
fn a_service_that_is_away_is_one_finding_and_the_others_are_examined() {
    let shop = Shop::seeded(50, 50);
    shop.run("cache refresh");
    for (service, variable, address) in [
        ("postgresql", "DATABASE_URL", "postgres://shop:geheim@127.0.0.1:1/shop"),
        ("redis", "REDIS_URL", "redis://:geheim@127.0.0.1:1"),
        ("kafka", "KAFKA_BROKERS", "127.0.0.1:1"),
    ] {
        let mut command = shop.program("doctor --json");
        let found = Consultation::hold(command.env(variable, address));
        found.says(service, "reachable", "", "problem", "cannot be reached", "make up");
        let of_it = found.report["findings"].as_array().unwrap().iter().filter(|f| f["service"] == service).count();
        assert_eq!(of_it, 1, "{service}: {:#}", found.report);
        for other in ["postgresql", "redis", "kafka"].into_iter().filter(|other| *other != service) {
            found.says(other, "reachable", "", "ok", "", "");
        }
        assert_eq!(found.report["counts"]["problems"], 1, "{:?}", found.complaints());
        assert!(!found.report.to_string().contains("geheim") && found.took < PROMISED, "{:?}", found.took);
    }
}

#[test]
fn ports_that_accept_and_say_nothing_do_not_hang_it() {
    // The kernel completes the handshake; nobody ever reads or writes.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
    command.args(["doctor", "--json"]).env_clear();
    command.env("DATABASE_URL", format!("postgres://shop:geheim@{address}/shop"));
    command.env("REDIS_URL", format!("redis://{address}")).env("KAFKA_BROKERS", address.to_string());
    let found = Consultation::hold(&mut command);
    let what = format!("{} does not answer, though it takes connections", address.port());
    found.says("redis", "reachable", "", "problem", &what, "look at its log and its machine");
    found.says("kafka", "reachable", "", "problem", &what, "security.protocol");
    let what = format!("{address}, database \"shop\", user \"shop\" does not answer, though it takes connections");
    found.says("postgresql", "reachable", "", "problem", &what, "look at its log and its machine");
    assert!(!found.report.to_string().contains("geheim") && !found.report["findings"].to_string().contains("make up"));
    assert!(found.took < PROMISED, "{:?}", found.took);
    println!("three silent ports: {:.1} s", found.took.as_secs_f64());
}

#[test]
fn one_silent_broker_among_others_is_named() {
    let topics = ScratchTopics::create();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let mut command = topics.program(&["doctor", "--json"]);
    command.env("KAFKA_BROKERS", format!("{},{address}", kafka_brokers()));
    let found = Consultation::hold(&mut command);
    found.says("kafka", "broker", &address, "warning", "does not answer", "KAFKA_BROKERS");
    found.says("kafka", "topic", "", "ok", "all 6", "");
    assert!(found.took < PROMISED, "{:?}", found.took);
}

#[test]
fn a_signal_ends_it_at_once() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
    command.args(["doctor", "-v"]).env_clear();
    command.env("REDIS_URL", format!("redis://{}", silent.local_addr().unwrap()));
    let mut doctor = Running::start(&mut command);
    until(Duration::from_secs(5), "it has begun", || match doctor.said() {
        said if said.contains("examining") => Ok(()),
        said => Err(said),
    });
    doctor.signal("TERM");
    assert_eq!(doctor.wait(Duration::from_secs(2)).code(), Some(143));
}
