//! The command line: options every command takes, and the commands.

pub mod values;

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser};

use crate::commands::Command;
use crate::config::{GlobalArgs, secret};

/// The version, and the commit it was built from.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("SHOPSTREAM_COMMIT"), ")");

/// Colours of help and usage errors; the printer's own messages use the same.
pub const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// A Korean e-commerce shop that never sleeps, as data: deterministic from a seed.
#[derive(Parser, Debug)]
#[command(name = "shopstream", version = VERSION, styles = STYLES, max_term_width = 100)]
#[command(before_help = example(&["shopstream backfill --year 2025 --to parquet --out dataset"]))]
pub struct Cli {
    /// Options every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,

    /// What to do; without one, a map of what to try is printed.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The lines a command's `--help` opens with: `#[command(before_help = example(&["shopstream …"]))]`.
///
/// A test holds every command to having one.
#[must_use]
pub fn example(lines: &[&str]) -> StyledStr {
    let (header, literal) = (STYLES.get_header(), STYLES.get_literal());
    let heading = if lines.len() == 1 { "Example:" } else { "Examples:" };
    let mut text = format!("{header}{heading}{header:#}");
    for line in lines {
        text.push_str(&format!("\n  {literal}{line}{literal:#}"));
    }
    text.into()
}

/// Parses this process's arguments; on `--help`, `--version` or wrong usage prints what clap says and gives the exit
/// status (0, 0 and 2).
///
/// # Errors
/// The exit status with which to end when there is nothing to run.
pub fn parse() -> Result<Cli, u8> {
    let arguments = with_negatives(std::env::args_os().collect());
    let command = Cli::command().color(color_asked_for(&arguments));
    let parsed = command.try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.map_err(|error| {
        // clap repeats what it did not understand, and that may be a URL with a password. A closed pipe is fine here.
        let text = error.render().to_string();
        let hidden = secret::redact(&text);
        let safe = hidden == text || !error.use_stderr();
        let _ = if safe { error.print() } else { crate::output::write_stderr(&hidden) };
        u8::try_from(error.exit_code()).unwrap_or(crate::error::EXIT_USAGE)
    })
}

/// `--orders -5` as `--orders=-5`: a value below zero is one to clap only so, and its reader says best what is wrong with it.
fn with_negatives(arguments: Vec<OsString>) -> Vec<OsString> {
    let is_flag = |word: &str| word.len() > 2 && word.starts_with("--") && !word.contains('=');
    let is_negative =
        |word: &str| word.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let mut words: Vec<OsString> = Vec::with_capacity(arguments.len());
    let mut ended = false;
    for word in arguments {
        ended = ended || word == "--";
        let negative = !ended && word.to_str().is_some_and(is_negative);
        match words.last_mut() {
            Some(flag) if negative && flag.to_str().is_some_and(is_flag) => {
                flag.push("=");
                flag.push(word);
            }
            _ => words.push(word),
        }
    }
    words
}

/// `--color` must be known before the arguments are parsed: help and usage errors are coloured too.
fn color_asked_for(arguments: &[OsString]) -> ColorChoice {
    let words: Vec<_> = arguments.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--").collect();
    let separate = words.windows(2).find_map(|pair| if let ["--color", value] = pair { Some(*value) } else { None });
    let value = separate.or_else(|| words.iter().find_map(|word| word.strip_prefix("--color=")));
    match value {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_value_below_zero_is_a_value() {
        let joined = |line: &str| {
            let words = with_negatives(line.split(' ').map(OsString::from).collect());
            words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(joined("shopstream backfill --orders -5 --out x"), "shopstream backfill --orders=-5 --out x");
        assert_eq!(joined("shopstream cache refresh --every -1s"), "shopstream cache refresh --every=-1s");
        for unchanged in ["shopstream -v --json -q", "shopstream x --every --json", "shopstream x -- --every -1s"] {
            assert_eq!(joined(unchanged), unchanged);
        }
    }

    #[test]
    fn the_colour_is_known_before_parsing() {
        let asked = |line: &str| color_asked_for(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(asked("shopstream --color never --help"), ColorChoice::Never);
        assert_eq!(asked("shopstream seed --color=always"), ColorChoice::Always);
        assert_eq!(asked("shopstream seed -- --color=always"), ColorChoice::Auto);
    }
}
