//! Targets 6 and 7: producing against Kafka's own measuring tool, consuming against a plain COPY of the same rows.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use color_eyre::eyre::{Context, Result, ensure, eyre};
use rdkafka::Message;
use rdkafka::Offset;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::measure::{RUNS, once};
use super::report::{Report, Wanted};
use super::shop::Shop;

/// Orders of one run: ten seconds of work, of which the first two or three warm up the JVM of the reference.
const ORDERS: u32 = 600_000;
const CONSUMED: u32 = 150_000;
/// Tables that orders become.
const WRITTEN: [&str; 2] = ["orders", "order_items"];

/// Target 6.
pub fn produce(report: &mut Report) -> Result<()> {
    let shop = Shop::open(10_000, 20_000)?;
    let limit = ORDERS.to_string();
    let ours = || -> Result<f64> {
        let words = ["produce", "--stream", "orders", "--unthrottled", "--limit", &limit, "--json"];
        let said = shop.json(&words)?;
        let seconds = said["seconds"].as_f64().unwrap_or(f64::NAN);
        Ok(f64::from(ORDERS) / seconds)
    };
    ours()?;
    let payload = shop.database.folder.join("orders.ndjson");
    let mean = dump(&shop, &payload, 100_000)?;
    let topic = format!("{}reference", shop.prefix);
    kafka_tool(&[
        "TopicCommand",
        "--create",
        "--topic",
        &topic,
        "--partitions",
        "3",
        "--replication-factor",
        "3",
        "--config",
        "min.insync.replicas=2",
    ])?;
    let theirs = || perf_test(&topic, &payload);
    theirs()?;
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        a.push(ours()?);
        b.push(theirs()?);
    }
    let _ = kafka_tool(&["TopicCommand", "--delete", "--topic", &topic]);
    let (ours, theirs) = (middle(a), middle(b));
    report.add(
        "6",
        &format!("produce --unthrottled, orders of {mean:.0} bytes, acks=all, idempotent, lz4, 3 brokers"),
        format!("{ours:.0} records/s"),
        format!("kafka-producer-perf-test, the same payloads and settings: {theirs:.0} records/s"),
        ours / theirs,
        Wanted::AtLeast(1.0, "≥ 1.0 ×"),
    );
    Ok(())
}

/// Target 7.
pub fn consume(report: &mut Report) -> Result<()> {
    let shop = Shop::open(10_000, 20_000)?;
    let limit = CONSUMED.to_string();
    once(&mut shop.program(&["produce", "--stream", "orders", "--unthrottled", "--limit", &limit]))?;
    let ours = || -> Result<f64> {
        empty(&shop)?;
        let consumers = shop.start(&["consume", "--topic", "orders", "--members", "3"])?;
        let stored = "SELECT coalesce(sum(next_offset), 0)::bigint AS n FROM consumer_offsets";
        // Joining the group is no part of it: the clock starts when each member has its partition and something is stored.
        let claimed = "SELECT count(*) AS n FROM consumer_offsets WHERE next_offset > 0";
        let began = shop.until(claimed, 3, Duration::from_millis(5))?;
        let before = shop.number(stored)?;
        let ended = shop.until(stored, CONSUMED.into(), Duration::from_millis(5))?;
        consumers.stop()?;
        let rows = shop.number("SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM order_items) AS n")?;
        let part = 1.0 - before as f64 / f64::from(CONSUMED);
        Ok(rows as f64 * part / (ended - began).as_secs_f64())
    };
    ours()?;
    let rows = shop.number("SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM order_items) AS n")?;
    once(&mut shop.database.psql(&shop.database.copy_lines(&WRITTEN, "TO")))?;
    let copy = || -> Result<f64> {
        empty(&shop)?;
        let sample = once(&mut shop.database.psql(&shop.database.copy_lines(&WRITTEN, "FROM")))?;
        Ok(rows as f64 / sample.wall)
    };
    copy()?;
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        a.push(ours()?);
        b.push(copy()?);
    }
    let (ours, copy) = (middle(a), middle(b));
    report.add(
        "7",
        "consume --topic orders, three members, from a full topic, counters included",
        format!("{ours:.0} rows/s"),
        format!("psql \\copy of the same rows, one connection: {copy:.0} rows/s"),
        ours / copy,
        Wanted::AtLeast(0.7, "≥ 0.7 ×"),
    );
    Ok(())
}

fn empty(shop: &Shop) -> Result<()> {
    shop.database.sql(
        "TRUNCATE orders, order_items, consumer_offsets, parked_orders;
         UPDATE users SET last_ordered_at = NULL WHERE last_ordered_at IS NOT NULL;
         UPDATE products SET order_count = 0 WHERE order_count > 0",
    )?;
    shop.database.settle(&["users", "products", "orders", "order_items"])
}

/// Writes the first messages of the topic into a file, a line each; returns their mean size.
fn dump(shop: &Shop, file: &Path, count: usize) -> Result<f64> {
    let kafka = shop.kafka()?;
    let topic = kafka.name("orders");
    let consumer: BaseConsumer = kafka.config(&[("group.id", "bench"), ("enable.auto.commit", "false")]).create()?;
    let mut assignment = TopicPartitionList::new();
    for partition in 0..3 {
        assignment.add_partition_offset(&topic, partition, Offset::Beginning)?;
    }
    consumer.assign(&assignment)?;
    let mut out = BufWriter::new(File::create(file)?);
    let mut bytes = 0;
    for _ in 0..count {
        let message = consumer.poll(Duration::from_secs(30)).ok_or_else(|| eyre!("the topic is empty"))??;
        let payload = message.payload().unwrap_or_default();
        bytes += payload.len();
        out.write_all(payload)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(bytes as f64 / count as f64)
}

fn kafka_tool(words: &[&str]) -> Result<String> {
    let tool = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("deploy/local/kafka-tool");
    let output = Command::new(tool).args(words).output().wrap_err("Kafka's own tools cannot be started")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{words:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    Ok(text)
}

/// Records a second, by Kafka's own word. Its buffers are as large as ours.
fn perf_test(topic: &str, payload: &Path) -> Result<f64> {
    let (count, file) = (ORDERS.to_string(), payload.display().to_string());
    let text = kafka_tool(&[
        "ProducerPerformance",
        "--topic",
        topic,
        "--num-records",
        &count,
        "--throughput",
        "-1",
        "--payload-file",
        &file,
        "--command-property",
        "acks=all",
        "--command-property",
        "enable.idempotence=true",
        "--command-property",
        "compression.type=lz4",
        "--command-property",
        "linger.ms=10",
        "--command-property",
        "batch.size=500000",
        "--command-property",
        "buffer.memory=67108864",
    ])?;
    let last = text.lines().rfind(|line| line.contains("records/sec")).ok_or_else(|| eyre!("no result in: {text}"))?;
    let words: Vec<&str> = last.split_whitespace().collect();
    let at = words.iter().position(|word| word.starts_with("records/sec")).unwrap_or(0);
    words[at.saturating_sub(1)].parse().wrap_err_with(|| format!("odd result: {last}"))
}

fn middle(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
