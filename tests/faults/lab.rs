//! Servers of this binary's own, since it kills them: PostgreSQL, Redis and three Kafka brokers on free ports.
//!
//! Most faults are a matter of waiting, so there are two such sets, and two tests go on at a time. Each is started once, by the
//! scripts that start everybody's (`deploy/local/services`), in a folder of its own. A guard process ends it when this process
//! is gone, whatever became of it.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::Text;
use shopstream::db;

/// Sets of servers, and so tests at a time: as many as a small machine has cores.
const LABS: u16 = 2;

/// The servers, and what is needed to hurt them.
pub struct Lab {
    state: PathBuf,
    pg_port: u16,
    redis_port: u16,
    kafka_port: u16,
    started: u32,
    /// Holds the pipe on which the guard waits.
    _guard: Child,
}

/// The labs that no test has, and who waits for them.
struct Pool {
    idle: Vec<Lab>,
    made: u16,
    in_use: u16,
    /// Tests that wait for the others' end, and so go before all that come.
    want_quiet: u16,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { idle: Vec::new(), made: 0, in_use: 0, want_quiet: 0 });
static GIVEN_BACK: Condvar = Condvar::new();

/// The servers in the hands of one test.
pub struct Hold {
    /// There until it is given back.
    lab: Option<Lab>,
    quiet: bool,
    began: Instant,
}

impl std::ops::Deref for Hold {
    type Target = Lab;

    fn deref(&self) -> &Lab {
        self.lab.as_ref().unwrap()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let lab = self.lab.take().unwrap();
        println!("{} took {:.1} s", lab.shop_name(), self.began.elapsed().as_secs_f64());
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        pool.idle.push(lab);
        pool.in_use -= if self.quiet { LABS } else { 1 };
        GIVEN_BACK.notify_all();
    }
}

/// Servers for one test at a time: what one kills, another must not need. They all run.
pub fn lab() -> Hold {
    hold(false)
}

/// The same, while no other fault is tried: for what is promised within seconds, on a machine that has little else to do.
pub fn quiet_lab() -> Hold {
    hold(true)
}

fn hold(quiet: bool) -> Hold {
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    pool.want_quiet += u16::from(quiet);
    let must_wait = |pool: &mut Pool| if quiet { pool.in_use > 0 } else { pool.in_use == LABS || pool.want_quiet > 0 };
    pool = GIVEN_BACK.wait_while(pool, must_wait).unwrap_or_else(PoisonError::into_inner);
    pool.want_quiet -= u16::from(quiet);
    pool.in_use += if quiet { LABS } else { 1 };
    let lab = pool.idle.pop().unwrap_or_else(|| {
        pool.made += 1;
        Lab::start(pool.made)
    });
    drop(pool);
    let mut hold = Hold { lab: Some(lab), quiet, began: Instant::now() };
    let lab = hold.lab.as_mut().unwrap();
    lab.started += 1;
    lab.up(&[]);
    hold
}

