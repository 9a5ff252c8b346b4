//! Each broker by itself, and what one tells of the cluster.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::metadata::Metadata;

use crate::doctor::finding::Finding;
use crate::stream::client::Kafka;

/// How long one broker is waited for; they are asked side by side.
const PATIENCE: Duration = Duration::from_millis(2_500);

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

/// Asks every broker of the cluster, and every address that was configured, each through a client of its own: what a
/// cluster says of its brokers does not mean that they can be reached from here.
pub(super) fn answers(kafka: &Kafka, metadata: &Metadata) -> Vec<Finding> {
    let members: Vec<(i32, String)> =
        metadata.brokers().iter().map(|broker| (broker.id(), format!("{}:{}", broker.host(), broker.port()))).collect();
    let configured: Vec<String> =
        kafka.brokers().split(',').filter(|address| !is_member(&members, address)).map(str::to_owned).collect();
    let addresses: Vec<&str> =
        members.iter().map(|(_, address)| address).chain(&configured).map(String::as_str).collect();
    let answered: Vec<bool> = thread::scope(|scope| {
        let asked: Vec<_> = addresses.iter().map(|address| scope.spawn(|| answers_at(kafka, address))).collect();
        asked.into_iter().map(|asked| asked.join().unwrap_or(false)).collect()
    });
    let (of_members, of_configured) = answered.split_at(members.len());
    let mut found: Vec<Finding> =
        members.iter().zip(of_members).map(|((id, address), answers)| of_member(*id, address, *answers)).collect();
    for (address, _) in configured.iter().zip(of_configured).filter(|(_, answers)| !**answers) {
        let what = format!("{address} is configured, and does not answer; the others do");
        let mend = "start that broker, or take the address out of KAFKA_BROKERS (--kafka-brokers)";
        found.push(Finding::warning("broker", what, mend).about(address));
    }
    found
}

/// A name and its address may be the same broker; then it is asked twice, which costs nothing.
fn is_member(members: &[(i32, String)], address: &str) -> bool {
    members.iter().any(|(_, member)| member == address)
}

fn of_member(id: i32, address: &str, answers: bool) -> Finding {
    if answers {
        return Finding::ok("broker", format!("{address} answers")).about(id.to_string());
    }
    let what = format!("the cluster names {address} as broker {id}, which does not answer from here");
    let mend = "start it, or correct its advertised.listeners to an address that this machine reaches";
    Finding::problem("broker", what, mend).about(id.to_string())
}

fn answers_at(kafka: &Kafka, address: &str) -> bool {
    let mut config = kafka.config(&[]);
    // Set last: this one and no other. A user's own bootstrap.servers would defeat the purpose.
    config.set("bootstrap.servers", address).set("group.id", "shopstream-doctor");
    let Ok(client) = config.create::<BaseConsumer>() else { return false };
    client.fetch_metadata(None, PATIENCE).is_ok()
}

/// The settings of one broker: they tell who decides on rights, and how old the software is.
pub(super) async fn settings(
    kafka: &Kafka,
    admin: &AdminClient<DefaultClientContext>,
    metadata: &Metadata,
) -> Settings {
    let Some(broker) = metadata.brokers().first() else { return Settings::Unknown };
    let asked = [ResourceSpecifier::Broker(broker.id())];
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

    #[test]
    fn a_broker_that_cannot_be_reached_under_its_own_address_is_a_problem() {
        let finding = of_member(2, "kafka2:9092", false);
        assert_eq!((finding.level, finding.subject.as_deref()), (Level::Problem, Some("2")));
        assert!(finding.mend.unwrap().contains("advertised.listeners"));
    }
}
