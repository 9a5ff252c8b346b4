//! The built program as a child process, which can be hurt.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::lab::Lab;

/// What SIGTERM is promised to take at most, for a consumer.
pub const STOP: Duration = Duration::from_secs(10);

/// Longer than any test's orders take, on a machine that has other things to do.
pub const LONG: Duration = Duration::from_secs(600);

/// SIGTERM for all of them at once, and a good end for each within the time that is promised.
pub fn stop_all(programs: impl IntoIterator<Item = Program>) {
    let programs: Vec<Program> = programs.into_iter().collect();
    programs.iter().for_each(|program| program.signal("TERM"));
    let began = Instant::now();
    let count = programs.len();
    for program in programs {
        program.end(STOP.saturating_sub(began.elapsed()));
    }
    println!("{count} consumers ended {:?} after SIGTERM", began.elapsed());
}

/// A running `shopstream`.
pub struct Program {
    child: Child,
    words: String,
    out: PathBuf,
    log: PathBuf,
}

impl Program {
    /// Starts it; both of its streams go to files, so that it never waits for a reader.
    pub fn start(lab: &Lab, mut command: Command, words: &str) -> Self {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (out, log) = (lab.path(&format!("logs/{number}.out")), lab.path(&format!("logs/{number}.log")));
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&log).unwrap()).stdin(Stdio::null());
        let child = command.spawn().unwrap();
        // For the guard, should this process be killed.
        let mut programs = OpenOptions::new().create(true).append(true).open(lab.path("programs")).unwrap();
        writeln!(programs, "{}", child.id()).unwrap();
        Self { child, words: words.to_owned(), out, log }
    }

    /// What it has said on standard error so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success(), "{} cannot be sent {signal}:\n{}", self.words, self.end_of_log());
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.assert_runs();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// A program that stays must stay, whatever happens around it.
    pub fn assert_runs(&mut self) {
        let ended = self.child.try_wait().unwrap();
        assert!(ended.is_none(), "{} ended ({ended:?}):\n{}", self.words, self.end_of_log());
    }

    /// Waits until its log has this text.
    pub fn await_log(&mut self, text: &str, patience: Duration) {
        let deadline = Instant::now() + patience;
        while !self.log().contains(text) {
            self.assert_runs();
            assert!(Instant::now() < deadline, "{} never said {text:?}:\n{}", self.words, self.end_of_log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it says of itself that it is ready; it must have been started with `--metrics-addr`.
    pub fn is_ready(&mut self) -> bool {
        const SERVING: &str = "serving /metrics, /healthz and /readyz address=";
        self.await_log(SERVING, Duration::from_secs(20));
        let log = self.log();
        let address = log.split_once(SERVING).unwrap().1.split_whitespace().next().unwrap();
        let mut check = Command::new(env!("CARGO_BIN_EXE_shopstream"));
        check.args(["healthcheck", "--addr", address]).stdin(Stdio::null()).output().unwrap().status.success()
    }

    /// Waits for its end, which must be a good one; returns what it printed.
    pub fn end(mut self, patience: Duration) -> String {
        let deadline = Instant::now() + patience;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                Instant::now() < deadline,
                "{} does not end within {patience:?}:\n{}",
                self.words,
                self.end_of_log()
            );
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(status.code(), Some(0), "{}:\n{}", self.words, self.end_of_log());
        fs::read_to_string(&self.out).unwrap()
    }

    /// SIGTERM, and a good end within the time that is promised.
    pub fn stop(self, patience: Duration) -> String {
        self.signal("TERM");
        self.end(patience)
    }

    fn end_of_log(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(25)..].join("\n")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.runs() {
            // One that was stopped by a signal dies too.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if std::thread::panicking() {
            println!("--- {}:\n{}", self.words, self.end_of_log());
        }
    }
}