impl Lab {
    /// Makes the folder and finds the ports of the lab of this number, from 1; nothing runs yet.
    fn start(number: u16) -> Self {
        // Neither below the target folder nor where TMPDIR says: the user who runs PostgreSQL may not be able to enter them.
        let state = Path::new("/tmp").join(format!("shopstream-faults-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&state);
        fs::create_dir_all(state.join("logs")).unwrap();
        make_open(&state);
        let mut guard = Command::new("setsid");
        guard
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/guard.sh"))
            .args([&state, &services_script()]);
        let log = fs::File::create(state.join("logs/guard.log")).unwrap();
        guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        let guard = guard.spawn().unwrap();
        let kafka_port = free_kafka_ports(number);
        Self { state, pg_port: free_port(), redis_port: free_port(), kafka_port, started: 0, _guard: guard }
    }

    /// A name for what one test makes on it: no two tests have the same.
    pub fn shop_name(&self) -> String {
        format!("fault_{}", self.started)
    }

    /// A path in the folder of these servers.
    pub fn path(&self, name: &str) -> PathBuf {
        self.state.join(name)
    }

    /// `deploy/local/services` for these servers; what it says is shown when it fails.
    fn services(&self, words: &[&str]) {
        let mut command = Command::new(services_script());
        command.args(words).stdin(Stdio::null()).env("SHOPSTREAM_STATE", &self.state);
        command.env("SHOPSTREAM_PG_PORT", self.pg_port.to_string());
        command.env("SHOPSTREAM_REDIS_PORT", self.redis_port.to_string());
        command.env("SHOPSTREAM_KAFKA_PORT", self.kafka_port.to_string());
        // A machine that is busy with other tests is slow to start three brokers.
        command.env("SHOPSTREAM_START_TIMEOUT", "180").env_remove("SHOPSTREAM_PG_PASSWORD");
        let output = command.output().unwrap();
        assert!(output.status.success(), "services {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Starts those that do not run; all when none is named.
    pub fn up(&self, names: &[&str]) {
        self.services(&[&["up"], names].concat());
    }

    /// Makes sure that Kafka's own client is there.
    pub fn install_kcat(&self) {
        self.services(&["install", "kcat"]);
    }

    /// The server's process.
    fn pid(&self, name: &str) -> String {
        let file = match name {
            "postgres" => "postgres/data/postmaster.pid".to_owned(),
            "redis" => "redis/redis.pid".to_owned(),
            kafka => format!("kafka/{}/kafka.pid", kafka.trim_start_matches("kafka")),
        };
        let path = self.path(&file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        text.lines().next().unwrap().trim().to_owned()
    }

    /// Sends a server a signal; returns its process.
    pub fn send(&self, name: &str, signal: &str) -> String {
        let pid = self.pid(name);
        let status = Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap();
        assert!(status.success(), "{name} (process {pid}) cannot be sent {signal}");
        pid
    }

    /// Sends a server a signal, and waits until it is gone.
    pub fn kill(&self, name: &str, signal: &str) {
        let pid = self.send(name, signal);
        let deadline = Instant::now() + Duration::from_secs(30);
        while Path::new("/proc").join(&pid).join("exe").read_link().is_ok() {
            assert!(Instant::now() < deadline, "{name} (process {pid}) does not end on {signal}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops a server with all its processes, or lets it go on: `STOP` or `CONT`.
    pub fn signal_all(&self, name: &str, signal: &str) {
        let mut pids = vec![self.pid(name)];
        // PostgreSQL has a process for each connection.
        let children = Command::new("pgrep").args(["-P", &pids[0]]).output().unwrap();
        pids.extend(String::from_utf8_lossy(&children.stdout).split_whitespace().map(str::to_owned));
        let sent = Command::new("kill").arg(format!("-{signal}")).args(&pids).output().unwrap();
        // A process that has just ended needs no signal; one that is there cannot refuse it.
        assert!(sent.status.success() || pids.len() > 1, "{name}: {}", String::from_utf8_lossy(&sent.stderr));
    }

    /// The database of all shops of this lab.
    pub fn database_url(&self) -> String {
        format!("postgres://shopstream:shopstream@127.0.0.1:{}/shopstream", self.pg_port)
    }

    pub fn redis_url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.redis_port)
    }

    pub fn brokers(&self) -> String {
        (0..3).map(|n| format!("127.0.0.1:{}", self.kafka_port + n)).collect::<Vec<_>>().join(",")
    }

    /// Asks Redis.
    pub fn redis(&self, words: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        let output = command.args(["-p", &self.redis_port.to_string()]).args(words).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Ends all sessions of the shops but this one; returns how many.
    pub fn terminate_sessions(&self) -> usize {
        #[derive(QueryableByName)]
        struct Ended {
            #[diesel(sql_type = Text)]
            #[expect(dead_code, reason = "only their number counts")]
            ended: String,
        }
        let Ok(mut conn) = db::connect(&self.database_url()) else { return 0 };
        let others = "SELECT pg_terminate_backend(pid)::text AS ended FROM pg_stat_activity
                       WHERE usename = current_user AND pid <> pg_backend_pid()";
        diesel::sql_query(others).load::<Ended>(&mut conn).map_or(0, |ended| ended.len())
    }

    /// Runs SQL as the owner of the server: through its socket, as the user who runs it.
    pub fn superuser_sql(&self, sql: &str) {
        let socket = self.path("postgres/socket");
        let psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "shopstream", "-c", sql];
        let mut command = as_root_is(&["runuser", "-u", "postgres", "--"], &psql);
        command.current_dir("/").env_clear().env("PATH", std::env::var("PATH").unwrap());
        command.env("PGHOST", socket).env("PGPORT", self.pg_port.to_string());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// What PostgreSQL has written of deadlocks since it was made.
    pub fn deadlocks(&self) -> usize {
        let log = fs::read(self.path("postgres/server.log")).unwrap_or_default();
        String::from_utf8_lossy(&log).lines().filter(|line| line.contains("deadlock detected")).count()
    }
}

/// A command that root gives with these words before it, because PostgreSQL runs as another user then.
pub fn as_root_is(before: &[&str], words: &[&str]) -> Command {
    let all = if is_root() { [before, words].concat() } else { words.to_vec() };
    let mut command = Command::new(all[0]);
    command.args(&all[1..]).stdin(Stdio::null());
    command
}

/// Whether this process is root's.
pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

/// Lets every user enter a folder.
fn make_open(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

fn services_script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/local/services")
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

/// A port below those that outgoing connections get: nobody takes it while its server is down.
fn free_port() -> u16 {
    let mut port = 21_000 + (std::process::id() as u16 % 2_000) * 5;
    while !is_free(port) {
        port += 1;
    }
    // Two calls in a row must not find the same.
    static LAST: Mutex<u16> = Mutex::new(0);
    let mut last = LAST.lock().unwrap();
    if port <= *last {
        port = (*last + 1..32_000).find(|port| is_free(*port)).unwrap();
    }
    *last = port;
    port
}

/// The first of three brokers' ports; their controllers stand 100 higher. Each lab looks among ports of its own, since nothing
/// listens there yet.
fn free_kafka_ports(lab: u16) -> u16 {
    let first = 11_000 + (lab - 1) * 5_000 + std::process::id() as u16 % 4_000;
    (first..first + 800).find(|port| [0, 1, 2, 100, 101, 102].iter().all(|more| is_free(port + more))).unwrap()
}
