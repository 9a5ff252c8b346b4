//! A Prometheus of a test's own, with the configuration of deploy/prometheus, and questions to it.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use shopstream::telemetry::{Address, probe};
use tempfile::TempDir;

use crate::boards::{deploy, read};
use crate::proxy::{self, Places};
use crate::support::{Running, until};

const PATIENCE: Duration = Duration::from_secs(60);

/// Killed when the value is dropped, and its data with it.
pub struct Prometheus {
    process: Running,
    address: Address,
    _folder: TempDir,
}

impl Prometheus {
    /// Starts it, scraping every second through a proxy that knows these places; all else is as in the file.
    pub fn start(places: &Places) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let proxy = proxy::start(Places::clone(places));
        let configuration = replace(read("prometheus/prometheus.yaml"), "_interval: 15s", "_interval: 1s");
        let configuration = replace(configuration, "scrape_timeout: 5s", "scrape_timeout: 1s");
        let through = format!("    proxy_url: http://{proxy}\n    static_configs:\n");
        let configuration = replace(configuration, "    static_configs:\n", &through);
        fs::write(folder.path().join("prometheus.yaml"), configuration).unwrap();
        fs::copy(deploy("prometheus/alerts.yaml"), folder.path().join("alerts.yaml")).unwrap();
        let address = free_address();
        places.lock().unwrap().insert("localhost:9090".to_owned(), address);
        let mut command = Command::new("prometheus");
        command.current_dir(folder.path()).args([
            "--config.file=prometheus.yaml",
            "--storage.tsdb.path=data",
            "--log.level=warn",
            &format!("--web.listen-address={address}"),
        ]);
        let mut this = Self { process: Running::start(&mut command), address: address.into(), _folder: folder };
        let ready = until(PATIENCE, "Prometheus is ready", || {
            let answer = probe::get(&this.address, "/-/ready", Duration::from_secs(5));
            match answer {
                Ok(answer) if answer.status == 200 => Ok(true),
                _ if !this.process.runs() => Ok(false),
                other => Err(format!("{other:?}")),
            }
        });
        assert!(ready, "Prometheus ended; it said:\n{}", this.process.said());
        this
    }

    fn get(&self, path: &str) -> Value {
        let answer = probe::get(&self.address, path, Duration::from_secs(10)).unwrap();
        let json: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{path}: {}", answer.body));
        assert_eq!(json["status"], "success", "{path}: {}", answer.body);
        json["data"].clone()
    }

    /// The series that a query gives now: labels and value.
    pub fn query(&self, promql: &str) -> Vec<Value> {
        let found = self.get(&format!("/api/v1/query?query={}", encoded(promql)));
        match found["resultType"].as_str() {
            Some("vector") => found["result"].as_array().unwrap().clone(),
            other => panic!("{promql} gives a {other:?}"),
        }
    }

    /// Everything that is scraped.
    pub fn targets(&self) -> Vec<Value> {
        self.get("/api/v1/targets?state=active")["activeTargets"].as_array().unwrap().clone()
    }

    /// Alerts that are pending or firing.
    pub fn alerts(&self) -> Vec<Value> {
        self.get("/api/v1/alerts")["alerts"].as_array().unwrap().clone()
    }

    /// The rules of alerts.yaml, as it has loaded them.
    pub fn rules(&self) -> Vec<Value> {
        let groups = self.get("/api/v1/rules")["groups"].as_array().unwrap().clone();
        groups.iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
    }
}

/// Replaces something that must be there.
fn replace(text: String, what: &str, with: &str) -> String {
    assert!(text.contains(what), "the configuration has no {what:?}");
    text.replace(what, with)
}

/// Prometheus says nowhere which port it took, so it is told one that is free at the moment.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
