//! How this program's Kafka clients are set up, and what is said when the brokers cannot be reached.

use std::sync::Arc;
use std::time::Duration;

use color_eyre::eyre::{Context, Result};
use rdkafka::admin::AdminClient;
use rdkafka::client::{Client, DefaultClientContext};
use rdkafka::error::KafkaError;
use rdkafka::metadata::Metadata;
use rdkafka::{ClientConfig, ClientContext};

use super::reach::Voice;
use super::rights::{On, Operation, refuses};
use crate::config::Settings;
use crate::config::services::{Brokers, KafkaOptions, TopicPrefix};
use crate::error::Failure;
use crate::output::Printer;

/// How long an answer of the brokers is waited for.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Where Kafka is, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct Kafka {
    brokers: Brokers,
    options: KafkaOptions,
    prefix: TopicPrefix,
    patience: Duration,
    family: Option<&'static str>,
    voice: Option<Arc<Voice>>,
    waits_for_refusing: bool,
}

impl Kafka {
    /// The Kafka of the settings in force.
    ///
    /// # Errors
    /// When no brokers were given.
    pub fn of(settings: &Settings) -> Result<Self, Failure> {
        Ok(Self {
            brokers: settings.kafka_brokers()?.clone(),
            options: settings.kafka_option.value.clone(),
            prefix: settings.topic_prefix.value.clone(),
            patience: PATIENCE,
            family: None,
            voice: None,
            waits_for_refusing: false,
        })
    }

    /// The same brokers, seen through another prefix of topics and groups.
    ///
    /// # Errors
    /// When it is none.
    pub fn under(&self, prefix: &str) -> Result<Self> {
        let prefix = prefix.parse().map_err(|error: String| Failure::usage(error))?;
        Ok(Self { prefix, ..self.clone() })
    }

    /// The same Kafka, for somebody who waits for each answer no longer than this.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The same Kafka, for somebody whose topics and groups have other names each time: a right is granted for whatever begins
    /// like this.
    #[must_use]
    pub const fn granted_by(mut self, beginning: &'static str) -> Self {
        self.family = Some(beginning);
        self
    }

    /// The same Kafka, for somebody who is to be told whom he waits for.
    #[must_use]
    pub fn telling(mut self, printer: &Printer) -> Self {
        self.voice = Some(Arc::new(Voice::of(printer)));
        self
    }

    /// Who is told.
    pub(super) fn voice(&self) -> Option<&Voice> {
        self.voice.as_deref()
    }

    /// The same Kafka, for a worker that stays: brokers that refuse may be starting, and are waited for as slow ones are.
    #[must_use]
    pub const fn waiting_for_refusing(mut self) -> Self {
        self.waits_for_refusing = true;
        self
    }

    /// Whether brokers that refuse are waited for.
    pub(super) const fn waits_for_refusing(&self) -> bool {
        self.waits_for_refusing
    }

    /// What the names begin with that a right is granted for, where that is not for each by itself.
    #[must_use]
    pub(super) const fn family(&self) -> Option<&'static str> {
        self.family
    }

    /// As whom the brokers know this user, where the options say.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.options.0.iter().find(|option| option.key == "sasl.username").map(|option| option.value.as_str())
    }

    /// How long an answer of the brokers is waited for here: [`PATIENCE`], unless something else was asked for.
    #[must_use]
    pub const fn patience(&self) -> Duration {
        self.patience
    }

    /// The brokers to begin with, for messages.
    #[must_use]
    pub fn brokers(&self) -> &str {
        self.brokers.as_str()
    }

    /// A topic's or consumer group's name on these brokers.
    #[must_use]
    pub fn name(&self, plain: &str) -> String {
        format!("{}{plain}", self.prefix.as_str())
    }

    /// A client's configuration: this program's own properties first, the user's over them.
    #[must_use]
    pub fn config(&self, own: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.brokers.as_str()).set("client.id", "shopstream");
        for (key, value) in own {
            config.set(*key, *value);
        }
        for option in &self.options.0 {
            config.set(&option.key, &option.value);
        }
        config
    }

    /// A client for topics and their settings.
    ///
    /// # Errors
    /// When librdkafka refuses a property.
    pub fn admin(&self) -> Result<AdminClient<DefaultClientContext>> {
        self.config(&[]).create().map_err(|error| self.explain(error).into())
    }

    /// What the brokers say about themselves and every topic.
    ///
    /// # Errors
    /// A [`Failure`] when none answers.
    pub fn metadata(&self, admin: &AdminClient<DefaultClientContext>) -> Result<Metadata> {
        self.ask(admin.inner(), None, self.patience).wrap_err("the brokers' metadata cannot be read")
    }

    /// How many partitions a topic has, for somebody who is to do this with it.
    ///
    /// # Errors
    /// A [`Failure`] when no broker answers within `patience`, the topic does not exist, or this user may not even see it.
    pub fn partitions_of<C: ClientContext>(
        &self,
        client: &Client<C>,
        topic: &str,
        does: Operation,
        patience: Duration,
    ) -> Result<usize> {
        let metadata = self.ask(client, Some(topic), patience)?;
        let found = metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none());
        match found.map(|found| found.partitions().len()) {
            Some(partitions) if partitions > 0 => Ok(partitions),
            _ if refuses(&metadata, topic) => Err(self.lacks(does, On::Topics(&[topic])).into()),
            _ => Err(Failure::new(format!("Kafka at {} has no topic {topic:?}", self.brokers()))
                .help("make the topics with: shopstream topics create")
                .into()),
        }
    }

    /// Turns librdkafka's error into what failed and what to do.
    #[must_use]
    pub fn explain(&self, error: KafkaError) -> Failure {
        match error {
            KafkaError::ClientConfig(_, why, key, _) => {
                // The value may be a secret, and librdkafka's words may repeat it.
                let why = if self.is_secret(&why) { "its value is not accepted".to_owned() } else { why };
                Failure::usage(format!("Kafka property {key}: {why}"))
                    .help("correct --kafka-option (KAFKA_OPTION); librdkafka's CONFIGURATION.md lists what it takes")
            }
            // Each property is good by itself, and they do not go together: librdkafka made no client, and asked nobody.
            KafkaError::ClientCreation(why) => {
                let why = if self.is_secret(&why) { "librdkafka refuses a value".to_owned() } else { why };
                Failure::usage(format!("no client of Kafka can be made with these properties: {why}")).help(
                    "correct --kafka-option (KAFKA_OPTION); TLS with a password needs security.protocol=SASL_SSL, \
                     sasl.mechanism, sasl.username and sasl.password, and ssl.ca.location for a CA of one's own",
                )
            }
            other => self.unreachable(&other.to_string()),
        }
    }

    /// No broker answers.
    pub(super) fn unreachable(&self, why: &str) -> Failure {
        Failure::new(format!("Kafka at {} cannot be reached: {why}", self.brokers())).help(
            "start it (in this repository: make up), or correct KAFKA_BROKERS (--kafka-brokers); brokers that ask \
             for TLS or a password need --kafka-option security.protocol=… and its companions",
        )
    }

    fn is_secret(&self, text: &str) -> bool {
        self.options.0.iter().any(|option| option.is_secret() && text.contains(&option.value))
    }
}
