//! The monitor while services hang, die and come back: how soon that is on the screen, and what stays there.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::brokers::await_in_sync;
use crate::dice::Dice;
use crate::lab::{Lab, quiet_lab};
use crate::seat::{AWAY_WITHIN, MARGIN, Terminal};
use crate::shop::Shop;

/// How often each service is hurt, each time at another moment between two questions.
fn rounds() -> u32 {
    std::env::var("SHOPSTREAM_FAULT_ROUNDS").map_or(2, |rounds| rounds.parse().unwrap())
}

const KAFKA: [&str; 3] = ["kafka1", "kafka2", "kafka3"];

fn servers(service: &'static str) -> Vec<&'static str> {
    if service == "kafka" { KAFKA.to_vec() } else { vec![service] }
}

/// Hurts servers at once, and lets them go on afterwards.
fn hurt(lab: &Lab, servers: &[&str], how: &str) {
    for server in servers {
        match how {
            "KILL" => drop(lab.send(server, "KILL")),
            stop => lab.signal_all(server, stop),
        }
    }
}

fn mend(lab: &Lab, servers: &[&str], how: &str) {
    match how {
        "KILL" => lab.up(servers),
        _ => servers.iter().for_each(|server| lab.signal_all(server, "CONT")),
    }
}

#[test]
fn a_service_that_dies_or_hangs_is_away_within_two_seconds_and_the_others_go_on() {
    let lab = quiet_lab();
    let shop = Shop::open(&lab);
    shop.run("cache refresh");
    let terminal = Terminal::open(&shop.command("monitor"), (100, 40));
    let mut dice = Dice::new("services that the monitor misses");
    let figures = |text: &str| {
        !text.contains("AWAY") && ["visits", "brokers 3", "connections"].iter().all(|words| text.contains(words))
    };
    for (service, title, how) in [
        ("redis", "1 Cache", "STOP"),
        ("postgres", "3 PostgreSQL", "STOP"),
        ("kafka", "2 Kafka", "STOP"),
        ("redis", "1 Cache", "KILL"),
        ("postgres", "3 PostgreSQL", "KILL"),
        ("kafka", "2 Kafka", "KILL"),
    ] {
        let mut worst = Duration::ZERO;
        for _ in 0..rounds() {
            terminal.until("everything is up", figures);
            dice.sleep(1_000, 2_500);
            let servers = servers(service);
            let began = Instant::now();
            hurt(&lab, &servers, how);
            let away = |text: &str| text.lines().any(|line| line.contains(title) && line.contains("AWAY"));
            let text = terminal.until(&format!("{service} is away after {how}"), |text| {
                away(text) || began.elapsed() > Duration::from_secs(20)
            });
            let took = began.elapsed();
            mend(&lab, &servers, how);
            assert!(took < AWAY_WITHIN + MARGIN, "{service} after {how}: {took:?}\n{text}");
            worst = worst.max(took);
            // No other panel has gone with it: PostgreSQL fills two.
            let panels = if service == "postgres" { 2 } else { 1 };
            assert_eq!(text.matches("AWAY for").count(), panels, "{text}");
            if service == "redis" {
                assert!(text.contains("scenario ? Redis is away"), "{text}");
            }
        }
        println!("{service} after {how}: away within {worst:?} of {} rounds", rounds());
    }
    terminal.until("everything is back", figures);
    await_in_sync(&shop);
}

#[test]
fn without_one_broker_the_rest_of_kafka_is_shown_and_the_broker_is_named() {
    let lab = quiet_lab();
    let shop = Shop::open(&lab);
    shop.run("cache refresh");
    shop.run("produce --stream orders --unthrottled --limit 300");
    let consumer = shop.consumer("orders", "");
    shop.settle();
    consumer.stop(crate::program::STOP);
    let look = || -> Value {
        let output = shop.command("monitor --once --json").output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["kafka"].take()
    };
    shop.wait("all of it is known", || look()["groups"][2]["lag"] == 0);
    let terminal = Terminal::open(&shop.command("monitor"), (100, 40));
    for (broker, how) in [(2, "STOP"), (1, "KILL"), (3, "STOP")] {
        let server = &*format!("kafka{broker}");
        let up = |text: &str| text.contains("brokers 3  under-replicated 0") && !text.contains('?');
        terminal.until("everything is known", |text| up(&text.replace("? help", "")));
        let began = Instant::now();
        hurt(&lab, &[server], how);
        let named = format!("broker {broker} does not answer");
        // Beside other tests a broker may be slow for a moment, and be named too.
        let is_named = |panel: &str| {
            let said = panel.split("2 Kafka").last().unwrap_or_default();
            said.contains("not answer")
                && said.split(|letter: char| !letter.is_ascii_digit()).any(|id| id == broker.to_string())
        };
        let panel_of = |text: &str| text.lines().find(|line| line.contains("2 Kafka")).unwrap_or_default().to_owned();
        let text =
            terminal.until(&named, |text| is_named(&panel_of(text)) || began.elapsed() > Duration::from_secs(20));
        let took = began.elapsed();
        println!("broker {broker} after {how}: named after {took:?}");
        assert!(took < AWAY_WITHIN + MARGIN, "{took:?}\n{text}");
        assert!(text.contains("start it; it may hang: see its log"), "{text}");
        // As long as it is away, past the moment when the cluster gives its partitions to others.
        let until = Instant::now() + Duration::from_secs(15);
        while Instant::now() < until {
            let text = terminal.text();
            let panel = panel_of(&text);
            assert!(is_named(&panel) && !panel.split("2 Kafka").last().unwrap().contains("AWAY"), "{text}");
            std::thread::sleep(Duration::from_millis(50));
        }
        // Its partitions are led by others now.
        let alone = json!({"state": "up", "brokers": 2, "silent": [broker], "written": 300});
        shop.wait("the other two tell all that they can", || {
            let seen = look();
            let written = &seen["topics"][2]["written"];
            alone == json!({"state": seen["state"], "brokers": seen["brokers"], "silent": seen["silent_brokers"], "written": written})
        });
        mend(&lab, &[server], how);
        await_in_sync(&shop);
    }
    terminal.until("all brokers answer", |text| text.contains("brokers 3") && !text.contains("does not answer"));
}
