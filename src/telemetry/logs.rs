//! Where the logs go, in which format, and how much of them.

use std::io;

use color_eyre::eyre::eyre;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::{LogFormat, Settings, Verbosity};
use crate::error::Failure;

/// Sends this process's logs to standard error, in the format and at the level of the settings; `RUST_LOG` overrides
/// the level.
///
/// # Errors
/// When `RUST_LOG` cannot be read, or logs go somewhere already.
pub fn start(settings: &Settings) -> color_eyre::Result<()> {
    let filter = match directives_of_environment()? {
        Some(directives) => EnvFilter::new(directives),
        None => EnvFilter::new(directives(settings.verbosity.value)),
    };
    // Where standard error is gone there is nobody to tell about it, and trying to would end the process.
    let logs = fmt().with_env_filter(filter).with_writer(io::stderr).log_internal_errors(false);
    let started = match settings.log_format.value {
        LogFormat::Text => logs.with_ansi(settings.color.value.applies_to(&io::stderr())).try_init(),
        LogFormat::Json => logs.json().flatten_event(true).with_ansi(false).try_init(),
    };
    started.map_err(|error| eyre!("cannot start logging: {error}"))
}

/// What `RUST_LOG` asks for, if it asks for anything.
///
/// # Errors
/// When that cannot be read.
pub fn directives_of_environment() -> Result<Option<String>, Failure> {
    match std::env::var("RUST_LOG") {
        Ok(directives) if !directives.is_empty() => match EnvFilter::try_new(&directives) {
            Ok(_) => Ok(Some(directives)),
            Err(error) => Err(Failure::usage(format!("environment variable RUST_LOG: {error}"))
                .help("write it as `debug` or `warn,shopstream=debug`, or unset it and use -v")),
        },
        _ => Ok(None),
    }
}

/// Libraries talk one level lower than the shop: their debugging is seldom what one looks for. What librdkafka has to say is
/// said by ourselves where it matters; that offsets were not taken in the middle of a rebalance, say, does not.
const fn directives(verbosity: Verbosity) -> &'static str {
    match verbosity {
        Verbosity::Quiet => "warn,librdkafka=off",
        Verbosity::Normal => "warn,librdkafka=off,shopstream=info",
        Verbosity::Verbose => "info,shopstream=debug",
        Verbosity::Debug => "debug,shopstream=trace",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verbosity_has_directives_that_can_be_read() {
        for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose, Verbosity::Debug] {
            assert!(EnvFilter::try_new(directives(verbosity)).is_ok(), "{verbosity:?}");
        }
    }
}
