//! What a page tells its reader to type is typed, in the order of the page, and answers as the page says.

use std::path::Path;
use std::process::Output;

use crate::commands::lines;
use crate::page::{Block, Page};
use crate::place::Place;

/// Runs a page's blocks, from top to bottom, where nothing is yet.
fn run(path: &str) {
    run_in(path, Place::new());
}

/// The same where there is a small shop, for pages that look at one.
fn run_in_a_shop(path: &str) {
    let place = Place::new();
    well(path, &place.bash("shopstream init --users 300 --products 300 --as-of 2026-01-01"));
    run_in(path, place);
}

fn run_in(path: &str, mut place: Place) {
    let page = Page::read(Path::new(path));
    let (mut ran, mut result) = (0, None::<Output>);
    for block in &page.blocks {
        let at = page.at(block.line);
        let before = result.take();
        match (block.language.as_str(), block.mark.as_deref()) {
            (_, Some(mark)) if mark.starts_with("not run: ") => {}
            ("sh", Some(mark)) if mark.ends_with("stays") => {
                if mark.starts_with("ends") {
                    place.stop_workers();
                }
                let joined = block.text.replace("\\\n", " ");
                joined.lines().filter(|line| line.starts_with("shopstream ")).for_each(|line| place.start(line));
                ran += 1;
            }
            ("sh", mark) => {
                if mark == Some("ends") {
                    place.stop_workers();
                }
                well(&at, &place.bash(&block.text));
                ran += 1;
            }
            ("console", _) => {
                console(&at, block, &place);
                ran += 1;
            }
            ("sql", _) => {
                result = Some(well(&at, &place.psql(&block.text)));
                ran += 1;
            }
            ("toml", _) => {
                well(&at, &place.configure(&block.text));
                ran += 1;
            }
            ("text", _) if block.follows => {
                if let Some(output) = before {
                    same(&at, &block.text, &String::from_utf8(output.stdout).unwrap());
                }
            }
            _ => {}
        }
    }
    place.stop_workers();
    assert!(ran > 0, "nothing of {path} was run");
}

/// Holds that it ended well.
fn well(at: &str, output: &Output) -> Output {
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{at} ended with {}\n{stdout}\n{stderr}", output.status);
    output.clone()
}

/// Runs each command of a session, and compares what it prints.
fn console(at: &str, block: &Block, place: &Place) {
    for session in format!("\n{}", block.text).split("\n$ ").skip(1) {
        let (command, expected) = session.split_once('\n').unwrap_or((session, ""));
        let output = place.bash(command);
        // A session may show a command that fails; the line with its message is then on the page too.
        let mut said = String::from_utf8(output.stdout.clone()).unwrap();
        if !output.status.success() {
            said.push_str(&String::from_utf8_lossy(&output.stderr));
        }
        same(&format!("{at}: {command}"), expected, &said);
    }
}

/// Holds that an output is as shown; `…` alone on a line stands for any number of lines.
fn same(at: &str, shown: &str, said: &str) {
    let lines = |text: &str| text.trim_end().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    assert!(matches(&lines(shown), &lines(said)), "{at}\n--- the page shows\n{shown}\n--- it is\n{said}");
}

fn matches(shown: &[String], said: &[String]) -> bool {
    match shown.split_first() {
        None => said.is_empty(),
        Some((first, rest)) if first == "…" => (0..=said.len()).any(|skipped| matches(rest, &said[skipped..])),
        Some((first, rest)) => said.first() == Some(first) && matches(rest, &said[1..]),
    }
}

#[test]
fn the_readme_does_what_it_says() {
    run("README.md");
}

#[test]
fn the_quick_start_does_what_it_says() {
    run("docs/quick-start.md");
}

#[test]
fn the_page_on_the_database_does_what_it_says() {
    run("docs/database.md");
}

#[test]
fn the_page_on_kafka_does_what_it_says() {
    run("docs/kafka.md");
}

#[test]
fn the_page_on_the_pipeline_does_what_it_says() {
    run("docs/pipeline.md");
}

#[test]
fn the_page_on_the_year_does_what_it_says() {
    run("docs/the-year.md");
}

#[test]
fn the_page_on_the_examples_does_what_it_says() {
    run("examples/README.md");
}

#[test]
fn the_page_on_verify_does_what_it_says() {
    run_in_a_shop("docs/verify.md");
}

#[test]
fn the_page_on_doctor_does_what_it_says() {
    run_in_a_shop("docs/doctor.md");
}

#[test]
fn every_mark_is_known_and_says_why() {
    for page in crate::page::all() {
        for block in page.blocks.iter().filter(|block| block.mark.is_some()) {
            let mark = block.mark.as_deref().unwrap();
            let reason = mark.strip_prefix("not run: ");
            assert!(
                matches!(mark, "stays" | "ends" | "ends; stays") || reason.is_some_and(|why| why.len() > 10),
                "{}: {mark}",
                page.at(block.line)
            );
            assert!(!mark.ends_with("stays") || !lines(block).is_empty(), "{}: nothing stays", page.at(block.line));
        }
    }
}

#[test]
fn an_output_that_differs_is_noticed() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(matches(&lines("a\n…\nd"), &lines("a\nb\nc\nd")));
    assert!(matches(&lines("a\n…"), &lines("a")));
    assert!(!matches(&lines("a\n…\nd"), &lines("a\nb")));
    assert!(!matches(&lines("a"), &lines("a\nb")));
}
