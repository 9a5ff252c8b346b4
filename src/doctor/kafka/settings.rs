//! What one broker tells of the cluster.

use std::collections::BTreeMap;

use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode;

use crate::doctor::finding::Finding;
use crate::stream::client::Kafka;

/// What a broker says of its settings.
pub(super) enum Settings {
    /// By name.
    Known(BTreeMap<String, String>),
    /// This user may not ask, so somebody decides who may do what.
    Forbidden,
    /// It did not answer.
    Unknown,
}

impl Settings {
    /// Whether the brokers may refuse a user something.
    pub(super) fn guarded(&self) -> bool {
        match self {
            Self::Known(settings) => settings.get("authorizer.class.name").is_some_and(|class| !class.is_empty()),
            Self::Forbidden | Self::Unknown => true,
        }
    }
}

/// The settings of one broker: they tell who decides on rights, and how old the software is.
pub(super) async fn of(kafka: &Kafka, admin: &AdminClient<DefaultClientContext>, broker: Option<i32>) -> Settings {
    let Some(broker) = broker else { return Settings::Unknown };
    let asked = [ResourceSpecifier::Broker(broker)];
    let options = AdminOptions::new().request_timeout(Some(kafka.patience()));
    match admin.describe_configs(&asked, &options).await.map(|mut answers| answers.pop()) {
        // A refusal for one broker comes as an answer without settings.
        Ok(Some(Ok(resource))) if resource.entries.is_empty() => Settings::Forbidden,
        Ok(Some(Ok(resource))) => {
            let value = |entry: rdkafka::admin::ConfigEntry| (entry.name, entry.value.unwrap_or_default());
            Settings::Known(resource.entries.into_iter().map(value).collect())
        }
        Ok(Some(Err(RDKafkaErrorCode::ClusterAuthorizationFailed))) => Settings::Forbidden,
        _ => Settings::Unknown,
    }
}

/// Brokers tell clients no version. Those before 4.0 have a setting that names their protocol's.
pub(super) fn version(settings: &Settings) -> Finding {
    let Settings::Known(settings) = settings else {
        return Finding::note("version", "the brokers' settings cannot be read, and so not how old their software is");
    };
    match settings.get("inter.broker.protocol.version") {
        Some(version) => {
            Finding::ok("version", format!("protocol {version}: Kafka of that version, or a little newer"))
        }
        None => Finding::ok("version", "Kafka 4.0 or newer"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn known(pairs: &[(&str, &str)]) -> Settings {
        Settings::Known(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn the_version_is_told_as_far_as_it_is_known() {
        let old = version(&known(&[("inter.broker.protocol.version", "3.6-IV2")]));
        assert!(old.what.starts_with("protocol 3.6-IV2"), "{}", old.what);
        assert_eq!(version(&known(&[])).what, "Kafka 4.0 or newer");
        assert_eq!(version(&Settings::Forbidden).level, Level::Note);
    }

    #[test]
    fn a_broker_without_an_authorizer_refuses_nobody() {
        assert!(!known(&[("authorizer.class.name", "")]).guarded());
        assert!(known(&[("authorizer.class.name", "org.example.Guard")]).guarded());
        assert!(Settings::Forbidden.guarded());
    }
}
