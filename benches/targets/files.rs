//! Targets 1, 2, 10 and 14: generation, files, memory, start-up. No service is needed.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use color_eyre::eyre::{Result, eyre};

use super::measure::{Sample, median, once, shopstream};
use super::report::{Report, Wanted};

const ORDERS: &str = "1_000_000";
/// Rows a CPU second of the best public generator known, by its own figure.
const BEST_KNOWN: f64 = 1_200_000.0;
const MIB: f64 = 1_048_576.0;

/// A folder for one run's files; gone when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("shopstream-bench-{}", std::process::id()));
        let scratch = Self(path);
        scratch.empty()?;
        Ok(scratch)
    }

    fn empty(&self) -> Result<()> {
        if self.0.exists() {
            fs::remove_dir_all(&self.0)?;
        }
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn backfill(to: &str, orders: &str, out: Option<&Path>) -> Command {
    let mut command = shopstream();
    command.args(["-q", "backfill", "--year", "2025", "--jobs", "1", "--orders", orders, "--to", to]);
    if let Some(out) = out {
        command.arg("--out").arg(out);
    }
    command
}

/// Order items that the run makes.
fn items() -> Result<f64> {
    let output = backfill("null", ORDERS, None).arg("--json").output()?;
    let json: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    json["summary"]["items"].as_f64().ok_or_else(|| eyre!("no items in {json}"))
}

/// Targets 1 and 2.
pub fn run(report: &mut Report) -> Result<()> {
    let items = items()?;
    let rate = |sample: Sample| items / sample.cpu;
    let say = |rate: f64| format!("{:.2} M items/s/core", rate / 1e6);
    let null = median(|| Ok(()), || once(&mut backfill("null", ORDERS, None)))?;
    let of_best = rate(null) / BEST_KNOWN;
    report.add(
        "1",
        "generation (--to null, 1 M orders)",
        say(rate(null)),
        "1.20 M rows/s/core (tpchgen-rs, its own figure)".to_owned(),
        of_best,
        Wanted::AtLeast(2.5, "≥ 3 M items/s/core (ratio 2.5)"),
    );
    let scratch = Scratch::new()?;
    for (to, least, wanted) in
        [("csv", 1.5e6, "≥ 1.5 M items/s/core"), ("parquet", 1e6, "≥ 1 M items/s/core"), ("ndjson", 0.0, "")]
    {
        let run = median(|| scratch.empty(), || once(&mut backfill(to, ORDERS, Some(&scratch.0))))?;
        let (bytes, write) = plain_write(&scratch.0)?;
        let measured = format!("{} ({:.0} MB)", say(rate(run)), bytes / 1e6);
        let wanted = if least > 0.0 { Wanted::AtLeast(least / rate(null), wanted) } else { Wanted::Reported };
        let against_null = format!("null sink, {}", say(rate(null)));
        report.add("2", &format!("--to {to}, 1 M orders"), measured, against_null, rate(run) / rate(null), wanted);
        let (measured, plain) =
            (format!("{:.2} CPU s", run.cpu), format!("plain write of its bytes, {:.2} CPU s", write.cpu));
        report.add("2", &format!("--to {to}, CPU time"), measured, plain, run.cpu / write.cpu, Wanted::Reported);
    }
    Ok(())
}

/// Writes the same bytes again with `cat`, which does nothing else.
fn plain_write(folder: &Path) -> Result<(f64, Sample)> {
    let mut bytes = 0.0;
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes += entry.metadata()?.len() as f64;
        // Into the page cache, so that reading costs little.
        File::open(entry.path())?.read_to_end(&mut Vec::new())?;
        files.push(entry.path());
    }
    let copy = folder.join("plain-copy");
    let mut command = Command::new("sh");
    command.args(["-c", "out=$1; shift; cat \"$@\" > \"$out\"", "sh"]).arg(&copy).args(&files);
    let sample = median(|| Ok(()), || once(&mut command))?;
    Ok((bytes, sample))
}

/// Target 10.
pub fn memory(report: &mut Report) -> Result<()> {
    let scratch = Scratch::new()?;
    let peak = |orders: &str, alike: bool| -> Result<f64> {
        let run = || {
            scratch.empty()?;
            let mut command = backfill("parquet", orders, Some(&scratch.0));
            if alike {
                command.args(["--users", "100_000", "--products", "200_000"]);
            }
            once(&mut command)
        };
        Ok(median(|| Ok(()), run)?.memory as f64 / MIB)
    };
    let (small, large) = (peak("500_000", true)?, peak("5_000_000", true)?);
    report.add(
        "10",
        "peak memory, 5 M orders to Parquet, 100,000 customers",
        format!("{large:.0} MiB"),
        format!("{small:.0} MiB at 500,000 orders"),
        large / small,
        Wanted::AtMost(1.3, "≤ 1.3 ×"),
    );
    let default = peak("5_000_000", false)?;
    report.add(
        "10",
        "peak memory, 5 M orders to Parquet, 1 M customers (the default)",
        format!("{default:.0} MiB"),
        "1024 MiB".to_owned(),
        default / 1024.0,
        Wanted::AtMost(1.0, "< 1 GiB"),
    );
    Ok(())
}

/// Target 14.
pub fn start(report: &mut Report) -> Result<()> {
    let help = median(|| Ok(()), || once(shopstream().arg("--help")))?;
    let millis = help.wall * 1e3;
    report.add(
        "14",
        "--help, from start to end",
        format!("{millis:.1} ms"),
        "20 ms".to_owned(),
        millis / 20.0,
        Wanted::AtMost(1.0, "< 20 ms"),
    );
    Ok(())
}
