//! The built program as its users meet it: help, version, wrong usage, configuration, output streams.
//!
//! `INSTA_UPDATE=always cargo test --test cli` writes the snapshots of new or changed help.

#![expect(clippy::expect_used, reason = "clippy takes helpers of tests for code that is not a test")]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use clap::CommandFactory;
use shopstream::cli::Cli;

/// The program with nothing of this machine's environment.
fn shopstream(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
    command.args(words).env_clear().env("COLUMNS", "100").stdin(Stdio::null());
    command
}

/// Runs to the end.
fn run(mut command: Command) -> Output {
    command.output().expect("the program runs")
}

/// Exit status, standard output and standard error as one text for a snapshot.
fn transcript(output: &Output) -> String {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("exit: {}\n--- stdout\n{stdout}--- stderr\n{stderr}", output.status.code().unwrap_or(-1))
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("output is UTF-8")
}

/// The words of every command, from clap's own tree; commands of later issues come by themselves.
fn every_command() -> Vec<Vec<String>> {
    fn walk(command: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
        found.push(path.to_vec());
        for child in command.get_subcommands().filter(|child| child.get_name() != "help" && !child.is_hide_set()) {
            walk(child, &[path, &[child.get_name().to_owned()]].concat(), found);
        }
    }
    let mut found = Vec::new();
    walk(&Cli::command(), &[], &mut found);
    found
}

#[test]
fn every_command_says_in_the_imperative_what_it_does() {
    fn all(command: &clap::Command, found: &mut Vec<(String, String)>) {
        for child in command.get_subcommands().filter(|child| child.get_name() != "help") {
            let about = child.get_about().map(ToString::to_string).unwrap_or_default();
            found.push((child.get_name().to_owned(), about));
            all(child, found);
        }
    }
    let mut found = Vec::new();
    all(&Cli::command(), &mut found);
    let verbs = [
        "Ask",
        "Audit",
        "Check",
        "Create",
        "Draw",
        "Look",
        "Make",
        "Measure",
        "Prepare",
        "Print",
        "Put",
        "Recompute",
        "Send",
        "Show",
        "Simulate",
        "Store",
        "Switch",
    ];
    for (name, about) in found {
        let first = about.split(' ').next().unwrap();
        assert!(verbs.contains(&first) && !about.ends_with('.'), "{name}: {about:?}");
    }
}

#[test]
fn the_help_of_every_command_opens_with_an_example() {
    for path in every_command() {
        let words: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let help = run(shopstream(&words));
        assert!(help.status.success(), "{words:?}");
        let text = stdout(&help);
        let example = ["Example", "shopstream"].iter().chain(&words[..words.len() - 1]);
        let opening: String = text.lines().take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
        assert!(example.clone().all(|word| opening.contains(word)), "{words:?} opens with:\n{opening}");
        if path.is_empty() {
            insta::assert_snapshot!("help", text);
            continue;
        }
        // The same for all, and pinned above: a new setting should change one snapshot.
        let (own, _) = text.split_once("Options of every command:").expect("every command takes the common options");
        insta::assert_snapshot!(format!("help_{}", path.join("_")), own);
    }
}

#[test]
fn the_short_help_fits_on_a_screen() {
    for path in every_command() {
        let words: Vec<&str> = path.iter().map(String::as_str).chain(["-h"]).collect();
        let lines = stdout(&run(shopstream(&words))).lines().count();
        assert!(lines <= 60, "{words:?} takes {lines} lines");
    }
}

#[test]
fn the_version_names_the_commit() {
    insta::with_settings!({filters => vec![
        (r"\d+\.\d+\.\d+[^ ]* \((?:[0-9a-f]{7,40}(?:-dirty)?|unknown)\)", "[VERSION] ([COMMIT])"),
    ]}, {
        insta::assert_snapshot!("version", transcript(&run(shopstream(&["--version"]))));
    });
}

#[test]
fn a_call_with_nothing_prints_a_map() {
    let output = run(shopstream(&[]));
    assert!(output.status.success());
    insta::assert_snapshot!("map", stdout(&output));
    assert!(output.stderr.is_empty());
}

