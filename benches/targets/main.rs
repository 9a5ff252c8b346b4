//! `make bench`: measures what the product promises, each figure against its reference, both sides in one run on one
//! machine. Prints a table, and writes it to `benches/results/` as text and JSON. Nothing is asserted: it reports.

#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

mod cache;
mod database;
mod files;
mod grades;
mod kafka;
mod latency;
mod measure;
mod postgres;
mod report;
mod shop;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Cargo passes `--bench`; a word narrows the run down: `cargo bench --bench targets -- postgres`.
    let only: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|word| word == name);
    let mut report = report::Report::default();
    let outcome = (|| -> color_eyre::Result<()> {
        if wanted("files") {
            files::run(&mut report)?;
        }
        if wanted("memory") {
            files::memory(&mut report)?;
        }
        if wanted("start") {
            files::start(&mut report)?;
        }
        if wanted("postgres") {
            postgres::run(&mut report)?;
        }
        if wanted("produce") {
            kafka::produce(&mut report)?;
        }
        if wanted("consume") {
            kafka::consume(&mut report)?;
        }
        if wanted("cache") {
            cache::refresh(&mut report)?;
            cache::queries(&mut report)?;
            cache::members(&mut report)?;
        }
        if wanted("latency") {
            latency::run(&mut report)?;
        }
        if wanted("grades") {
            grades::run(&mut report)?;
        }
        report.finish()
    })();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error:?}");
            ExitCode::FAILURE
        }
    }
}
