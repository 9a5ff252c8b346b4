//! A value of the configuration, and where it came from.

use std::fmt;
use std::path::PathBuf;

/// What a setting's value must be able to do.
pub trait Setting: Sized {
    /// Reads a value from the configuration file or the environment; the error says what is accepted and never repeats
    /// a secret.
    ///
    /// # Errors
    /// When the text is no such value.
    fn parse(text: &str) -> Result<Self, String>;

    /// Reads a value from the environment, where that differs.
    ///
    /// # Errors
    /// When the text is no such value.
    fn parse_environment(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }

    /// The value for people, without secrets.
    fn show(&self) -> String;
}

impl<T: Setting> Setting for Option<T> {
    fn parse(text: &str) -> Result<Self, String> {
        T::parse(text).map(Some)
    }

    fn parse_environment(text: &str) -> Result<Self, String> {
        T::parse_environment(text).map(Some)
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "not set".to_owned(), Setting::show)
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A flag of the command line, named by its setting.
    Flag(&'static str),
    /// An environment variable.
    Environment(&'static str),
    /// A line of the configuration file.
    File(PathBuf, usize),
    /// Nobody gave it.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Two letters set it, which say how.
            Self::Flag("verbosity") => f.write_str("flag -q or -v"),
            Self::Flag(key) => write!(f, "flag --{}", key.replace('_', "-")),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::File(path, line) => write!(f, "{} line {line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value in force.
    pub value: T,
    /// Where it came from.
    pub source: Source,
}
