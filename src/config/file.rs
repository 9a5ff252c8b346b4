//! The configuration file: TOML, flat, strings only; every complaint names file, line and key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use crate::error::Failure;
use crate::spelling::nearest;

/// The keys a configuration file gave.
#[derive(Debug, Default)]
pub(super) struct File {
    path: PathBuf,
    values: BTreeMap<String, (String, usize)>,
}

impl File {
    /// Reads a file that may hold these keys.
    ///
    /// # Errors
    /// When it cannot be read, is not TOML, or holds something else.
    pub(super) fn read(path: &Path, known: &[&str]) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::usage(format!("cannot read the configuration file {}: {error}", path.display()))
                .help("give an existing TOML file to --config, or leave the flag out")
        })?;
        Self::parse(path, &text, known)
    }

    fn parse(path: &Path, text: &str, known: &[&str]) -> Result<Self, Failure> {
        let line_of = |offset: usize| text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
        let refuse = |line: usize, what: String| Failure::usage(format!("{} line {line}: {what}", path.display()));
        let table = DeTable::parse(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(span.start));
            refuse(line, error.message().replace('\n', ", "))
                .help("write one setting a line, such as: log_format = \"json\"")
        })?;
        let mut values = BTreeMap::new();
        for (key, value) in table.into_inner() {
            let line = line_of(key.span().start);
            let key = key.into_inner();
            if !known.contains(&key.as_ref()) {
                return Err(refuse(line, format!("unknown key `{key}`")).help(remedy_for(&key, known)));
            }
            match value.into_inner() {
                DeValue::String(value) => values.insert(key.into_owned(), (value.into_owned(), line)),
                other => {
                    let kind = other.type_str();
                    return Err(refuse(line, format!("`{key}` must be a string, not of type {kind}"))
                        .help(format!("put it in quotes: {key} = \"…\"")));
                }
            };
        }
        Ok(Self { path: path.to_owned(), values })
    }

    /// The text of a key, and its line.
    pub(super) fn get(&self, key: &str) -> Option<(&str, usize)> {
        self.values.get(key).map(|(value, line)| (value.as_str(), *line))
    }

    /// Where the file lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

fn remedy_for(key: &str, known: &[&str]) -> String {
    // People copy the flag's or the variable's name.
    let meant = key.trim_start_matches("--").replace('-', "_").to_lowercase();
    if let Some(known) = known.iter().find(|known| **known == meant) {
        return format!("write it as `{known}`");
    }
    match nearest(&meant, known.iter().copied()) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("known keys: {}", known.join(", ")),
    }
}
