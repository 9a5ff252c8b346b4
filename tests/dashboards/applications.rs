//! The 14 applications of the compose file as processes on this machine, with a database, topics and keys of their own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use shopstream::telemetry::{Address, probe};

use crate::boards::read;
use crate::proxy::Places;
use crate::shop::Shop;
use crate::support::*;

/// Long enough for a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Each by its service's name, and what it does: the compose file's command, but faster, and with messages that go wrong.
const COMMANDS: [(&str, &str); 14] = [
    ("cache-worker", "cache refresh --every 3s"),
    ("redis-monitor", "monitor cache"),
    ("producer", "produce --rate 20/s --inject poison=5%,orphan=1%"),
    ("user-seeder", "produce --stream users"),
    ("grade-updater", "grades update --every 3s"),
    ("user-consumer-1", "consume --topic users"),
    ("user-consumer-2", "consume --topic users"),
    ("user-consumer-3", "consume --topic users"),
    ("product-consumer-1", "consume --topic products"),
    ("product-consumer-2", "consume --topic products"),
    ("product-consumer-3", "consume --topic products"),
    ("order-consumer-1", "consume --topic orders"),
    ("order-consumer-2", "consume --topic orders"),
    ("order-consumer-3", "consume --topic orders"),
];

/// The names alone.
pub fn names() -> Vec<&'static str> {
    COMMANDS.iter().map(|(name, _)| *name).collect()
}

/// All of them at work.
pub struct Applications {
    // Stopped before what they use is taken away.
    processes: Vec<(&'static str, Running)>,
    _topics: ScratchTopics,
    _redis: ScratchRedis,
    _shop: Shop,
    /// Where each answers, under the name and port that the compose file gives it.
    pub places: Places,
}

impl Applications {
    /// Starts them, and waits until all are ready.
    pub fn start() -> Self {
        let (shop, topics, redis) = (Shop::seeded(1_900, 2_500), ScratchTopics::create(), ScratchRedis::new());
        // Orders to have grades by.
        shop.backfill(2_000);
        let program = |words: &str| {
            let mut command = topics.program(&words.split(' ').collect::<Vec<_>>());
            command
                .env("DATABASE_URL", shop.db.url())
                .env("REDIS_URL", redis_url())
                .env("SHOPSTREAM_REDIS_PREFIX", &redis.prefix)
                .env("SHOPSTREAM_METRICS_ADDR", "127.0.0.1:0");
            command
        };
        let filled = program("cache refresh").output().unwrap();
        assert!(filled.status.success(), "{}", String::from_utf8_lossy(&filled.stderr));
        let start = |(name, words): (&'static str, &str)| (name, Running::start(&mut program(words)));
        let mut processes: Vec<_> = COMMANDS.into_iter().map(start).collect();
        let places = Places::default();
        for (name, process) in &mut processes {
            let address = address(process);
            places.lock().unwrap().insert(format!("{name}:9464"), address);
            until(PATIENCE, &format!("{name} is ready"), || {
                match probe::get(&Address::from(address), "/readyz", Duration::from_secs(5)) {
                    Ok(answer) if answer.status == 200 => Ok(()),
                    other => Err(format!("{other:?}")),
                }
            });
        }
        Self { processes, _topics: topics, _redis: redis, _shop: shop, places: Arc::clone(&places) }
    }

    /// Kills one.
    pub fn kill(&mut self, name: &str) {
        let at = self.processes.iter().position(|(of, _)| *of == name).unwrap();
        drop(self.processes.remove(at));
    }
}

impl Drop for Applications {
    fn drop(&mut self) {
        // All at once, so that the groups need not be shared out again for each. Their topics go next.
        for (_, process) in &self.processes {
            process.signal("TERM");
        }
        for (_, process) in &mut self.processes {
            if !std::thread::panicking() {
                process.wait(PATIENCE);
            }
        }
    }
}

fn address(process: &mut Running) -> SocketAddr {
    until(PATIENCE, "it says where it serves", || {
        let said = process.said();
        let address = said.split("address=").nth(1).and_then(|rest| rest.split_whitespace().next());
        address.and_then(|address| address.parse().ok()).ok_or(said.clone())
    })
}

#[test]
fn the_applications_here_are_those_of_the_compose_file() {
    let compose = read("compose.yaml");
    let (_, applications) = compose.split_once("# --- applications").unwrap();
    let (applications, _) = applications.split_once("# --- analytics").unwrap();
    let services = applications
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter_map(|line| line.split_once(':').map(|(name, _)| name).filter(|name| !name.starts_with([' ', '#'])));
    let mut services: Vec<&str> = services.filter(|name| *name != "initial-seeder").collect();
    let mut here = names();
    services.sort_unstable();
    here.sort_unstable();
    assert_eq!(services, here);
    // The same commands; what differs is how often, and what goes wrong.
    for (name, words) in COMMANDS {
        let command: Vec<&str> = words.split(" --").next().unwrap().split(' ').collect();
        let quoted: Vec<String> = command.iter().map(|word| format!("\"{word}\"")).collect();
        let (_, service) = compose.split_once(&format!("\n  {name}:")).unwrap();
        assert!(service.split("command: [ ").nth(1).unwrap().starts_with(&quoted.join(", ")), "{name}");
    }
    assert!(compose.contains("SHOPSTREAM_METRICS_ADDR: 0.0.0.0:9464\n"));
}
