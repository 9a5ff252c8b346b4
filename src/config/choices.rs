//! Settings that are one of a few words.

use std::io::IsTerminal;

use clap::ValueEnum;

use super::source::Setting;
use crate::spelling::did_you_mean;

/// How logs are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorMode {
    /// On a terminal.
    #[default]
    Auto,
    /// Also into files and pipes.
    Always,
    /// Not at all.
    Never,
}

/// How much is said on standard error; results are printed in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Verbosity {
    /// Warnings and errors only.
    Quiet,
    /// Progress and notes too.
    #[default]
    Normal,
    /// Details too.
    Verbose,
    /// What a developer looks for too.
    Debug,
}

impl ColorMode {
    /// Whether what is written to this stream is coloured.
    pub fn applies_to(self, stream: &impl IsTerminal) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => stream.is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
        }
    }
}

impl Setting for LogFormat {
    fn parse(text: &str) -> Result<Self, String> {
        choice(text)
    }

    fn show(&self) -> String {
        word(self)
    }
}

impl Setting for Verbosity {
    fn parse(text: &str) -> Result<Self, String> {
        choice(text)
    }

    fn show(&self) -> String {
        word(self)
    }
}

impl Setting for ColorMode {
    fn parse(text: &str) -> Result<Self, String> {
        choice(text)
    }

    /// The variable is NO_COLOR, whose mere presence says no (<https://no-color.org>).
    fn parse_environment(_: &str) -> Result<Self, String> {
        Ok(Self::Never)
    }

    fn show(&self) -> String {
        word(self)
    }
}

fn choice<T: ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, false).map_err(|_| {
        let words: Vec<String> = T::value_variants().iter().map(word).collect();
        let meant = did_you_mean(text, words.iter().map(String::as_str));
        format!("{text:?} is not one of {}{meant}", words.join(", "))
    })
}

fn word<T: ValueEnum>(value: &T) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
