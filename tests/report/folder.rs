//! Folders that are not what a report can be made of.

use std::fs;
use std::path::Path;

use shopstream::backfill::dataset::FileFormat;
use shopstream::error::Failure;
use shopstream::report::files::Dataset;
use shopstream::sink::compress::Compression;

use crate::shop::{of_folder, request, run, shard, write};

fn refusal(folder: &Path) -> String {
    let failure = of_folder(folder).unwrap_err();
    let known = failure.downcast_ref::<Failure>().unwrap_or_else(|| panic!("{failure} has no remedy"));
    assert!(known.remedy().is_some(), "{known}");
    known.to_string()
}

#[test]
fn a_foreign_folder_is_refused_with_the_way_out() {
    let base = tempfile::tempdir().unwrap();
    let at = |name: &str| base.path().join(name);
    assert!(refusal(&at("nowhere")).contains("there is no folder"));
    fs::write(at("file"), "").unwrap();
    assert!(refusal(&at("file")).contains("is no folder"));
    fs::create_dir(at("pictures")).unwrap();
    assert!(refusal(&at("pictures")).contains("holds no manifest.json"));
    for (name, manifest) in [("text", "hello"), ("other", "{\"name\": \"my app\"}")] {
        fs::create_dir(at(name)).unwrap();
        fs::write(at(name).join("manifest.json"), manifest).unwrap();
        assert!(refusal(&at(name)).contains("is no manifest of a dataset"), "{name}");
    }
    // Of two data sets: shards of two and of three.
    write(&shard(500, 1, 2), FileFormat::Csv, Compression::None, &at("mixed"));
    write(&shard(500, 2, 3), FileFormat::Csv, Compression::None, &at("more"));
    for entry in fs::read_dir(at("more")).unwrap() {
        let entry = entry.unwrap();
        fs::rename(entry.path(), at("mixed").join(entry.file_name())).unwrap();
    }
    assert!(refusal(&at("mixed")).contains("parts of two data sets"));
}

#[test]
fn a_damaged_file_is_named() {
    for (format, name) in [
        (FileFormat::Parquet, "orders.parquet"),
        (FileFormat::Csv, "order_items.csv"),
        (FileFormat::Ndjson, "users.ndjson"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        write(&request(500), format, Compression::None, folder.path());
        let content = fs::read(&path).unwrap();
        fs::write(&path, &content[..content.len() - 9]).unwrap();
        assert!(refusal(folder.path()).contains(&format!("{name} has another checksum")));
        fs::remove_file(&path).unwrap();
        assert!(refusal(folder.path()).contains(&format!("{name} is missing")));
    }
}

/// What is done to a file's text.
type Change = fn(&str) -> String;

/// Changes a file, and what the manifest says of it: as somebody who knows checksums would.
fn falsify(folder: &Path, name: &str, change: Change) {
    use sha2::Digest;
    let path = folder.join(name);
    let changed = change(&fs::read_to_string(&path).unwrap());
    fs::write(&path, &changed).unwrap();
    let manifest = folder.join("manifest.json");
    let mut json: serde_json::Value = serde_json::from_str(&fs::read_to_string(&manifest).unwrap()).unwrap();
    let files = json["files"].as_array_mut().unwrap();
    let file = files.iter_mut().find(|file| file["name"] == name).unwrap();
    let digest = sha2::Sha256::digest(changed.as_bytes());
    file["sha256"] = digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
    fs::write(&manifest, json.to_string()).unwrap();
}

#[test]
fn rows_that_do_not_belong_together_are_never_counted() {
    let changes: [(&str, &str, Change); 5] = [
        ("an item too few", "order_items.csv", |text| text.lines().take(900).map(|line| format!("{line}\n")).collect()),
        ("an item too many", "order_items.csv", |text| format!("{text}{}\n", text.lines().last().unwrap())),
        ("items in another order", "order_items.csv", |text| {
            let mut lines: Vec<&str> = text.lines().collect();
            let last = lines.pop().unwrap();
            lines.insert(1, last);
            lines.join("\n")
        }),
        ("an order of another year", "orders.csv", |text| text.replacen("2025-0", "2031-0", 1)),
        ("a status that is none", "orders.csv", |text| text.replacen("COMPLETED", "LOST", 1)),
    ];
    for (what, name, change) in changes {
        let folder = tempfile::tempdir().unwrap();
        write(&request(500), FileFormat::Csv, Compression::None, folder.path());
        falsify(folder.path(), name, change);
        Dataset::open(folder.path()).unwrap().check_files().unwrap();
        assert!(refusal(folder.path()).contains("is not what its manifest says"), "{what}");
    }
}

#[test]
fn wrong_calls_end_with_status_2_and_say_what_is_right() {
    let base = tempfile::tempdir().unwrap();
    write(&request(500), FileFormat::Csv, Compression::None, &base.path().join("dataset"));
    fs::write(base.path().join("mine.html"), "<html>my own page</html>").unwrap();
    for (case, words) in [
        ("no_source", &["report"][..]),
        ("no_such_folder", &["report", "--from", "nowhere"]),
        ("default_folder", &["report", "--year", "2025"]),
        ("other_year", &["report", "--from", "dataset", "--year", "2024"]),
        ("year_1900", &["report", "--from", "dataset", "--year", "1900"]),
        ("somebody_elses_file", &["report", "--from", "dataset", "--out", "mine.html"]),
        ("a_folder_as_file", &["report", "--from", "dataset", "--out", "dataset"]),
        ("postgres_unconfigured", &["report", "--from", "postgres"]),
    ] {
        let done = run(base.path(), None, words);
        assert_eq!(String::from_utf8_lossy(&done.stdout), "", "{case}");
        let code = done.status.code().unwrap_or(-1);
        insta::assert_snapshot!(case, format!("exit {code}\n{}", String::from_utf8_lossy(&done.stderr)));
    }
    assert_eq!(fs::read_to_string(base.path().join("mine.html")).unwrap(), "<html>my own page</html>");
    assert_eq!(fs::read_dir(base.path()).unwrap().count(), 2);
    let done = run(base.path(), None, &["report", "--from", "dataset", "--out", "mine.html", "--replace", "--yes"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(fs::read_to_string(base.path().join("mine.html")).unwrap().contains("Apache ECharts"));
}
