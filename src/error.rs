//! Failures an operator can act on: what failed, with what, and what to do next.

use std::fmt;

/// Exit status of a run that failed.
pub const EXIT_FAILED: u8 = 1;
/// Exit status of a command that was called wrongly.
pub const EXIT_USAGE: u8 = 2;

/// An error with a way out, and the exit status it calls for.
///
/// Everything else that travels up as a [`color_eyre::Report`] is an unexpected failure and ends with status 1.
#[derive(Debug)]
pub struct Failure {
    what: String,
    help: Option<String>,
    exit: u8,
    refusal: bool,
}

impl Failure {
    /// The work failed; the call itself was right.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), help: None, exit: EXIT_FAILED, refusal: false }
    }

    /// The call was wrong: a flag, a value, a file that cannot be what it should.
    #[must_use]
    pub fn usage(what: impl Into<String>) -> Self {
        Self { what: what.into(), help: None, exit: EXIT_USAGE, refusal: false }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Marks it as the word of a service that is there and lets nobody in.
    #[must_use]
    pub const fn refusal(mut self) -> Self {
        self.refusal = true;
        self
    }

    /// Whether the service is there, and lets nobody in.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        self.refusal
    }

    /// The remedy, if there is one.
    #[must_use]
    pub fn remedy(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The process exit status.
    #[must_use]
    pub const fn exit(&self) -> u8 {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}
