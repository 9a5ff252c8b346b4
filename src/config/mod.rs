//! Configuration, resolved once: a flag beats the environment, which beats the file, which beats the default.

mod choices;
mod file;
mod layers;
pub mod secret;
pub mod services;
mod settings;
mod source;
#[cfg(test)]
mod tests;

pub use choices::{ColorMode, LogFormat, Verbosity};
pub use secret::SecretUrl;
pub use settings::{Flags, GlobalArgs, Settings};
pub use source::{Source, Sourced};