#[test]
fn every_misspelling_gets_a_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key.toml"), "kafka_broker = 'a:1'\n").unwrap();
    std::fs::write(folder.path().join("value.toml"), "log_format = 'jsno'\n").unwrap();
    let scenario = "[[scenario]]\nid = \"baseline\"\nwhat = \"x\"\ngender = [1, 1]\nages = [1, 1, 1, 1, 1]\n\
                    categories = { meta = 5 }\ndemand = 1.0\nreach = 1.0\n";
    std::fs::write(folder.path().join("category.toml"), scenario).unwrap();
    std::fs::write(folder.path().join("field.toml"), scenario.replace("demand", "demmand")).unwrap();
    let window = "[[window]]\nscenario = \"baselnie\"\nfrom = \"01-01\"\nto = \"01-02\"\n";
    std::fs::write(folder.path().join("window.toml"), scenario.replace("meta", "meat") + window).unwrap();
    let calls = [
        ("command", "docter", "'doctor'"),
        ("command below a command", "scenarios activte golf", "'activate'"),
        ("flag", "doctor --jsno", "'--json'"),
        ("flag of every command", "doctor --databse-url x", "'--database-url'"),
        ("value of a flag", "backfill --year 2025 --to parqet", "'parquet'"),
        ("value of a common flag", "doctor --color alwyas", "'always'"),
        ("topic", "consume --topic order", "'orders'"),
        ("topic of dead letters", "dlq inspect ordres", "did you mean orders?"),
        ("class of dead letters", "dlq inspect orders --class shcema", "'schema'"),
        ("stream", "produce --stream ordres", "'orders'"),
        ("kind of injection", "produce --inject posion=1%", "did you mean poison?"),
        ("compression", "backfill --year 2025 --compression gizp", "did you mean gzip?"),
        ("scenario", "scenarios show blackfriday", "did you mean black-friday?"),
        ("scenario to switch on", "scenarios activate gofl", "did you mean golf?"),
        ("key of the configuration", "--config key.toml doctor", "did you mean `kafka_brokers`?"),
        ("value in the configuration", "--config value.toml doctor", "did you mean json?"),
        ("category in a scenario", "scenarios validate category.toml", "did you mean meat?"),
        ("field of a scenario", "scenarios validate field.toml", "did you mean demand?"),
        ("scenario of a window", "scenarios validate window.toml", "did you mean baseline?"),
    ];
    for (what, words, suggestion) in calls {
        let mut command = shopstream(&words.split(' ').collect::<Vec<_>>());
        let output = run_in(&mut command, folder.path());
        assert!(output.starts_with("exit: 2"), "{what}: {output}");
        assert!(output.contains(suggestion), "{what}: {output}");
    }
    let mut command = shopstream(&["doctor"]);
    command.env("SHOPSTREAM_LOG_FORMAT", "jason");
    let output = run_in(&mut command, folder.path());
    assert!(output.contains("did you mean json?"), "value of a variable: {output}");
}

fn run_in(command: &mut Command, folder: &Path) -> String {
    transcript(&command.current_dir(folder).output().expect("the program runs"))
}

#[test]
fn wrong_usage_ends_with_2_and_a_suggestion() {
    let calls: [(&str, &[&str]); 5] = [
        ("wrong_command", &["complete", "bash"]),
        ("wrong_flag", &["completions", "--colour", "never", "bash"]),
        ("wrong_value", &["completions", "bahs"]),
        ("missing_value", &["completions"]),
        ("quiet_and_verbose", &["-q", "-v"]),
    ];
    for (name, words) in calls {
        insta::assert_snapshot!(name, transcript(&run(shopstream(words))));
    }
}

