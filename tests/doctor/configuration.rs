//! The configuration in force, with where each value came from; and this machine's part.

use std::process::Command;

use serde_json::Value;

use crate::consultation::Consultation;

fn doctor(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
    command.args(["doctor", "--json"]).args(words).env_clear();
    command
}

fn entry<'a>(found: &'a Consultation, setting: &str) -> &'a Value {
    let entries = found.report["configuration"].as_array().unwrap();
    entries.iter().find(|entry| entry["setting"] == setting).unwrap()
}

#[test]
fn every_setting_is_shown_with_its_source_and_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.toml");
    std::fs::write(&file, "# the shop\nlog_format = 'json'\nredis_prefix = 'file:'\n").unwrap();
    let mut command = doctor(&["--config", file.to_str().unwrap(), "--color", "never"]);
    command.env("DATABASE_URL", "postgres://shop:geheim@127.0.0.1:1/shop").env("SHOPSTREAM_REDIS_PREFIX", "variable:");
    command.env("KAFKA_OPTION", "sasl.password=geheim security.protocol=SASL_PLAINTEXT");
    let found = Consultation::hold(&mut command);
    let is = |setting: &str, value: &str, layer: &str, source: &str| {
        let entry = entry(&found, setting);
        let source = source.replace("FILE", file.to_str().unwrap());
        assert_eq!(
            (&entry["value"], &entry["layer"], &entry["source"]),
            (&value.into(), &layer.into(), &source.into())
        );
    };
    is("database_url", "postgres://shop:***@127.0.0.1:1/shop", "environment", "environment DATABASE_URL");
    is("redis_prefix", "variable:", "environment", "environment SHOPSTREAM_REDIS_PREFIX");
    is("log_format", "json", "file", "FILE line 2");
    is("color", "never", "flag", "flag --color");
    is("topic_prefix", "none", "default", "default");
    let option = "sasl.password=*** security.protocol=SASL_PLAINTEXT";
    is("kafka_option", option, "environment", "environment KAFKA_OPTION");
    assert!(!format!("{}{}", found.report, found.stderr).contains("geheim"));
}

#[test]
fn the_names_that_scripts_rely_on_are_there() {
    let found = Consultation::hold(&mut doctor(&[]));
    let names = |value: &Value| value.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>().join(" ");
    assert_eq!(names(&found.report), "checked_at configuration counts findings healthy version");
    assert_eq!(names(&found.report["counts"]), "notes ok problems warnings");
    assert_eq!(names(&found.report["findings"][0]), "check level mend service subject what");
    assert_eq!(names(&found.report["configuration"][0]), "layer setting source value");
}

#[test]
fn a_rust_log_that_cannot_be_read_is_a_problem() {
    let mut command = doctor(&[]);
    let found = Consultation::hold(command.env("RUST_LOG", "shopstream=loud"));
    found.says("machine", "rust_log", "", "problem", "RUST_LOG", "warn,shopstream=debug");
    let mut command = doctor(&[]);
    Consultation::hold(command.env("RUST_LOG", "debug")).says("machine", "rust_log", "", "note", "debug", "");
    Consultation::hold(&mut doctor(&[])).says("machine", "rust_log", "", "ok", "not set", "");
}

#[test]
fn the_room_in_both_folders_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = doctor(&[]);
    command.current_dir(folder.path()).env("TMPDIR", folder.path().join("missing"));
    let found = Consultation::hold(&mut command);
    let place = std::fs::canonicalize(folder.path()).unwrap();
    assert_eq!(found.finding("machine", "working_folder", "")["subject"], place.to_str().unwrap());
    found.says("machine", "temporary_folder", "", "problem", "cannot be told", "TMPDIR");
}
