//! `grades update --every` and `healthcheck` beside it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::exposition::{assert_cumulative, assert_documented, samples};
use crate::proxy::Proxy;
use crate::support::*;

fn shopstream(line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
    command.args(line.split(' ')).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Exit status and both streams.
fn run(mut command: Command) -> (i32, String) {
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

/// A running updater, and where it tells.
struct Updater {
    child: Child,
    address: String,
    updates: std::sync::mpsc::Receiver<String>,
}

impl Updater {
    fn start(url: &str) -> Self {
        Self::start_every("1s", url)
    }

    fn start_every(every: &str, url: &str) -> Self {
        let mut command = shopstream(&format!("grades update --every {every} --metrics-addr 127.0.0.1:0"));
        let mut child = command.env("DATABASE_URL", url).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let (said, updates) = std::sync::mpsc::channel();
        // Read to the end, or the updater would wait for somebody to read.
        std::thread::spawn(move || lines.for_each(|line| said.send(line).unwrap_or_default()));
        let mut updater = Self { child, address: String::new(), updates };
        let serving = updater.next("serving /metrics, /healthz and /readyz address=");
        updater.address = serving.rsplit_once('=').unwrap().1.to_owned();
        updater
    }

    /// The next line of the log with this word.
    fn next(&self, word: &str) -> String {
        let lines = std::iter::from_fn(|| self.updates.recv_timeout(Duration::from_secs(20)).ok());
        lines.into_iter().find(|line| line.contains(word)).unwrap_or_else(|| panic!("it never said {word:?}"))
    }

    /// Status, head and body of a page.
    fn get(&self, path: &str, accept: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\nAccept: {accept}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_ascii_lowercase(), body.to_owned())
    }

    fn healthcheck(&self) -> (i32, String) {
        run(shopstream(&format!("healthcheck --addr {}", self.address)))
    }

    fn stop(mut self) {
        assert!(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        assert!(TcpStream::connect(&self.address).is_err(), "nobody listens any more");
    }
}

impl Drop for Updater {
    fn drop(&mut self) {
        // Of a test that failed.
        let _ = self.child.kill();
    }
}

#[test]
fn an_updater_tells_what_it_did_in_both_formats() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    let riser = user(at(2020, 1, 1));
    store(conn, &[riser.clone(), user(at(2020, 1, 1))]).unwrap();
    let yesterday = shopstream::domain::Timestamp::from(chrono::Utc::now()).plus_secs(-86_400);
    store(conn, &(0..30).map(|_| order(riser.id, yesterday, 200_000)).collect::<Vec<_>>()).unwrap();

    let updater = Updater::start(scratch.url());
    updater.next("grades updated");
    updater.next("grades updated");
    let (status, head, page) = updater.get("/metrics", "*/*");
    assert!(status == 200 && head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    assert_documented(&page);
    let told = samples(&page);
    assert_eq!(told["shopstream_grades_promotions_total"], 1.0, "{page}");
    assert_eq!(told["shopstream_grades_demotions_total"], 0.0);
    assert!(told["shopstream_grades_updates_total{outcome=\"done\"}"] >= 2.0);
    assert_eq!(told["shopstream_grades_updates_total{outcome=\"failed\"}"], 0.0);
    assert_eq!(told["shopstream_grades_updates_total{outcome=\"skipped\"}"], 0.0);
    assert_eq!(told["shopstream_grades_customers{grade=\"BRONZE\"}"], 1.0);
    assert_eq!(told["shopstream_grades_customers{grade=\"VIP\"}"], 1.0);
    assert_eq!(told["shopstream_part_ready{part=\"postgres\"}"], 1.0);
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    for moment in ["grades_last_success_timestamp", "process_start_time"] {
        let told = told[&format!("shopstream_{moment}_seconds")];
        assert!((now - 60.0..=now).contains(&told), "{moment} {told}");
    }
    assert!(told.keys().any(|series| series.starts_with("shopstream_build_info{version=\"")), "{page}");
    assert_cumulative(&told, "shopstream_grades_update_duration_seconds");
    assert!(!page.contains("postgres://"), "{page}");

    let (_, head, open) = updater.get("/metrics", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{head}");
    assert!(open.ends_with("# EOF\n"), "{open}");
    let series =
        |page: &str| samples(page).into_keys().map(|series| series.replace(".0\"}", "\"}")).collect::<Vec<_>>();
    let (mut open, mut plain) = (series(&open), series(&page));
    open.sort();
    plain.sort();
    assert_eq!(open, plain, "they write a bucket's whole seconds differently, and nothing else");
    updater.stop();
}

#[test]
fn an_updater_is_not_ready_while_its_database_is_away() {
    let scratch = ScratchDb::migrated();
    let proxy = Proxy::to(scratch.url());
    let updater = Updater::start(proxy.url());
    updater.next("grades updated");
    assert_eq!(updater.healthcheck(), (0, "ready\n".to_owned()));

    proxy.close();
    updater.next("grades were not updated");
    let (status, _, body) = updater.get("/readyz", "*/*");
    assert!(status == 503 && body.starts_with("postgres: "), "{status} {body}");
    let (code, said) = updater.healthcheck();
    let expected = format!("error: the worker at {} is not ready\n  postgres: ", updater.address);
    assert!(code == 1 && said.starts_with(&expected), "{code} {said}");
    assert_eq!(updater.get("/healthz", "*/*").0, 200, "it lives");
    let told = samples(&updater.get("/metrics", "*/*").2);
    assert!(told["shopstream_grades_updates_total{outcome=\"failed\"}"] >= 1.0);
    assert_eq!(told["shopstream_part_ready{part=\"postgres\"}"], 0.0);

    proxy.open();
    let deadline = Instant::now() + Duration::from_secs(20);
    while updater.healthcheck().0 != 0 {
        assert!(Instant::now() < deadline, "it never became ready again");
        std::thread::sleep(Duration::from_millis(50));
    }
    updater.stop();
}

#[test]
fn an_updater_that_failed_tries_again_before_its_next_turn_is_due() {
    let scratch = ScratchDb::migrated();
    let proxy = Proxy::to(scratch.url());
    let updater = Updater::start_every("10s", proxy.url());
    updater.next("grades updated");
    proxy.close();
    updater.next("grades were not updated");
    let failed = Instant::now();
    updater.next("grades were not updated");
    assert!(failed.elapsed() < Duration::from_secs(8), "{:?}", failed.elapsed());
    proxy.open();
    updater.next("grades updated");
    updater.stop();
}

#[test]
fn the_variable_names_the_address_to_workers_and_to_healthcheck() {
    let scratch = ScratchDb::migrated();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("0.0.0.0:{port}");
    let mut worker = shopstream("grades update --every 1s");
    worker.env("DATABASE_URL", scratch.url()).env("SHOPSTREAM_METRICS_ADDR", &address).stderr(Stdio::null());
    let mut worker = worker.spawn().unwrap();
    let ask = || {
        let mut command = shopstream("healthcheck");
        command.env("SHOPSTREAM_METRICS_ADDR", &address);
        run(command)
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    while ask().0 != 0 {
        assert!(Instant::now() < deadline, "{:?}", ask());
        std::thread::sleep(Duration::from_millis(50));
    }
    // A second worker finds the port taken, and says what to do.
    let mut second = shopstream("grades update --every 1s");
    second.env("DATABASE_URL", scratch.url()).env("SHOPSTREAM_METRICS_ADDR", &address);
    let (code, said) = run(second);
    assert!(code == 1 && said.contains(&format!("cannot be served at {address}")), "{code} {said}");
    assert!(said.contains("help: another process listens there"), "{said}");
    worker.kill().unwrap();
    worker.wait().unwrap();
    let (code, said) = ask();
    assert!(code == 1 && said.contains(&format!("nobody listens at 127.0.0.1:{port}")), "{code} {said}");
}

#[test]
fn an_empty_variable_or_none_serves_nothing_and_a_wrong_one_is_named() {
    let scratch = ScratchDb::migrated();
    let with = |value: &str, line: &str| {
        let mut command = shopstream(line);
        command.env("DATABASE_URL", scratch.url()).env("SHOPSTREAM_METRICS_ADDR", value);
        run(command)
    };
    let (code, said) = with("9464", "grades update --every 1s");
    assert!(code == 2 && said.contains("environment variable SHOPSTREAM_METRICS_ADDR: \"9464\""), "{code} {said}");
    assert_eq!(with("0.0.0.0:9464", "grades update").0, 0, "who does not stay serves nothing");
    let (code, said) = with("", "healthcheck");
    assert!(code == 2 && said.contains("no address of a worker was given"), "{code} {said}");
    let (code, said) = with("", "healthcheck --addr 127.0.0.1:0");
    assert!(code == 2 && said.contains("port 0"), "{code} {said}");
    let (code, said) = with("", "grades update --metrics-addr 127.0.0.1:0");
    assert!(code == 2 && said.contains("--every"), "{code} {said}");
}
