//! The monitor on a terminal, as an operator has it: keys, sizes, a Redis that goes and comes back, and every way to end.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use unicode_width::UnicodeWidthStr;

use crate::shop::{PATIENCE, Shop};
use crate::support::*;

/// A Redis of a test's own, to be killed.
struct OwnRedis {
    port: u16,
    child: Option<Child>,
}

impl OwnRedis {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut redis = Self { port, child: None };
        redis.up();
        redis
    }

    fn url(&self) -> String {
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

/// The program on a terminal, and what the terminal shows.
struct Terminal {
    screen: Arc<Mutex<vt100::Parser>>,
    keys: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
}

impl Terminal {
    fn open(program: &Command, (columns, rows): (u16, u16)) -> Self {
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
        command.env("TERM", "xterm-256color");
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

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn resize(&self, columns: u16, rows: u16) {
        self.screen.lock().unwrap().screen_mut().set_size(nonzero(rows), nonzero(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    fn until(&self, what: &str, mut holds: impl FnMut(&str) -> bool) -> String {
        until(PATIENCE, what, || {
            let text = self.text();
            if holds(&text) { Ok(text) } else { Err(text) }
        })
    }

    fn signal(&self, name: &str) {
        let pid = self.child.process_id().unwrap().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Waits for the end; the terminal must be as it was before: no other screen, cursor shown, keys in lines.
    fn ended(mut self, why: &str) -> ExitStatus {
        let status = until(PATIENCE, why, || match self.child.try_wait().unwrap() {
            Some(status) => Ok(status),
            None => Err(self.text()),
        });
        until(PATIENCE, "the terminal is put back", || {
            let parser = self.screen.lock().unwrap();
            let screen = parser.screen();
            if screen.alternate_screen() || screen.hide_cursor() { Err(screen.contents()) } else { Ok(()) }
        });
        status
    }
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

/// A shop with a Redis of its own, which has a pool.
fn shop() -> (Shop, OwnRedis) {
    let (shop, redis) = (Shop::seeded(1_200, 1_200), OwnRedis::start());
    until(PATIENCE, "the pool is made", || {
        let output = shop.program("cache refresh").env("REDIS_URL", redis.url()).output().unwrap();
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    });
    (shop, redis)
}

fn monitor(shop: &Shop, redis: &OwnRedis) -> Command {
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
    // It must be on the screen after two seconds; the machine may be busy with other tests.
    assert!(killed.elapsed() < Duration::from_secs(4), "{:?}", killed.elapsed());
    assert!(away.contains("brokers 3") && away.contains("cannot be reached") && !away.contains("gen 1,"), "{away}");
    redis.up();
    terminal.until("Redis is back", |text| !text.contains("AWAY") && text.contains("There is no pool yet"));

    terminal.press("q");
    assert!(terminal.ended("q").success());
}

#[test]
fn however_it_ends_the_terminal_is_put_back() {
    let (shop, redis) = shop();
    let open = || {
        let terminal = Terminal::open(&monitor(&shop, &redis), (100, 30));
        terminal.until("it is drawn", |text| text.contains("1 Cache"));
        terminal
    };
    let mut terminal = open();
    terminal.press("\u{3}");
    assert!(terminal.ended("Ctrl-C").success());
    for signal in ["TERM", "INT"] {
        let terminal = open();
        terminal.signal(signal);
        assert!(terminal.ended(signal).success(), "{signal}");
    }
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

fn nonzero(number: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(number).unwrap()
}
