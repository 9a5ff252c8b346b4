//! The table of results.

use std::fs;
use std::path::Path;

use color_eyre::eyre::{Context, Result};
use serde_json::json;
use shopstream::output::{Cell, Look, Table};

/// Results so far.
#[derive(Default)]
pub struct Report {
    rows: Vec<Line>,
}

struct Line {
    target: &'static str,
    what: String,
    measured: String,
    reference: String,
    ratio: f64,
    wanted: &'static str,
    reached: Option<bool>,
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
        reference: String,
        ratio: f64,
        wanted: Wanted,
    ) {
        let (wanted, reached) = match wanted {
            Wanted::AtLeast(limit, text) => (text, Some(ratio >= limit)),
            Wanted::AtMost(limit, text) => (text, Some(ratio <= limit)),
            Wanted::Reported => ("reported", None),
        };
        println!("{target:>3}  {what}: {measured} | {reference} | {ratio:.2} | {wanted}");
        self.rows.push(Line { target, what: what.to_owned(), measured, reference, ratio, wanted, reached });
    }

    /// Prints the table, and writes it down when the run was a whole one.
    pub fn finish(&self, whole: bool) -> Result<()> {
        let mut table = Table::new(["target", "what", "measured", "against", "ratio", "to reach", "reached"]);
        for line in &self.rows {
            table.row([
                line.target.into(),
                line.what.as_str().into(),
                line.measured.as_str().into(),
                line.reference.as_str().into(),
                Cell::right(format!("{:.2}", line.ratio)),
                line.wanted.into(),
                line.reached.map_or("", |reached| if reached { "yes" } else { "no" }).into(),
            ]);
        }
        let text = table.render(Look::default());
        println!("\n{text}");
        if !whole {
            return Ok(());
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/results");
        fs::create_dir_all(&folder).wrap_err("cannot make benches/results")?;
        let json: Vec<_> = self
            .rows
            .iter()
            .map(|line| {
                json!({
                    "target": line.target, "what": line.what, "measured": line.measured, "against": line.reference,
                    "ratio": line.ratio, "to_reach": line.wanted, "reached": line.reached,
                })
            })
            .collect();
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let all = json!({
            "version": shopstream::cli::VERSION, "cores": cores, "runs": super::measure::RUNS, "results": json,
        });
        fs::write(folder.join("latest.json"), serde_json::to_string_pretty(&all)? + "\n")?;
        let head = format!(
            "shopstream {}, {cores} cores, medians of {} runs\n\n",
            shopstream::cli::VERSION,
            super::measure::RUNS
        );
        fs::write(folder.join("latest.txt"), head + &text + "\n").wrap_err("cannot write benches/results")
    }
}
