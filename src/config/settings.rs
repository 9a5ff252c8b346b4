//! The one table of settings, and how each gets its value.

use std::ffi::OsString;
use std::path::PathBuf;

use super::choices::{ColorMode, LogFormat, Verbosity};
use super::file::File;
use super::layers::Layers;
use super::secret::SecretUrl;
use super::services::{Brokers, KafkaOption, KafkaOptions, KeyPrefix, TopicPrefix};
use super::source::{Setting, Source, Sourced};
use crate::error::Failure;

/// Makes, from one line a setting, its flag, its key in the file, its variable and its field.
///
/// `name: type of the flag => type in force, "VALUE_NAME", "VARIABLE", "help";` The type in force implements
/// `Setting` and `Default`, and can be made from the flag's. To add a setting, add a line.
macro_rules! settings {
    ($($name:ident: $given:ty => $value:ty, $value_name:literal, $variable:literal, $help:literal;)*) => {
        /// Settings as flags.
        #[derive(clap::Args, Clone, Debug, Default)]
        pub struct Flags {
            $(
                #[arg(long, global = true, value_name = $value_name, help_heading = HEADING)]
                #[arg(help = concat!($help, " [env: ", $variable, "]"))]
                $name: Option<$given>,
            )*
        }

        /// The configuration in force.
        #[derive(Clone, Debug)]
        pub struct Settings {
            $(#[doc = $help] pub $name: Sourced<$value>,)*
            /// How much is said on standard error
            pub verbosity: Sourced<Verbosity>,
        }

        const KEYS: &[&str] = &[$(stringify!($name),)* "verbosity"];

        impl Settings {
            fn from_layers(given: &GlobalArgs, layers: &Layers<'_>) -> Result<Self, Failure> {
                Ok(Self {
                    $($name: layers.pick(given.flags.$name.clone().map(Into::into), stringify!($name), $variable)?,)*
                    verbosity: layers.pick(given.verbosity(), "verbosity", "SHOPSTREAM_VERBOSITY")?,
                })
            }

            /// Each setting's name, value without secrets, and source, in the order of the table.
            #[must_use]
            pub fn entries(&self) -> Vec<(&'static str, String, &Source)> {
                vec![
                    $((stringify!($name), self.$name.value.show(), &self.$name.source),)*
                    ("verbosity", self.verbosity.value.show(), &self.verbosity.source),
                ]
            }
        }
    };
}

const HEADING: &str = "Options of every command";

settings! {
    database_url: SecretUrl => Option<SecretUrl>, "URL", "DATABASE_URL",
        "PostgreSQL, as postgres://USER:PASSWORD@HOST:PORT/DATABASE; the variable keeps the password from `ps`";
    redis_url: SecretUrl => Option<SecretUrl>, "URL", "REDIS_URL",
        "Redis, as redis://USER:PASSWORD@HOST:PORT/DATABASE, or rediss:// for TLS";
    redis_prefix: KeyPrefix => KeyPrefix, "TEXT", "SHOPSTREAM_REDIS_PREFIX",
        "What keys in Redis begin with, to keep several shops apart [default: shopstream:]";
    kafka_brokers: Brokers => Option<Brokers>, "HOST:PORT,…", "KAFKA_BROKERS",
        "Kafka brokers to begin with; they name the others";
    kafka_option: Vec<KafkaOption> => KafkaOptions, "KEY=VALUE", "KAFKA_OPTION",
        "Any property of librdkafka (TLS, SASL, …); may be repeated, in the variable separated by spaces";
    topic_prefix: TopicPrefix => TopicPrefix, "TEXT", "SHOPSTREAM_TOPIC_PREFIX",
        "What topics and consumer groups begin with, to keep several shops apart";
    log_format: LogFormat => LogFormat, "FORMAT", "SHOPSTREAM_LOG_FORMAT", "How logs are written";
    color: ColorMode => ColorMode, "WHEN", "NO_COLOR", "When output is coloured";
}

/// Options every command takes.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct GlobalArgs {
    #[command(flatten)]
    flags: Flags,

    /// Read settings from a TOML file; flags and the environment come before it
    #[arg(long, global = true, value_name = "FILE", help_heading = HEADING)]
    config: Option<PathBuf>,

    /// Say more; twice for what a developer looks for
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = HEADING)]
    verbose: u8,

    /// Say nothing but results, warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = HEADING)]
    quiet: bool,
}

impl GlobalArgs {
    /// The colour as far as it is known when the settings cannot be resolved.
    #[must_use]
    pub fn color(&self) -> ColorMode {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        self.flags.color.unwrap_or(if no_color { ColorMode::Never } else { ColorMode::Auto })
    }

    fn verbosity(&self) -> Option<Verbosity> {
        match (self.quiet, self.verbose) {
            (true, _) => Some(Verbosity::Quiet),
            (false, 0) => None,
            (false, 1) => Some(Verbosity::Verbose),
            (false, _) => Some(Verbosity::Debug),
        }
    }
}

impl Settings {
    /// The settings of this process.
    ///
    /// # Errors
    /// When the file or a variable holds something that cannot be; says where, and what is accepted.
    pub fn resolve(given: &GlobalArgs) -> Result<Self, Failure> {
        Self::resolve_with(given, &|name| std::env::var_os(name))
    }

    pub(super) fn resolve_with(
        given: &GlobalArgs,
        environment: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Failure> {
        let file = given.config.as_deref().map(|path| File::read(path, KEYS)).transpose()?.unwrap_or_default();
        Self::from_layers(given, &Layers::new(environment, file))
    }

    /// The PostgreSQL to work with.
    ///
    /// # Errors
    /// When none was given, or something else than a PostgreSQL URL.
    pub fn database_url(&self) -> Result<&SecretUrl, Failure> {
        let Sourced { value, source } = &self.database_url;
        let Some(url) = value else {
            return Err(Failure::usage("no database was given").help(
                "set DATABASE_URL, pass --database-url URL, or write database_url = \"…\" into the file given to \
                 --config; `make up` starts a PostgreSQL and `make env` prints its DATABASE_URL",
            ));
        };
        if !url.has_scheme(&["postgres", "postgresql"]) {
            return Err(Failure::usage(format!("the database URL from {source} is not a PostgreSQL URL"))
                .help("write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE"));
        }
        Ok(url)
    }

    /// The Redis to work with.
    ///
    /// # Errors
    /// When none was given, or something else than a Redis URL.
    pub fn redis_url(&self) -> Result<&SecretUrl, Failure> {
        let Sourced { value, source } = &self.redis_url;
        let Some(url) = value else {
            return Err(Failure::usage("no Redis was given").help(
                "set REDIS_URL, pass --redis-url URL, or write redis_url = \"…\" into the file given to --config; \
                 `make up` starts a Redis and `make env` prints its REDIS_URL",
            ));
        };
        if !url.has_scheme(&["redis", "rediss", "unix", "redis+unix"]) {
            return Err(Failure::usage(format!("the Redis URL from {source} is not one"))
                .help("write it as redis://USER:PASSWORD@HOST:PORT/DATABASE"));
        }
        Ok(url)
    }

    /// The Kafka brokers to work with.
    ///
    /// # Errors
    /// When none were given.
    pub fn kafka_brokers(&self) -> Result<&Brokers, Failure> {
        self.kafka_brokers.value.as_ref().ok_or_else(|| {
            Failure::usage("no Kafka brokers were given").help(
                "set KAFKA_BROKERS, pass --kafka-brokers HOST:PORT, or write kafka_brokers = \"…\" into the file \
                 given to --config; `make up` starts three and `make env` prints their KAFKA_BROKERS",
            )
        })
    }
}
