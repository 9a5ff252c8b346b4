//! All faults at random against a running pipeline, for as long as asked: `make torture MINUTES=30`.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::audit::{Expect, audit};
use crate::brokers::await_in_sync;
use crate::dice::Dice;
use crate::disk::{SmallDisk, make_tablespace, not_tried};
use crate::lab::lab;
use crate::program::{Program, stop_all};
use crate::shop::{Shop, Told};

const FAULTS: [&str; 11] = [
    "kill a consumer",
    "kill a group",
    "stop a consumer",
    "let a consumer stand still",
    "kill a broker",
    "end sessions",
    "restart PostgreSQL",
    "empty Redis",
    "restart Redis",
    "stop the producer",
    "fill the disk",
];

fn is_refused(order: &Value) -> bool {
    order["total_amount"].as_i64().unwrap() % 499 == 0
}

/// The pipeline under torture.
struct Pipeline<'a> {
    shop: Shop<'a>,
    dice: Dice,
    consumers: Vec<(&'static str, Program)>,
    producer: Program,
    /// The rest of a shop: whoever fills the cache, and whoever moves customers up and down.
    workers: [Program; 2],
    told: Told,
    disk: Option<SmallDisk>,
    rate: &'static str,
}

impl<'a> Pipeline<'a> {
    fn start(shop: Shop<'a>, dice: Dice, disk: Option<SmallDisk>) -> Self {
        let rate = "300/s";
        let consumers = ["users", "products", "orders", "users", "products", "orders", "orders"];
        let consumers = consumers.map(|topic| (topic, consumer(&shop, topic))).into();
        let producer = produce(&shop, rate);
        let workers = ["cache refresh --every 5s", "grades update --every 7s"].map(|words| shop.start(words));
        Self { shop, dice, consumers, producer, workers, told: Told::default(), disk, rate }
    }

    /// Whoever stands at a place is replaced by a new one.
    fn replace(&mut self, number: usize) -> Program {
        let topic = self.consumers[number].0;
        std::mem::replace(&mut self.consumers[number].1, consumer(&self.shop, topic))
    }

    fn inflict(&mut self, fault: &str) {
        let lab = self.shop.lab;
        match fault {
            "kill a consumer" => {
                let number = self.dice.below(self.consumers.len());
                self.replace(number).kill();
            }
            "kill a group" => {
                for number in 0..self.consumers.len() {
                    if self.consumers[number].0 == "orders" {
                        self.replace(number).kill();
                    }
                }
            }
            "stop a consumer" => {
                let number = self.dice.below(self.consumers.len());
                stop_all([self.replace(number)]);
            }
            "let a consumer stand still" => {
                let number = self.dice.below(self.consumers.len());
                self.consumers[number].1.signal("STOP");
                self.dice.sleep(2_000, 25_000);
                self.consumers[number].1.signal("CONT");
            }
            "kill a broker" => {
                let broker = format!("kafka{}", 1 + self.dice.below(3));
                lab.kill(&broker, "KILL");
                self.dice.sleep(500, 10_000);
                lab.up(&[&broker]);
                await_in_sync(&self.shop);
            }
            "end sessions" => {
                for _ in 0..3 + self.dice.below(10) {
                    lab.terminate_sessions();
                    self.dice.sleep(10, 500);
                }
            }
            "restart PostgreSQL" => {
                lab.kill("postgres", "QUIT");
                self.dice.sleep(0, 5_000);
                lab.up(&["postgres"]);
            }
            "empty Redis" => drop(lab.redis(&["FLUSHALL"])),
            "restart Redis" => {
                lab.kill("redis", "KILL");
                self.dice.sleep(0, 5_000);
                lab.up(&["redis"]);
            }
            "stop the producer" => {
                let next = produce(&self.shop, self.rate);
                let printed = std::mem::replace(&mut self.producer, next).stop(Duration::from_secs(30));
                self.told.add(&printed);
            }
            "fill the disk" => {
                let Some(disk) = &self.disk else { return };
                disk.fill();
                self.dice.sleep(2_000, 10_000);
                disk.free();
            }
            other => unreachable!("{other}"),
        }
    }

    fn assert_runs(&mut self) {
        self.producer.assert_runs();
        self.workers.iter_mut().for_each(Program::assert_runs);
        self.consumers.iter_mut().for_each(|(_, consumer)| consumer.assert_runs());
    }
}

fn consumer(shop: &Shop<'_>, topic: &str) -> Program {
    // Those who order here have long been customers: only whom nobody will ever hear of is given up.
    shop.consumer(topic, "--orphan-timeout 20s")
}

fn produce(shop: &Shop<'_>, rate: &str) -> Program {
    let inject = "--inject poison=0.5%,duplicate=1%,orphan=0.2%,late=1%";
    shop.producer(&format!("--stream all --speed 20 --rate {rate} {inject}"))
}

/// A few faults in `make test`, so that what `make torture` runs for as long as asked is known to work.
#[test]
fn torture() {
    let lab = lab();
    let minutes: f64 = std::env::var("SHOPSTREAM_FAULT_MINUTES").map_or(0.25, |minutes| minutes.parse().unwrap());
    let mut dice = Dice::new("torture");
    let disk = SmallDisk::mount(&lab, 1_000 + (minutes * 60.0) as u64).map_err(|why| not_tried(&why));
    let disk = disk.ok();
    if let Some(disk) = &disk {
        make_tablespace(&lab, &disk.folder());
    }
    let shop = Shop::open_in(&lab, if disk.is_some() { "small" } else { "" });
    shop.sql("ALTER TABLE orders ADD CONSTRAINT no_499 CHECK (total_amount % 499 <> 0)");
    let began = Instant::now();
    let first = dice.below(FAULTS.len());
    let mut pipeline = Pipeline::start(shop, dice, disk);
    let mut counts = [0; FAULTS.len()];
    let mut next = first;
    while began.elapsed().as_secs_f64() < minutes * 60.0 {
        pipeline.dice.sleep(200, 6_000);
        println!("{:7.1} s  {}", began.elapsed().as_secs_f64(), FAULTS[next]);
        pipeline.inflict(FAULTS[next]);
        pipeline.assert_runs();
        counts[next] += 1;
        next = pipeline.dice.below(FAULTS.len());
    }
    let Pipeline { shop, consumers, producer, workers, mut told, disk, .. } = pipeline;
    told.add(&producer.stop(Duration::from_secs(30)));
    workers.into_iter().for_each(|worker| drop(worker.stop(Duration::from_secs(30))));
    let rest = Instant::now();
    shop.settle();
    println!("at rest {:?} after the end; {} orders", rest.elapsed(), shop.topics.count("orders"));
    for (fault, count) in FAULTS.iter().zip(counts) {
        println!("{count:5} × {fault}");
    }
    audit(&shop, &Expect { told: Some(&told), refused: is_refused, ..Expect::default() });
    stop_all(consumers.into_iter().map(|(_, consumer)| consumer));
    drop(disk);
}
