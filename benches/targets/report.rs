//! The table of results.

use std::fs;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Context, Result};
use serde::{Deserialize, Serialize};
use shopstream::output::{Cell, Look, Table};

/// Results of this run.
#[derive(Default)]
pub struct Report {
    rows: Vec<Line>,
}

/// A result, as it is kept.
#[derive(Clone, Serialize, Deserialize)]
struct Line {
    target: String,
    what: String,
    measured: String,
    against: String,
    ratio: f64,
    to_reach: String,
    reached: Option<bool>,
    /// The program that was measured.
    version: String,
}

/// All results that are kept: each the latest of its target.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    cores: usize,
    runs: usize,
    results: Vec<Line>,
}

/// What a figure is to reach.
pub enum Wanted {
    /// The ratio at least.
    AtLeast(f64, &'static str),
    /// The ratio at most.
    AtMost(f64, &'static str),
    /// Nothing; it is reported.
    Reported,
}

impl Report {
    /// Adds a figure: `ratio` is what `wanted` is about.
    pub fn add(
        &mut self,
        target: &'static str,
        what: &str,
        measured: String,
        against: String,
        ratio: f64,
        wanted: Wanted,
    ) {
        let (wanted, reached) = match wanted {
            Wanted::AtLeast(limit, text) => (text, Some(ratio >= limit)),
            Wanted::AtMost(limit, text) => (text, Some(ratio <= limit)),
            Wanted::Reported => ("reported", None),
        };
        println!("{target:>3}  {what}: {measured} | {against} | {ratio:.2} | {wanted}");
        self.rows.push(Line {
            target: target.to_owned(),
            what: what.to_owned(),
            measured,
            against,
            ratio,
            to_reach: wanted.to_owned(),
            reached,
            version: shopstream::cli::VERSION.to_owned(),
        });
    }

    /// Prints the table, and puts it in place of what was kept of the same targets.
    pub fn finish(&self) -> Result<()> {
        println!("\n{}", table(&self.rows));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/results");
        fs::create_dir_all(&folder).wrap_err("cannot make benches/results")?;
        let (json, text): (PathBuf, PathBuf) = (folder.join("latest.json"), folder.join("latest.txt"));
        // What cannot be read was written by an older version of this table, and begins anew.
        let before: Kept =
            fs::read(&json).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let measured = |line: &Line| self.rows.iter().any(|row| row.target == line.target);
        let mut results: Vec<Line> = before.results.into_iter().filter(|line| !measured(line)).collect();
        results.extend(self.rows.iter().cloned());
        results.sort_by_key(|line| line.target.parse::<u32>().unwrap_or(0));
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let kept = Kept { cores, runs: super::measure::RUNS, results };
        fs::write(json, serde_json::to_string_pretty(&kept)? + "\n")?;
        let head = format!("{cores} cores, medians of {} runs\n\n", kept.runs);
        fs::write(text, head + &table(&kept.results) + "\n").wrap_err("cannot write benches/results")
    }
}

fn table(lines: &[Line]) -> String {
    let mut table = Table::new(["target", "what", "measured", "against", "ratio", "to reach", "reached", "version"]);
    for line in lines {
        table.row([
            line.target.as_str().into(),
            line.what.as_str().into(),
            line.measured.as_str().into(),
            line.against.as_str().into(),
            Cell::right(format!("{:.2}", line.ratio)),
            line.to_reach.as_str().into(),
            line.reached.map_or("", |reached| if reached { "yes" } else { "no" }).into(),
            line.version.as_str().into(),
        ]);
    }
    table.render(Look::default())
}
