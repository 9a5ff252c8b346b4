//! Servers of these tests' own, broken in ways that others' must not be: their clocks, their memory, their places, their role.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::*;

const PATIENCE: Duration = Duration::from_secs(60);

/// A port that is free now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Makes sure that a package is there, by its name in `deploy/local/services`.
fn install(kind: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/local/services");
    let installed = Command::new(script).args(["install", kind]).output().unwrap();
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
}

/// The library that gives a process another clock; Debian keeps it below the name of the machine's kind.
fn faketime() -> PathBuf {
    install("faketime");
    let kinds = fs::read_dir("/usr/lib").unwrap().filter_map(Result::ok);
    let libraries = kinds.map(|kind| kind.path().join("faketime/libfaketime.so.1"));
    libraries.into_iter().find(|library| library.exists()).expect("libfaketime is installed")
}

/// A clock that tests set: an offset such as `+90s`, in a file that the server looks at each time it looks at its clock.
pub struct Clock {
    file: PathBuf,
    library: PathBuf,
}

impl Clock {
    pub fn new(folder: &Path) -> Self {
        let clock = Self { file: folder.join("clock"), library: faketime() };
        clock.set("+0s");
        clock
    }

    pub fn set(&self, offset: &str) {
        // Whole or not at all: the server may look at any moment.
        let new = self.file.with_extension("new");
        fs::write(&new, format!("{offset}\n")).unwrap();
        fs::rename(new, &self.file).unwrap();
    }

    /// What a server's environment needs. Waits are measured by the monotonic clock, which stays.
    fn words(&self) -> [String; 4] {
        [
            format!("LD_PRELOAD={}", self.library.display()),
            format!("FAKETIME_TIMESTAMP_FILE={}", self.file.display()),
            "FAKETIME_NO_CACHE=1".to_owned(),
            "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
        ]
    }
}

/// A Redis of a test's own; it ends when this is dropped.
pub struct OwnRedis {
    server: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl OwnRedis {
    /// Starts it, with more words of its configuration.
    pub fn start(words: &[&str]) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string(), "--dir"]);
        command.arg(folder.path()).args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = command.spawn().unwrap();
        until(PATIENCE, "Redis listens", || {
            TcpStream::connect(("127.0.0.1", port)).map(drop).map_err(|error| error.to_string())
        });
        Self { server, port, _folder: folder }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Gives it a command.
    pub fn tell(&self, words: &[&str]) {
        let client = redis::Client::open(self.url()).unwrap();
        let mut command = redis::cmd(words[0]);
        for word in &words[1..] {
            command.arg(word);
        }
        command.query::<redis::Value>(&mut client.get_connection().unwrap()).unwrap();
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A PostgreSQL of a test's own; it ends when this is dropped, or when this process ends, however it does.
pub struct OwnPostgres {
    folder: tempfile::TempDir,
    port: u16,
    pub clock: Clock,
    server: Option<Child>,
}

impl OwnPostgres {
    /// Makes a cluster with few places, and starts it.
    pub fn start() -> Self {
        // Where the user who runs it can enter, whatever TMPDIR says.
        let folder = tempfile::Builder::new().prefix("shopstream-doctor-").tempdir_in("/tmp").unwrap();
        open_to_all(folder.path());
        let clock = Clock::new(folder.path());
        let mut own = Self { port: free_port(), clock, folder, server: None };
        let made = own.as_server(&["initdb", "-D", &own.data(), "-U", "shop", "-A", "trust", "-N"]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        own.run();
        own
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    pub fn url(&self) -> String {
        format!("postgres://shop@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts the server, which may be a standby.
    pub fn run(&mut self) {
        let (data, port) = (self.data(), self.port.to_string());
        let socket = self.folder.path().display().to_string();
        let clock = self.clock.words();
        let mut words: Vec<&str> = vec!["env"];
        words.extend(clock.iter().map(String::as_str));
        words.extend(["postgres", "-D", &data, "-p", &port, "-c", "max_connections=30", "-c", "fsync=off"]);
        words.extend(["-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1", "-c"]);
        let log = format!("log_directory={socket}");
        words.push(&log);
        let log = fs::File::create(self.folder.path().join("server.log")).unwrap();
        let mut command = self.as_server(&words);
        self.server = Some(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let url = self.url();
        until(PATIENCE, "PostgreSQL answers", || {
            shopstream::db::connect(&url).map(drop).map_err(|error| format!("{error:#}"))
        });
    }

    /// Stops it, and starts it as a standby: it takes no writes then.
    pub fn become_standby(&mut self) {
        self.stop();
        let signal = format!("{}/standby.signal", self.data());
        assert!(self.as_server(&["touch", &signal]).status().unwrap().success());
        self.run();
    }

    fn stop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let stopped = self.as_server(&["pg_ctl", "stop", "-w", "-m", "immediate", "-D", &self.data()]).output();
        drop(stopped);
        let _ = server.kill();
        let _ = server.wait();
    }

    /// A command as the user who runs the server: root may not.
    fn as_server(&self, words: &[&str]) -> Command {
        let bin = fs::read_dir("/usr/lib/postgresql").unwrap().filter_map(Result::ok).map(|dir| dir.path().join("bin"));
        let bin = bin.max().unwrap();
        let path = format!("PATH={}:{}", bin.display(), std::env::var("PATH").unwrap());
        let id = Command::new("id").arg("-u").output().unwrap();
        let mut command = Command::new(if id.stdout.trim_ascii() == b"0" { "runuser" } else { "env" });
        if id.stdout.trim_ascii() == b"0" {
            command.args(["-u", "postgres", "--", "env"]);
        }
        command.arg(path).args(words).current_dir("/");
        command
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        self.stop();
    }
}

fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    // The server makes its data there, and is another user.
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
}

/// A small file system in memory, mounted until it is dropped.
pub struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// One of so many megabytes; or why that cannot be done here.
    pub fn mount(megabytes: u32) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        as_root(&["mount", "-t", "tmpfs", "-o", &size, "tmpfs", folder.path().to_str().unwrap()])?;
        as_root(&["chmod", "777", folder.path().to_str().unwrap()])?;
        Ok(Self(folder))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = as_root(&["umount", "-l", self.path().to_str().unwrap()]);
    }
}

fn as_root(words: &[&str]) -> Result<(), String> {
    let id = Command::new("id").arg("-u").output().unwrap();
    let mut command = Command::new(if id.stdout.trim_ascii() == b"0" { "env" } else { "sudo" });
    if id.stdout.trim_ascii() != b"0" {
        command.arg("-n");
    }
    let output = command.args(words).output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
