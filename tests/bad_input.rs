//! What the program says about input it cannot take: exit status and message, pinned; no service is needed.
//!
//! `INSTA_UPDATE=always cargo test --test bad_input` writes the snapshots anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
    command.args(words).current_dir(folder).env_clear().env("COLUMNS", "100").stdin(Stdio::null());
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "an error is no result");
    format!("exit {}\n{}", output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr))
}

/// The first category of the built-in catalogue, enough for a file of one's own.
const CATEGORY: &str = r#"[[category]]
id = "tea"
name = "차"
english = "tea"
price = [1_000, 9_000]
frequency = 10
quantity = [70, 30]
shipped = true
premium_brands = ["봄잎"]
brands = ["한모금", "잎새"]
qualities = ["햇"]
descriptions = ["{brand}의 {quality} {noun}"]
[[category.line]]
nouns = ["녹차"]
options = ["100g"]
"#;

/// A scenario file that goes with [`CATEGORY`].
const SCENARIOS: &str = r#"[[scenario]]
id = "baseline"
what = "an ordinary day"
gender = [55, 45]
ages = [8, 28, 28, 22, 14]
categories = { tea = 100 }
demand = 1.0
reach = 1.0
"#;

#[test]
fn a_request_out_of_range_names_the_range() {
    let folder = tempfile::tempdir().unwrap();
    for (case, words) in [
        ("year_1900", &["backfill", "--year", "1900"][..]),
        ("year_2101", &["backfill", "--year", "2101", "--to", "null"]),
        ("year_missing", &["backfill"]),
        ("year_text", &["backfill", "--year", "last"]),
        ("report_year_text", &["report", "--year", "last"]),
        ("report_into_no_folder", &["report", "--from", "dataset", "--out", "missing/page.html"]),
        ("every_negative", &["cache", "refresh", "--every", "-1s"]),
        ("every_fraction", &["grades", "update", "--every", "0.5s"]),
        ("every_too_often", &["grades", "update", "--every", "1ms"]),
        ("cache_too_often", &["cache", "refresh", "--every", "999ms"]),
        ("orders_0", &["backfill", "--year", "2025", "--orders", "0"]),
        ("orders_negative", &["backfill", "--year", "2025", "--orders", "-5"]),
        ("orders_huge", &["backfill", "--year", "2025", "--orders", "9_000_000_000"]),
        ("users_too_few", &["backfill", "--year", "2025", "--to", "null", "--users", "500"]),
        ("as_of_too_late", &["backfill", "--year", "2025", "--to", "null", "--as-of", "2031-01-01"]),
        ("as_of_no_date", &["backfill", "--year", "2025", "--to", "null", "--as-of", "2025-02-30"]),
        ("as_of_ancient", &["backfill", "--year", "1975", "--to", "null", "--as-of", "1960-01-01"]),
        ("shard_3_of_2", &["backfill", "--year", "2025", "--shard", "3/2"]),
        ("shard_0", &["backfill", "--year", "2025", "--shard", "0/2"]),
        ("jobs_0", &["backfill", "--year", "2025", "--jobs", "0"]),
        ("target_unknown", &["backfill", "--year", "2025", "--to", "parkett"]),
        ("compression_unknown", &["backfill", "--year", "2025", "--compression", "lz4"]),
        ("habits_unknown", &["backfill", "--year", "2025", "--habits", "maybe"]),
        ("resume_and_replace", &["backfill", "--year", "2025", "--resume", "--replace"]),
        ("null_with_out", &["backfill", "--year", "2025", "--to", "null", "--out", "x"]),
        ("kafka_with_shard", &["backfill", "--year", "2025", "--to", "kafka", "--shard", "1/2"]),
        ("kafka_with_replace", &["backfill", "--year", "2025", "--to", "kafka", "--replace"]),
        ("kafka_unconfigured", &["backfill", "--year", "2025", "--to", "kafka"]),
        ("speed_0", &["backfill", "--year", "2025", "--to", "kafka", "--speed", "0"]),
        ("speed_without_kafka", &["backfill", "--year", "2025", "--to", "null", "--speed", "60"]),
        ("dlq_topic", &["dlq", "inspect", "order.dlq"]),
        ("postgres_unconfigured", &["backfill", "--year", "2025", "--to", "postgres"]),
        ("seed_unconfigured", &["seed"]),
        ("seed_users_text", &["seed", "--users", "many"]),
        ("seed_as_of_ancient", &["seed", "--as-of", "1900-01-01"]),
        ("scenario_unknown", &["scenarios", "show", "black-fridey"]),
        ("scenario_no_likeness", &["scenarios", "show", "zzz"]),
        ("calendar_year", &["scenarios", "calendar", "--year", "1974"]),
        ("validate_missing", &["scenarios", "validate", "nowhere.toml"]),
    ] {
        insta::assert_snapshot!(case, said(&run(folder.path(), words)));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "a refused request leaves nothing behind");
}

