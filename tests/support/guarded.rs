//! A Kafka broker of a test's own that asks who everybody is and has rules about who may do what.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::until;

/// How long it may take to start: two cores may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(90);

/// The broker; it ends when this is dropped, or when this process ends, however it does.
pub struct GuardedBroker {
    folder: tempfile::TempDir,
    address: String,
    process: Child,
}

impl GuardedBroker {
    /// Starts it, and waits until it listens.
    pub fn start() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let installed = Command::new(here.join("deploy/local/services")).args(["install", "kafka"]).output().unwrap();
        assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
        let folder = tempfile::tempdir().unwrap();
        let port = two_free_ports();
        let mut command = Command::new(here.join("tests/support/broker.sh"));
        command.arg(folder.path()).arg(port.to_string()).stdin(Stdio::piped()).stdout(Stdio::null());
        command.stderr(File::create(folder.path().join("script.log")).unwrap());
        let process = command.spawn().unwrap();
        let mut broker = Self { folder, address: format!("127.0.0.1:{port}"), process };
        until(PATIENCE, "the broker listens", || {
            assert!(broker.process.try_wait().unwrap().is_none(), "it ended: {}", broker.log());
            TcpStream::connect(&broker.address).map(drop).map_err(|error| error.to_string())
        });
        broker
    }

    fn log(&self) -> String {
        ["script.log", "console.log"]
            .iter()
            .map(|name| std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default())
            .collect()
    }

    /// Lets a program be this user, whose password is its name.
    pub fn log_in(&self, user: &str, command: &mut Command) {
        let login =
            format!("security.protocol=SASL_PLAINTEXT sasl.mechanism=PLAIN sasl.username={user} sasl.password={user}");
        command.env("KAFKA_BROKERS", &self.address).env("KAFKA_OPTION", login);
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The program, as this user.
    pub fn program(&self, user: &str, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
        command.args(words.split_whitespace()).env_clear();
        self.log_in(user, &mut command);
        command
    }

    /// Gives a user what these words say, as Kafka's own tool takes them.
    pub fn allow(&self, user: &str, words: &str) {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/local/kafka-tool");
        let mut command = Command::new(tool);
        command.args(["AclCommand", "--bootstrap-server", &self.address, "--command-config"]);
        command.arg(self.folder.path().join("admin.properties"));
        command.args(["--add", "--allow-principal", &format!("User:{user}")]).args(words.split(' '));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for GuardedBroker {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn two_free_ports() -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if first < u16::MAX && TcpListener::bind(("127.0.0.1", first + 1)).is_ok() {
            return first;
        }
    }
}
