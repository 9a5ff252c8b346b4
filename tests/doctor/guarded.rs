//! Rights on Kafka, on a broker of this test's own that has rules about them.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::consultation::Consultation;
use crate::support::*;

const PATIENCE: Duration = Duration::from_secs(90);
const TOPICS: [&str; 6] = ["users", "products", "orders", "users.dlq", "products.dlq", "orders.dlq"];

/// The broker; it ends when this is dropped, or when this process ends, however it does.
struct Broker {
    folder: tempfile::TempDir,
    address: String,
    process: Child,
}

impl Broker {
    fn start() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let installed = Command::new(here.join("deploy/local/services")).args(["install", "kafka"]).output().unwrap();
        assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
        let folder = tempfile::tempdir().unwrap();
        let port = two_free_ports();
        let mut command = Command::new(here.join("tests/doctor/broker.sh"));
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

    /// The program, as this user.
    fn program(&self, user: &str, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
        command.args(words.split(' ')).env_clear().env("KAFKA_BROKERS", &self.address);
        let login =
            format!("security.protocol=SASL_PLAINTEXT sasl.mechanism=PLAIN sasl.username={user} sasl.password={user}");
        command.env("KAFKA_OPTION", login);
        command
    }

    fn doctor(&self, user: &str) -> Consultation {
        Consultation::hold(&mut self.program(user, "doctor --json"))
    }

    /// Gives the user shop what these words say, as Kafka's own tool takes them.
    fn allow(&self, words: &str) {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/local/kafka-tool");
        let mut command = Command::new(tool);
        command.args(["AclCommand", "--bootstrap-server", &self.address, "--command-config"]);
        command.arg(self.folder.path().join("admin.properties"));
        command.args(["--add", "--allow-principal", "User:shop"]).args(words.split(' '));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Broker {
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

#[test]
fn each_right_that_a_user_lacks_is_found_by_trying_and_no_message_is_left() {
    let broker = Broker::start();
    until(PATIENCE, "the topics are made", || {
        let output = broker.program("admin", "topics create --replication 1").output().unwrap();
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    });

    let nothing = broker.doctor("shop");
    for topic in TOPICS {
        nothing.says("kafka", "topic", topic, "problem", "may not see it", "--operation Describe");
    }
    nothing.says("kafka", "privileges", "producer", "problem", "no producer gets an id", "IdempotentWrite");

    broker.allow("--operation Describe --operation DescribeConfigs --topic *");
    // Each broker hears of a new rule a little later.
    let seen = until(PATIENCE, "the rules are known", || {
        let found = broker.doctor("shop");
        let text = found.report.to_string();
        let told = |what: &str| text.matches(what).count() == TOPICS.len();
        if told("it cannot be read") && told("it may not be written") { Ok(found) } else { Err(text) }
    });
    for topic in TOPICS {
        seen.says("kafka", "privileges", topic, "problem", "cannot be read", "--operation Read");
        seen.says("kafka", "privileges", topic, "problem", "may not be written", "--operation Write");
    }
    seen.says("kafka", "group", "orders_group", "problem", "orders_group", "--group orders_group");

    broker.allow("--operation Read --topic * --group *");
    broker.allow("--operation Write --topic *");
    let able = until(PATIENCE, "the rules are known", || {
        let found = broker.doctor("shop");
        if found.report.to_string().contains("Authorization") { Err(found.report.to_string()) } else { Ok(found) }
    });
    able.says("kafka", "privileges", "", "ok", "may be read and written", "");
    able.says("kafka", "version", "", "note", "cannot be read", "");
    broker.doctor("admin").says("kafka", "version", "", "ok", "Kafka 4.0 or newer", "");
    for topic in TOPICS {
        able.says("kafka", "topic", topic, "warning", "replication 1 instead of 3", "kafka-reassign-partitions.sh");
    }

    let mut dump = broker.program("admin", "dlq inspect orders");
    let said = String::from_utf8(dump.output().unwrap().stdout).unwrap();
    assert!(said.contains("There are no dead letters"), "{said}");
    let mut verified = broker.program("admin", "doctor");
    let said = String::from_utf8(verified.output().unwrap().stdout).unwrap();
    assert_eq!(said.matches("nothing waiting").count(), 3, "the topics are empty: {said}");

    let wrong = Consultation::hold(broker.program("shop", "doctor --json").env(
        "KAFKA_OPTION",
        "security.protocol=SASL_PLAINTEXT sasl.mechanism=PLAIN sasl.username=shop sasl.password=geheim",
    ));
    wrong.says("kafka", "reachable", "", "problem", "", "--kafka-option security.protocol");
    assert!(!wrong.report.to_string().contains("geheim"));
}