#[test]
fn a_wrong_catalogue_is_refused_with_the_line_and_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("catalog_line_7_type", "quantity = [70, 30]", "quantity = \"many\""),
        ("catalog_line_7_weights", "quantity = [70, 30]", "quantity = [0, 0]"),
        ("catalog_price", "price = [1_000, 9_000]", "price = [9_000, 1_000]"),
        ("catalog_frequency", "frequency = 10", "frequency = -1"),
        ("catalog_unknown_key", "english = \"tea\"", "englisch = \"tea\""),
        ("catalog_placeholder", "{quality} {noun}", "{quality} {nuon}"),
        ("catalog_no_nouns", "nouns = [\"녹차\"]", "nouns = []"),
        ("catalog_syntax", "shipped = true", "shipped = true,"),
    ];
    fs::write(folder.path().join("scenarios.toml"), SCENARIOS).unwrap();
    for (case, right, wrong) in cases {
        assert!(CATEGORY.contains(right), "{case}");
        fs::write(folder.path().join("catalog.toml"), CATEGORY.replace(right, wrong)).unwrap();
        let words = [
            "backfill",
            "--year",
            "2025",
            "--to",
            "null",
            "--catalog",
            "catalog.toml",
            "--scenarios",
            "scenarios.toml",
        ];
        insta::assert_snapshot!(case, said(&run(folder.path(), &words)));
    }
}

#[test]
fn a_catalogue_that_lacks_what_the_scenarios_name_says_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("catalog.toml"), CATEGORY).unwrap();
    let words = ["backfill", "--year", "2025", "--to", "null", "--catalog", "catalog.toml"];
    insta::assert_snapshot!(said(&run(folder.path(), &words)));
}

#[test]
fn a_shop_of_ones_own_makes_a_year() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("catalog.toml"), CATEGORY).unwrap();
    fs::write(folder.path().join("scenarios.toml"), SCENARIOS).unwrap();
    let words = [
        "-q",
        "backfill",
        "--year",
        "2025",
        "--to",
        "null",
        "--orders",
        "500",
        "--catalog",
        "catalog.toml",
        "--scenarios",
        "scenarios.toml",
        "--json",
    ];
    let done = run(folder.path(), &words);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let json: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(json["summary"]["orders"], 500);
}

#[test]
fn a_wrong_scenario_file_is_refused_with_the_line_and_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let whole = format!(
        "{}\n[[window]]\nscenario = \"baseline\"\nfrom = \"03-01\"\nto = \"03-09\"\n",
        SCENARIOS.replace("tea", "meat")
    );
    let cases = [
        ("scenarios_gender", "gender = [55, 45]", "gender = [55]"),
        ("scenarios_ages", "ages = [8, 28, 28, 22, 14]", "ages = [8, 28, 28, 22, -14]"),
        ("scenarios_category", "meat", "mead"),
        ("scenarios_demand", "demand = 1.0", "demand = 0"),
        ("scenarios_reach", "reach = 1.0", "reach = 1.5"),
        ("scenarios_first", "id = \"baseline\"", "id = \"sale\""),
        ("scenarios_id", "id = \"baseline\"", "id = \"Base Line\""),
        ("scenarios_window_day", "to = \"03-09\"", "to = \"02-30\""),
        ("scenarios_window_order", "to = \"03-09\"", "to = \"02-09\""),
        ("scenarios_window_form", "to = \"03-09\"", "days = [1, 2]"),
        ("scenarios_window_unknown", "scenario = \"baseline\"", "scenario = \"nothing\""),
        ("scenarios_missing_key", "demand = 1.0\n", ""),
    ];
    for (case, right, wrong) in cases {
        assert!(whole.contains(right), "{case}");
        fs::write(folder.path().join("own.toml"), whole.replace(right, wrong)).unwrap();
        insta::assert_snapshot!(case, said(&run(folder.path(), &["scenarios", "validate", "own.toml"])));
    }
    fs::write(folder.path().join("own.toml"), &whole).unwrap();
    let right = run(folder.path(), &["scenarios", "validate", "own.toml"]);
    assert!(right.status.success(), "{}", String::from_utf8_lossy(&right.stderr));
}

