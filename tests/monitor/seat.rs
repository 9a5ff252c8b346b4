//! The program on a terminal, and what the terminal shows.

use std::io::{Read, Write};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// Long enough for a loaded machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// What a service may take to be shown as away.
pub const AWAY_WITHIN: Duration = Duration::from_secs(2);

/// What is added to that in tests: the monitor and the reader of its screen share two cores with compilers, several sets of brokers and
/// other tests, and a frame may come late. docs/monitor.md has what was measured; a monitor that waits for two more rounds of questions
/// is caught still.
pub const MARGIN: Duration = Duration::from_secs(2);

/// A terminal with a program on it.
pub struct Terminal {
    pub screen: Arc<Mutex<vt100::Parser>>,
    keys: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
}

impl Terminal {
    pub fn open(program: &Command, (columns, rows): (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let mut command = CommandBuilder::new(program.get_program());
        command.args(program.get_args());
        command.env_clear();
        for (name, value) in program.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command.env_remove("COLUMNS");
        if program.get_envs().all(|(name, _)| name != "TERM") {
            command.env("TERM", "xterm-256color");
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(nonzero(rows), nonzero(columns), 0)));
        let (shared, mut output) = (Arc::clone(&screen), pair.master.try_clone_reader().unwrap());
        std::thread::spawn(move || {
            let mut bytes = [0; 8_192];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                shared.lock().unwrap().process(&bytes[..count]);
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { screen, keys, master: pair.master, child }
    }

    pub fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        self.screen.lock().unwrap().screen_mut().set_size(nonzero(rows), nonzero(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// Waits until the screen is so.
    pub fn until(&self, what: &str, mut holds: impl FnMut(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = self.text();
            if holds(&text) {
                return text;
            }
            assert!(Instant::now() < deadline, "{what}: not after {PATIENCE:?}; the screen:\n{text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The process on the terminal.
    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Whether the shell would find the terminal as it was: no other screen, cursor shown, keys in lines and echoed.
    pub fn is_put_back(&self) -> bool {
        let parser = self.screen.lock().unwrap();
        let flags = format!("{:?}", self.master.get_termios().unwrap().local_flags);
        let as_before = ["ICANON", "ECHO", "ISIG"].iter().all(|flag| flags.contains(flag));
        as_before && !parser.screen().alternate_screen() && !parser.screen().hide_cursor()
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.process_id().unwrap().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Waits for the end, after which the terminal must be as it was before.
    pub fn ended(&mut self, why: &str) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end after {why}; the screen:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        };
        self.until(&format!("the terminal is put back after {why}"), |_| self.is_put_back());
        status
    }
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn nonzero(number: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(number).unwrap()
}
