//! The monitor on a terminal, as an operator has it: keys, sizes, a Redis that goes and comes back.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use unicode_width::UnicodeWidthStr;

use crate::seat::{AWAY_WITHIN, MARGIN, Terminal};
use crate::shop::{PATIENCE, Shop};
use crate::support::*;

/// A Redis of a test's own, to be killed.
pub struct OwnRedis {
    port: u16,
    child: Option<Child>,
}

impl OwnRedis {
    pub fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut redis = Self { port, child: None };
        redis.up();
        redis
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn up(&mut self) {
        let port = self.port.to_string();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port, "--save", "", "--appendonly", "no", "--dir", "/tmp"]);
        self.child = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A shop with a Redis of its own, which has a pool.
pub fn shop() -> (Shop, OwnRedis) {
    let (shop, redis) = (Shop::seeded(1_200, 1_200), OwnRedis::start());
    until(PATIENCE, "the pool is made", || {
        let output = shop.program("cache refresh").env("REDIS_URL", redis.url()).output().unwrap();
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    });
    (shop, redis)
}

pub fn monitor(shop: &Shop, redis: &OwnRedis) -> Command {
    let mut command = shop.program("monitor");
    command.env("REDIS_URL", redis.url());
    command
}

#[test]
fn an_operator_focuses_pauses_resizes_loses_redis_and_gets_it_back() {
    let (shop, mut redis) = shop();
    let mut terminal = Terminal::open(&monitor(&shop, &redis), (80, 24));
    let all = terminal.until("all panels have figures", |text| {
        ["1 Cache", "2 Kafka", "3 PostgreSQL", "4 Shop", "gen 1,", "brokers 3", "1,200"]
            .iter()
            .all(|w| text.contains(w))
    });
    assert!(all.lines().all(|line| line.width() <= 80), "{all}");

    terminal.press("2");
    terminal.until("Kafka alone", |text| text.contains("partition") && !text.contains("1 Cache"));
    terminal.press("2");
    terminal.until("all of them again", |text| text.contains("1 Cache"));
    terminal.press("?");
    terminal.until("help", |text| text.contains("Ctrl-C"));
    terminal.press("?");
    terminal.until("no help", |text| !text.contains("Ctrl-C"));

    // Paused, the clock stands still.
    terminal.press("p");
    let paused = terminal.until("paused", |text| text.contains("PAUSED"));
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(terminal.text().lines().next(), paused.lines().next());
    terminal.press("p");
    terminal.until("it goes on", |text| !text.contains("PAUSED"));

    terminal.resize(160, 50);
    terminal.until("the larger screen is filled", |text| {
        text.lines().any(|line| line.width() > 150) && text.lines().count() == 50
    });
    terminal.resize(80, 24);
    terminal.until("the smaller one too", |text| text.lines().count() == 24 && text.contains("1 Cache"));

    redis.kill();
    let killed = Instant::now();
    let away = terminal.until("Redis is away", |text| text.contains("AWAY"));
    assert!(killed.elapsed() < AWAY_WITHIN + MARGIN, "{:?}", killed.elapsed());
    assert!(away.contains("brokers 3") && away.contains("cannot be reached") && !away.contains("gen 1,"), "{away}");
    redis.up();
    terminal.until("Redis is back", |text| !text.contains("AWAY") && text.contains("There is no pool yet"));

    // Figures that stand still hide nothing.
    terminal.press("p");
    terminal.until("paused once more", |text| text.contains("PAUSED"));
    redis.kill();
    let both = terminal.until("it is told beside the figures", |text| text.contains("Redis AWAY"));
    assert!(both.contains("PAUSED") && both.contains("There is no pool yet"), "{both}");
    redis.up();
    terminal.until("and that it is back", |text| text.contains("PAUSED") && !text.contains("AWAY"));

    terminal.press("q");
    assert!(terminal.ended("q").success());
}

#[test]
fn without_colour_nothing_is_coloured() {
    let (shop, redis) = shop();
    let mut command = monitor(&shop, &redis);
    command.env("NO_COLOR", "1");
    let mut terminal = Terminal::open(&command, (80, 24));
    terminal.until("it is drawn", |text| text.contains("gen 1,"));
    let coloured = {
        let parser = terminal.screen.lock().unwrap();
        let cells = (0..24).flat_map(|row| (0..80).map(move |column| (row, column)));
        let color = |(row, column)| parser.screen().cell(row, column).map(vt100::Cell::fgcolor);
        cells.filter_map(color).filter(|color| *color != vt100::Color::Default).count()
    };
    assert_eq!(coloured, 0);
    terminal.press("q");
    assert!(terminal.ended("q").success());
}

#[test]
fn beside_a_worker_it_leaves_the_workers_address_alone() {
    let (shop, redis) = shop();
    let worker = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = monitor(&shop, &redis);
    command.env("SHOPSTREAM_METRICS_ADDR", worker.local_addr().unwrap().to_string());
    let mut terminal = Terminal::open(&command, (80, 24));
    terminal.until("it is drawn", |text| text.contains("gen 1,"));
    terminal.press("q");
    assert!(terminal.ended("q").success());
}
