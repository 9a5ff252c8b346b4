//! Reading a data file: whatever is wrong with it is said with the file's name, the line and the reason.

use serde::de::DeserializeOwned;
use toml::Spanned;

use crate::error::Failure;
use crate::spelling::did_you_mean;

/// A TOML text and the name under which its errors are reported.
#[derive(Clone, Copy, Debug)]
pub struct TomlFile<'a> {
    name: &'a str,
    text: &'a str,
}

impl<'a> TomlFile<'a> {
    /// A text called `name` in messages.
    #[must_use]
    pub const fn new(name: &'a str, text: &'a str) -> Self {
        Self { name, text }
    }

    /// The text as a `T`.
    ///
    /// # Errors
    /// A [`Failure`] that names the line, for a syntax error, an unknown key, a missing one, or a wrong type.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        toml::from_str(self.text).map_err(|error| {
            let place = error.span().map_or_else(|| self.name.to_owned(), |span| self.place(span.start));
            let said = error.message().trim();
            Failure::usage(format!("{place}: {said}{}", meant_field(said)))
        })
    }

    /// A failure about the value at `at`.
    pub fn refuse<T>(&self, at: &Spanned<T>, reason: impl std::fmt::Display) -> Failure {
        Failure::usage(format!("{}: {reason}", self.place(at.span().start)))
    }

    /// A failure about the file as a whole.
    pub fn refuse_whole(&self, reason: impl std::fmt::Display) -> Failure {
        Failure::usage(format!("{}: {reason}", self.name))
    }

    fn place(&self, offset: usize) -> String {
        let before = &self.text.as_bytes()[..offset.min(self.text.len())];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        format!("{}, line {line}", self.name)
    }
}

/// For a key that nobody knows: which one was probably meant. serde names it first, and then all it knows.
fn meant_field(said: &str) -> String {
    if !said.starts_with("unknown field ") {
        return String::new();
    }
    let mut words = said.split('`').skip(1).step_by(2);
    words.next().map_or_else(String::new, |written| did_you_mean(written, words))
}

/// Checks that `weights` are finite, not negative, not all zero, and `count` in number where that is fixed.
pub(crate) fn check_weights(
    file: &TomlFile<'_>,
    weights: &Spanned<Vec<f64>>,
    what: &str,
    count: Option<usize>,
) -> Result<(), Failure> {
    let values = weights.get_ref();
    if let Some(count) = count
        && values.len() != count
    {
        return Err(file.refuse(weights, format!("{what} needs {count} numbers, not {}", values.len())));
    }
    if let Some(bad) = values.iter().find(|w| !w.is_finite() || **w < 0.0) {
        return Err(file.refuse(weights, format!("{what} has {bad}; a weight is 0 or more")));
    }
    if values.iter().sum::<f64>() <= 0.0 {
        return Err(file.refuse(weights, format!("{what} is all zero; at least one weight must be more")));
    }
    Ok(())
}