#[test]
fn a_configuration_file_that_cannot_be_right_is_refused_with_its_line() {
    let files = [
        ("config_unknown_key", "log_format = \"json\"\nredis = \"localhost\"\n"),
        ("config_wrong_type", "log_format = true\n"),
        ("config_wrong_value", "# logs\nlog_format = \"xml\"\n"),
        ("config_broken", "log_format = \"json\"\n\ncolor = \"never\n"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join("shop.toml"), text).unwrap();
        let mut command = shopstream(&["--config", "shop.toml", "completions", "bash"]);
        command.current_dir(folder.path());
        insta::assert_snapshot!(name, transcript(&run(command)));
    }
    let mut command = shopstream(&["--config", "missing.toml", "completions", "bash"]);
    command.current_dir(folder.path());
    insta::assert_snapshot!("config_missing", transcript(&run(command)));
}

#[test]
fn a_wrong_variable_is_named() {
    let mut command = shopstream(&["completions", "bash"]);
    command.env("SHOPSTREAM_LOG_FORMAT", "xml");
    insta::assert_snapshot!("wrong_variable", transcript(&run(command)));
}

#[test]
fn colour_follows_flag_then_no_color_then_file_then_terminal() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop.toml"), "color = \"always\"").unwrap();
    let coloured = |words: &[&str], no_color: bool| {
        let mut command = shopstream(words);
        command.current_dir(folder.path());
        if no_color {
            command.env("NO_COLOR", "1");
        }
        stdout(&run(command)).contains('\u{1b}')
    };
    let file = ["--config", "shop.toml"];
    assert!(!coloured(&[], false), "a pipe is no terminal");
    assert!(coloured(&file, false), "the file says always");
    assert!(!coloured(&file, true), "NO_COLOR beats the file");
    assert!(coloured(&["--config", "shop.toml", "--color", "always"], true), "the flag beats NO_COLOR");
    assert!(!coloured(&["--config", "shop.toml", "--color", "never"], false), "the flag beats the file");
    assert!(coloured(&["--color", "always", "--help"], true), "help too");
    assert!(!coloured(&["--help"], false), "help in a pipe");
}

#[test]
fn a_password_on_the_command_line_is_never_repeated() {
    let url = "postgres://shop:geheim@db:5432/shop";
    let with_flag = format!("--database={url}");
    for words in [vec![url], vec![&with_flag], vec!["completions", url], vec!["completions", "bash", url]] {
        let output = transcript(&run(shopstream(&words)));
        assert!(output.starts_with("exit: 2"), "{output}");
        assert!(!output.contains("geheim"), "{output}");
    }
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(shopstream(&["completions", shell]));
        assert!(output.status.success(), "{shell}");
        assert!(stdout(&output).contains("completions"), "{shell}");
        assert!(output.stderr.is_empty(), "{shell}");
    }
}

#[test]
fn bash_can_read_its_completions() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("shopstream.bash");
    std::fs::write(&script, run(shopstream(&["completions", "bash"])).stdout).unwrap();
    let checked = Command::new("bash").arg("-n").arg(&script).output().expect("bash is installed");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    for words in [vec!["completions", "bash"], vec!["--help"], vec![]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = shopstream(&words);
        command.stdout(writer);
        let output = run(command);
        assert!(output.status.success(), "{words:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
    }
}

#[test]
fn a_full_disk_under_standard_output_is_an_error() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let mut command = shopstream(&["completions", "bash"]);
    command.stdout(File::options().write(true).open(full).unwrap());
    insta::assert_snapshot!("stdout_full", transcript(&run(command)));
}

#[test]
fn a_signal_ends_a_one_time_command_with_128_and_its_number() {
    for (signal, expected, word) in [("INT", 130, "interrupted"), ("TERM", 143, "asked to stop")] {
        // Far more than is made before the signal comes.
        let words = ["backfill", "--year", "2025", "--to", "null", "--orders", "50_000_000", "--users", "20_000"];
        let mut child =
            shopstream(&words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program runs");
        let mut said = BufReader::new(child.stderr.take().expect("it is piped")).lines().map_while(Result::ok);
        // It has begun: the handlers are in place, and a month is on its way.
        assert!(said.next().is_some_and(|line| line.contains("2025-01")));
        let killed = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(killed.is_ok_and(|status| status.success()));
        let last = said.last().unwrap_or_default();
        assert_eq!(child.wait().expect("it ends").code(), Some(expected), "{signal}");
        assert!(last.contains(word), "{last}");
    }
}
