//! Where settings come from, which source wins, and what is said about a source that cannot be right.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use clap::Parser;

use super::*;
use crate::error::Failure;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    global: GlobalArgs,
}

/// Settings of a command line (in words), an environment, and the lines of a configuration file.
fn resolve(words: &[&str], environment: &[(&str, &str)], file: Option<&str>) -> Result<Settings, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.toml");
    let mut words: Vec<OsString> = std::iter::once(&"shopstream").chain(words).map(OsString::from).collect();
    if let Some(text) = file {
        std::fs::write(&path, text).unwrap();
        words.extend(["--config".into(), path.into_os_string()]);
    }
    let given = Line::parse_from(words).global;
    Settings::resolve_with(&given, &|name| {
        environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
    })
}

/// The message and the remedy of what must fail, without the file's folder.
fn complaint(words: &[&str], environment: &[(&str, &str)], file: Option<&str>) -> (String, String) {
    let failure = resolve(words, environment, file).unwrap_err();
    assert_eq!(failure.exit(), 2);
    let text = failure.to_string();
    let text = text.find("shop.toml").map_or(text.as_str(), |at| &text[at..]).to_owned();
    (text, failure.remedy().unwrap_or_default().to_owned())
}

#[test]
fn a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
    let variable = [("DATABASE_URL", "postgres://environment/")];
    let file = Some("# a comment\ndatabase_url = \"postgres://file/\"\n");
    let read = |words: &[&str], environment: &[(&str, &str)], file| {
        let Sourced { value, source } = resolve(words, environment, file).unwrap().database_url;
        let source = source.to_string();
        (value.map(|url| url.to_string()), source.rsplit('/').next().unwrap_or_default().to_owned())
    };
    let is = |url: &str, source: &str| (Some(url.to_owned()), source.to_owned());
    let flag = ["--database-url", "postgres://flag/"];
    assert_eq!(read(&flag, &variable, file), is("postgres://flag/", "flag --database-url"));
    assert_eq!(read(&[], &variable, file), is("postgres://environment/", "environment DATABASE_URL"));
    assert_eq!(read(&[], &[], file), is("postgres://file/", "shop.toml line 2"));
    assert_eq!(read(&[], &[], None), (None, "default".to_owned()));
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let empty = [("DATABASE_URL", ""), ("NO_COLOR", ""), ("SHOPSTREAM_LOG_FORMAT", "")];
    let settings = resolve(&[], &empty, None).unwrap();
    assert!(settings.entries().iter().all(|(_, _, source)| **source == Source::Default));
}

#[test]
fn no_color_is_a_setting_of_the_environment_like_the_others() {
    let color = |words: &[&str], file| resolve(words, &[("NO_COLOR", "1")], file).unwrap().color;
    assert_eq!(color(&[], None).value, ColorMode::Never);
    assert_eq!(color(&[], Some("color = 'always'")).value, ColorMode::Never);
    assert_eq!(color(&["--color", "always"], None).value, ColorMode::Always);
}

#[test]
fn the_verbosity_follows_the_letters() {
    let verbosity = |words: &[&str], file| resolve(words, &[], file).unwrap().verbosity.value;
    assert_eq!(verbosity(&[], None), Verbosity::Normal);
    assert_eq!(verbosity(&["-q"], None), Verbosity::Quiet);
    assert_eq!(verbosity(&["-v"], Some("verbosity = 'quiet'")), Verbosity::Verbose);
    assert_eq!(verbosity(&["-vv"], None), Verbosity::Debug);
    assert_eq!(verbosity(&[], Some("verbosity = 'quiet'")), Verbosity::Quiet);
}

#[test]
fn what_is_in_force_can_be_listed_without_secrets() {
    let settings = resolve(&[], &[("DATABASE_URL", "postgres://shop:geheim@db/shop")], None).unwrap();
    let listed: Vec<_> = settings.entries().iter().map(|(key, value, from)| format!("{key} {value} {from}")).collect();
    assert_eq!(listed[0], "database_url postgres://shop:***@db/shop environment DATABASE_URL");
    assert!(!format!("{settings:?}").contains("geheim"));
}

#[test]
fn a_missing_database_names_every_way_to_give_one() {
    let settings = resolve(&[], &[], None).unwrap();
    let failure = settings.database_url().unwrap_err();
    for way in ["DATABASE_URL", "--database-url", "--config", "make env"] {
        assert!(failure.remedy().unwrap().contains(way), "{way}");
    }
}

#[test]
fn another_systems_url_is_refused_without_repeating_it() {
    let settings = resolve(&["--database-url", "mysql://shop:geheim@db/shop"], &[], None).unwrap();
    let failure = settings.database_url().unwrap_err();
    assert_eq!(failure.to_string(), "the database URL from flag --database-url is not a PostgreSQL URL");
}

#[test]
fn a_wrong_value_is_traced_to_its_variable_or_line() {
    let (what, help) = complaint(&[], &[("SHOPSTREAM_LOG_FORMAT", "xml")], None);
    assert_eq!(what, "environment variable SHOPSTREAM_LOG_FORMAT: \"xml\" is not one of text, json");
    assert_eq!(help, "correct SHOPSTREAM_LOG_FORMAT, or unset it");
    let (what, _) = complaint(&[], &[], Some("\nlog_format = \"xml\""));
    assert_eq!(what, "shop.toml line 2: `log_format`: \"xml\" is not one of text, json");
}

#[test]
fn a_key_nobody_knows_is_refused_with_what_may_have_been_meant() {
    let (what, help) = complaint(&[], &[], Some("color = 'auto'\nDATABASE_URL = 'postgres://shop:geheim@db/shop'"));
    assert_eq!(
        (what.as_str(), help.as_str()),
        ("shop.toml line 2: unknown key `DATABASE_URL`", "write it as `database_url`")
    );
    let (_, help) = complaint(&[], &[], Some("databse_url = ''"));
    assert_eq!(help, "did you mean `database_url`?");
    let (_, help) = complaint(&[], &[], Some("[postgres]\nhost = 'db'"));
    assert_eq!(
        help,
        "known keys: database_url, redis_url, redis_prefix, kafka_brokers, kafka_option, topic_prefix, log_format, color, \
         verbosity"
    );
}

#[test]
fn a_value_of_another_type_and_broken_toml_are_traced_to_their_line() {
    let (what, help) = complaint(&[], &[], Some("\n\nlog_format = 5"));
    assert_eq!(what, "shop.toml line 3: `log_format` must be a string, not of type integer");
    assert_eq!(help, "put it in quotes: log_format = \"…\"");
    let (what, _) = complaint(&[], &[], Some("color = 'auto'\nlog_format = \"text\n"));
    assert!(what.starts_with("shop.toml line 2: "), "{what}");
    let (what, _) = complaint(&[], &[], Some("color = 'auto'\ncolor = 'never'\n"));
    assert!(what.starts_with("shop.toml line 2: duplicate key"), "{what}");
}

#[test]
fn a_variable_that_is_not_text_is_refused() {
    let given = Line::parse_from(["shopstream"]).global;
    let failure = Settings::resolve_with(&given, &|_| Some(OsString::from_vec(vec![0xff]))).unwrap_err();
    assert_eq!(failure.to_string(), "environment variable DATABASE_URL: is not valid UTF-8");
}
