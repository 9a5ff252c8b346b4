//! The program as a process that stays, until the test ends it.

use std::fs::File;
use std::io::{Read, Seek};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A running program; killed when the value is dropped. What it says is kept.
pub struct Running {
    child: Child,
    said: File,
}

impl Running {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        let said = tempfile::tempfile().unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said.try_clone().unwrap())
            .spawn()
            .unwrap();
        Self { child, said }
    }

    /// What it has said so far, on both streams.
    pub fn said(&mut self) -> String {
        let mut text = String::new();
        let mut file = self.said.try_clone().unwrap();
        // The position is shared with the writer, so it is put back.
        let position = file.stream_position().unwrap();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        file.seek(std::io::SeekFrom::Start(position.max(text.len() as u64))).unwrap();
        text
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success(), "signal {name} cannot be sent");
    }

    /// Waits until it ends.
    pub fn wait(&mut self, patience: Duration) -> ExitStatus {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end; it said:\n{}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(&mut self, patience: Duration) -> ExitStatus {
        self.signal("TERM");
        self.wait(patience)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something is so; the test fails after `patience`, with what was seen last.
pub fn until<T: std::fmt::Debug>(patience: Duration, what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) => assert!(Instant::now() < deadline, "{what}: not after {patience:?}; last seen: {seen}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
