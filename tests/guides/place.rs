//! Where a page runs: a folder, a schema, topics and keys of its own, and nothing of this machine's environment.

use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::page::root;
use crate::support::{Running, ScratchDb, ScratchRedis, ScratchTopics, kafka_brokers, redis_url, until};

/// How long a command that stays may take to be ready, and to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a block may take, in seconds.
const LONGEST_BLOCK: &str = "300";
/// Put before each block: what would build, install or start something is somebody else's test.
const PREAMBLE: &str = "set -euo pipefail\nmake() { :; }\ncargo() { :; }\ndocker() { :; }\n";
/// What pages name in the repository.
const LINKED: [&str; 4] = ["examples", "schemas", "deploy", "docs"];

/// A command that was started and stays.
struct Worker {
    line: String,
    process: Running,
}

/// One page's place. Its parts are dropped in this order: no worker outlives what it works on.
pub struct Place {
    workers: Vec<Worker>,
    folder: tempfile::TempDir,
    db: ScratchDb,
    redis: ScratchRedis,
    topics: ScratchTopics,
}

impl Place {
    /// An empty one.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in LINKED {
            std::os::unix::fs::symlink(root().join(name), folder.path().join(name)).unwrap();
        }
        let (db, redis, topics) = (ScratchDb::empty(), ScratchRedis::new(), ScratchTopics::none());
        Self { workers: Vec::new(), folder, db, redis, topics }
    }

    /// A program that sees this place only.
    fn command(&self, program: &str) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_shopstream"));
        let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.folder.path()).env("PATH", path).env("HOME", self.folder.path());
        command.env("LC_ALL", "C.UTF-8").env("PGCLIENTENCODING", "UTF8").env("COLUMNS", "200");
        command.env("DATABASE_URL", self.db.url()).env("REDIS_URL", redis_url()).env("KAFKA_BROKERS", kafka_brokers());
        command.env("SHOPSTREAM_REDIS_PREFIX", &self.redis.prefix).env("SHOPSTREAM_TOPIC_PREFIX", &self.topics.prefix);
        command
    }

    /// Runs a text as bash would.
    pub fn bash(&self, text: &str) -> Output {
        // `timeout` ends it with status 124: a command that stays and was not marked so must not stop the tests for ever.
        let words = ["-k", "10", LONGEST_BLOCK, "bash", "-c", &format!("{PREAMBLE}{text}")];
        self.command("timeout").args(words).stdin(Stdio::null()).output().unwrap()
    }

    /// Runs SQL as `psql` would.
    pub fn psql(&self, text: &str) -> Output {
        let words = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-P", "pager=off", "-d", self.db.url()];
        let mut child = self
            .command("psql")
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Reads a text as a configuration file.
    pub fn configure(&self, text: &str) -> Output {
        std::fs::write(self.folder.path().join("guide.toml"), text).unwrap();
        self.bash("shopstream --config guide.toml scenarios list")
    }

    /// Starts a command that stays, and waits until it says that it is ready.
    pub fn start(&mut self, line: &str) {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let mut command = self.command("bash");
        command.args(["-c", &format!("exec {line}")]).env("SHOPSTREAM_METRICS_ADDR", &address);
        let mut process = Running::start(&mut command);
        until(PATIENCE, line, || {
            let said = process.said();
            assert!(process.runs(), "{line} ended:\n{said}");
            let asked = self.bash(&format!("shopstream healthcheck --addr {address}"));
            if asked.status.success() {
                Ok(())
            } else {
                Err(format!("{}\n{said}", String::from_utf8_lossy(&asked.stderr)))
            }
        });
        self.workers.push(Worker { line: line.to_owned(), process });
    }

    /// Asks the last started first, and holds that each ends well.
    pub fn stop_workers(&mut self) {
        while let Some(mut worker) = self.workers.pop() {
            let status = worker.process.stop(PATIENCE);
            assert!(status.success(), "{} ended with {status}:\n{}", worker.line, worker.process.said());
        }
    }
}