#[test]
fn a_folder_that_cannot_take_the_files_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir(at.join("full")).unwrap();
    fs::write(at.join("full/notes.txt"), "mine").unwrap();
    fs::write(at.join("file"), "").unwrap();
    let small =
        ["-q", "backfill", "--year", "2025", "--orders", "100", "--users", "2000", "--products", "2000", "--out"];
    let with = |more: &[&'static str]| [&small[..], more].concat();
    for (case, words) in [
        ("folder_not_empty", with(&["full"])),
        ("folder_not_empty_replace", with(&["full", "--replace"])),
        ("folder_is_a_file", with(&["file"])),
        ("folder_under_a_file", with(&["file/below"])),
    ] {
        insta::assert_snapshot!(case, said(&run(at, &words)));
    }
    assert_eq!(fs::read_to_string(at.join("full/notes.txt")).unwrap(), "mine");
    fs::create_dir(at.join("stranger")).unwrap();
    fs::write(at.join("stranger/orders.parquet"), "mine").unwrap();
    for flag in ["--replace", "--resume"] {
        let refused = run(at, &with(&["stranger", flag]));
        assert_eq!(refused.status.code(), Some(2), "{flag} takes a file for ours that has no manifest beside it");
    }
    assert_eq!(fs::read_to_string(at.join("stranger/orders.parquet")).unwrap(), "mine");

    let made = run(at, &with(&["dataset"]));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    insta::assert_snapshot!("folder_complete", said(&run(at, &with(&["dataset"]))));
    assert!(run(at, &with(&["dataset", "--resume"])).status.success(), "a complete dataset needs no finishing");
    let other = ["-q", "backfill", "--year", "2024", "--out", "dataset", "--resume"];
    insta::assert_snapshot!("folder_resume_other", said(&run(at, &other)));
    assert!(run(at, &with(&["dataset", "--replace", "--yes"])).status.success());
    fs::write(at.join("dataset/orders.parquet"), "damaged").unwrap();
    insta::assert_snapshot!("folder_damaged", said(&run(at, &with(&["dataset", "--resume"]))));
}

#[test]
fn a_disk_that_fills_up_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mount = folder.path().join("disk");
    fs::create_dir(&mount).unwrap();
    let shown = mount.display().to_string();
    let as_root = |words: &[&str]| {
        let root = fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
        let (program, words) = if root { (words[0], words[1..].to_vec()) } else { ("sudo", [&["-n"], words].concat()) };
        Command::new(program).args(words).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    if !as_root(&["mount", "-t", "tmpfs", "-o", "size=1m,mode=777", "tmpfs", &shown]) {
        println!("not tried: this machine does not let the test mount a file system of 1 MiB");
        return;
    }
    let tries = ["csv", "ndjson", "parquet"].map(|format| {
        let words = ["-q", "backfill", "--year", "2025", "--jobs", "1", "--to", format, "--out", "disk/out"];
        let done = run(folder.path(), &words);
        let left: Vec<_> = fs::read_dir(&mount).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        (format, said(&done), left)
    });
    assert!(as_root(&["umount", &shown]));
    for (format, text, left) in tries {
        assert!(left.is_empty(), "{format}: {left:?}");
        // Which file meets the end of the disk is the file system's business.
        insta::with_settings!({ filters => vec![(r"(orders|order_items|users|products|grade_changes)\b", "TABLE")] }, {
            insta::assert_snapshot!(format!("disk_full_{format}"), text);
        });
    }
}

#[test]
fn what_is_no_plain_file_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Command::new("mkfifo").arg(folder.path().join("pipe")).status().is_ok_and(|status| status.success()));
    for (case, words) in [
        ("catalog_pipe", &["backfill", "--year", "2025", "--to", "null", "--catalog", "pipe"][..]),
        ("scenarios_device", &["scenarios", "validate", "/dev/zero"]),
    ] {
        insta::assert_snapshot!(case, said(&run(folder.path(), words)));
    }
}
