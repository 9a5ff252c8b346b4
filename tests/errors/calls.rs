//! Calling the program, and what came of it as text.

use std::io::{Read, Seek};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

/// The program, which knows of no service yet.
pub fn program(words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
    command.arg("-q").args(words.split_whitespace()).env_clear().env("COLUMNS", "100").stdin(Stdio::null());
    command
}

/// The same, with its log.
pub fn talking(words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
    command.args(words.split_whitespace()).env_clear().stdin(Stdio::null());
    command
}

/// Where a program that stays says that it serves its readiness.
pub fn address_in(log: &str) -> &str {
    let (_, rest) =
        log.split_once("serving /metrics, /healthz and /readyz address=").unwrap_or_else(|| panic!("{log}"));
    rest.split_whitespace().next().unwrap()
}

/// A call must have ended by then, with whatever error: what a server refuses is refused the next time too. A measurement takes half a
/// minute, and longer where other tests run beside it.
const LONGEST: Duration = Duration::from_secs(240);

/// The call, and what came of it; what differs from run to run is for filters.
pub fn told(words: &str, command: &mut Command) -> String {
    let (mut said, began) = (tempfile::tempfile().unwrap(), Instant::now());
    let mut child = command.stdout(Stdio::null()).stderr(said.try_clone().unwrap()).spawn().unwrap();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > LONGEST {
            child.kill().unwrap();
        }
        thread::sleep(Duration::from_millis(10));
    };
    let mut text = String::new();
    said.rewind().unwrap();
    said.read_to_string(&mut text).unwrap();
    assert!(began.elapsed() < LONGEST, "{words} does not end; it said: {text}");
    assert!(!text.contains("geheim"), "{text}");
    format!("$ shopstream {words}\nexit {}\n{text}\n", status.code().unwrap_or(-1))
}

/// All calls side by side: some wait for brokers that are not there.
pub fn all_told(calls: &[&str], prepare: impl Fn(&mut Command) + Sync) -> String {
    let one = |words: &&str| {
        let mut command = program(words);
        prepare(&mut command);
        told(words, &mut command)
    };
    thread::scope(|scope| {
        let calls: Vec<_> = calls.iter().map(|words| scope.spawn(|| one(words))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    })
}

/// Snapshots without what differs between machines and runs.
pub fn settled() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    let url = database_url();
    let (login, rest) = url.split_once("://").unwrap().1.split_once('@').unwrap();
    let user = login.split(':').next().unwrap();
    let address = rest.split(['/', '?']).next().unwrap();
    settings.add_filter(r"test_\d+_\d+_\d+", "SCHEMA");
    settings.add_filter(r"shopstream_bench_\w+", "SCHEMA");
    settings.add_filter(&address.replace('.', r"\."), "HOST:PORT");
    settings.add_filter(&format!(r#"user "{user}""#), r#"user "USER""#);
    settings.add_filter(&format!(r"\bTO {user}\b"), "TO USER");
    let redis = redis_url();
    settings.add_filter(&redis.rsplit(['/', '@']).next().unwrap().replace('.', r"\."), "REDIS:PORT");
    settings
}
