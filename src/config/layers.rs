//! Which of flag, environment, file and default gives a setting its value.

use std::ffi::OsString;

use super::file::File;
use super::source::{Setting, Source, Sourced};
use crate::error::Failure;

/// What lies below the flags.
pub(super) struct Layers<'a> {
    environment: &'a dyn Fn(&str) -> Option<OsString>,
    file: File,
}

impl<'a> Layers<'a> {
    pub(super) fn new(environment: &'a dyn Fn(&str) -> Option<OsString>, file: File) -> Self {
        Self { environment, file }
    }

    /// The value from the highest layer that has one.
    ///
    /// # Errors
    /// When that layer's text is no such value; lower layers are not asked then.
    pub(super) fn pick<T: Setting + Default>(
        &self,
        flag: Option<T>,
        key: &'static str,
        variable: &'static str,
    ) -> Result<Sourced<T>, Failure> {
        if let Some(value) = flag {
            return Ok(Sourced { value, source: Source::Flag(key) });
        }
        // An empty variable is how a compose file says "not set".
        if let Some(text) = (self.environment)(variable).filter(|text| !text.is_empty()) {
            let value = text.to_str().ok_or_else(|| "is not valid UTF-8".to_owned()).and_then(T::parse_environment);
            let source = Source::Environment(variable);
            return value.map(|value| Sourced { value, source }).map_err(|why| {
                Failure::usage(format!("environment variable {variable}: {why}"))
                    .help(format!("correct {variable}, or unset it"))
            });
        }
        if let Some((text, line)) = self.file.get(key) {
            let source = Source::File(self.file.path().to_owned(), line);
            return T::parse(text)
                .map_err(|why| {
                    Failure::usage(format!("{source}: `{key}`: {why}")).help("correct the line, or remove it")
                })
                .map(|value| Sourced { value, source });
        }
        Ok(Sourced { value: T::default(), source: Source::Default })
    }
}
