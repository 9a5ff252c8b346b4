//! Each broker by itself: whether it answers from here.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use color_eyre::Report;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::metadata::Metadata;

use crate::doctor::finding::Finding;
use crate::reach::{Door, MAY_HANG};
use crate::stream::client::Kafka;
use crate::stream::topics::TOPICS;

/// How long one broker is waited for; they are asked side by side.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// Whether a broker can be reached from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contact {
    Answers,
    /// It does not; this is what became of a connection.
    Missed(Door),
}

/// A broker on which the cluster counts, or on which copies of the shop's messages should be.
#[derive(Debug, PartialEq, Eq)]
struct Member {
    id: i32,
    address: Option<String>,
    contact: Contact,
    /// Whether the cluster still counts on it: one that is silent for some seconds is given up.
    counted: bool,
}

/// The brokers, and who of them answers.
pub(super) struct Brokers {
    members: Vec<Member>,
    /// Addresses that were configured, belong to none of the members, and do not answer.
    strangers: Vec<(String, Contact)>,
}

impl Brokers {
    /// Asks every broker of the cluster, and every address that was configured, each through a client of its own: what a
    /// cluster says of its brokers does not mean that they can be reached from here.
    pub(super) fn ask(kafka: &Kafka, metadata: &Metadata) -> Self {
        let listed: Vec<(i32, String)> = metadata
            .brokers()
            .iter()
            .map(|broker| (broker.id(), format!("{}:{}", broker.host(), broker.port())))
            .collect();
        let configured: Vec<&str> = kafka.brokers().split(',').collect();
        // A name and its address may be the same broker; then it is asked twice, which costs nothing.
        let others = configured.iter().copied().filter(|address| !listed.iter().any(|(_, member)| member == address));
        let addresses: Vec<&str> = listed.iter().map(|(_, address)| address.as_str()).chain(others).collect();
        let contacts: Vec<Contact> = thread::scope(|scope| {
            let asked: Vec<_> = addresses.iter().map(|address| scope.spawn(|| contact_at(kafka, address))).collect();
            asked.into_iter().map(|asked| asked.join().unwrap_or(Contact::Missed(Door::Shut))).collect()
        });
        let asked = addresses[listed.len()..].iter().zip(&contacts[listed.len()..]);
        let strangers = asked.filter(|(_, contact)| **contact != Contact::Answers);
        let strangers = strangers.map(|(address, contact)| ((*address).to_owned(), *contact)).collect();
        let member = |((id, address), contact): ((i32, String), &Contact)| Member {
            id,
            address: Some(address),
            contact: *contact,
            counted: true,
        };
        let members = listed.into_iter().zip(&contacts).map(member).collect();
        Self::of(members, strangers, configured.len(), &holders(kafka, metadata))
    }

    /// Adds those that should hold copies and are no members any more.
    fn of(
        mut members: Vec<Member>,
        mut strangers: Vec<(String, Contact)>,
        configured: usize,
        holders: &BTreeSet<i32>,
    ) -> Self {
        let listed: BTreeSet<i32> = members.iter().map(|member| member.id).collect();
        let given_up: Vec<i32> = holders.difference(&listed).copied().collect();
        // Where every broker is configured, the only address that is silent is that of the only broker that is missed.
        let known = given_up.len() == 1 && strangers.len() == 1 && configured == listed.len() + 1;
        for id in given_up {
            let (address, contact) = match if known { strangers.pop() } else { None } {
                Some((address, contact)) => (Some(address), contact),
                None => (None, Contact::Missed(Door::Shut)),
            };
            members.push(Member { id, address, contact, counted: false });
        }
        members.sort_by_key(|member| member.id);
        Self { members, strangers }
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut found: Vec<Finding> = self.members.iter().map(of_member).collect();
        for (address, contact) in &self.strangers {
            let what = format!("{address} is configured, and does not answer; the others do");
            let first = if *contact == Contact::Missed(Door::Shut) { "start that broker" } else { MAY_HANG };
            let mend = format!("{first}, or take the address out of KAFKA_BROKERS (--kafka-brokers)");
            found.push(Finding::warning("broker", what, mend).about(address));
        }
        found
    }

    /// The numbers of those that do not answer.
    pub(super) fn silent(&self) -> Vec<i32> {
        self.members.iter().filter(|member| member.contact != Contact::Answers).map(|member| member.id).collect()
    }

    /// One that answers.
    pub(super) fn speaker(&self) -> Option<i32> {
        self.members.iter().find(|member| member.contact == Contact::Answers).map(|member| member.id)
    }
}

/// The brokers on which copies of the shop's messages, and of how far they were read, should be.
fn holders(kafka: &Kafka, metadata: &Metadata) -> BTreeSet<i32> {
    let ours: Vec<String> = TOPICS.iter().map(|spec| kafka.name(spec.name)).collect();
    let topics = metadata
        .topics()
        .iter()
        .filter(|topic| topic.name() == "__consumer_offsets" || ours.iter().any(|name| name == topic.name()));
    topics.flat_map(|topic| topic.partitions()).flat_map(|partition| partition.replicas()).copied().collect()
}

fn of_member(member: &Member) -> Finding {
    let Member { id, address, contact, counted } = member;
    let Contact::Missed(door) = contact else {
        return Finding::ok("broker", format!("{} answers", address.as_deref().unwrap_or_default()))
            .about(id.to_string());
    };
    let at = address.as_ref().map_or_else(String::new, |address| format!(" at {address}"));
    let though = if *door == Door::Open { ", though it takes connections" } else { "" };
    let without = if *counted { "" } else { "; the cluster goes on without it" };
    let what = format!("broker {id}{at} does not answer{though}{without}");
    let otherwise = if *counted {
        "correct its advertised.listeners to an address that this machine reaches"
    } else {
        "move its copies with kafka-reassign-partitions.sh where it is gone for good"
    };
    let mend = match (door, address) {
        (Door::Open, _) => MAY_HANG.to_owned(),
        (Door::Silent, _) => format!("{MAY_HANG}; or {otherwise}"),
        (Door::Shut, Some(_)) => format!("start it, or {otherwise}"),
        (Door::Shut, None) => format!("start it; if it runs, {MAY_HANG}; or {otherwise}"),
    };
    Finding::problem("broker", what, mend).about(id.to_string())
}

fn contact_at(kafka: &Kafka, address: &str) -> Contact {
    let mut config = kafka.config(&[]);
    // Set last: this one and no other. A user's own bootstrap.servers would defeat the purpose.
    config.set("bootstrap.servers", address).set("group.id", "shopstream-doctor");
    let Ok(client) = config.create::<BaseConsumer>() else { return Contact::Missed(Door::Shut) };
    match client.fetch_metadata(None, PATIENCE) {
        Ok(_) => Contact::Answers,
        Err(_) => Contact::Missed(Door::of_address(address)),
    }
}

/// No broker has answered.
pub(super) fn unreachable(kafka: &Kafka, report: &Report) -> Finding {
    kafka.silence().map_or_else(|| Finding::failed("reachable", report), |silence| Finding::of("reachable", &silence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn member(id: i32, contact: Contact) -> Member {
        Member { id, address: Some(format!("kafka{id}:9092")), contact, counted: true }
    }

    /// What is said of brokers 1 and 3, which answer, and of whoever is missed beside them.
    fn said(second: Option<Contact>, strangers: &[(&str, Contact)], configured: usize) -> (Vec<i32>, Vec<Finding>) {
        let mut members = vec![member(1, Contact::Answers), member(3, Contact::Answers)];
        members.extend(second.map(|contact| member(2, contact)));
        let strangers = strangers.iter().map(|(address, contact)| ((*address).to_owned(), *contact)).collect();
        let brokers = Brokers::of(members, strangers, configured, &BTreeSet::from([1, 2, 3]));
        assert_eq!(brokers.speaker(), Some(1));
        let bad = brokers.findings().into_iter().filter(|finding| finding.level != Level::Ok).collect();
        (brokers.silent(), bad)
    }

    #[test]
    fn a_broker_that_hangs_is_told_from_one_that_cannot_be_reached() {
        for (door, what, mend) in [
            (Door::Open, "broker 2 at kafka2:9092 does not answer, though it takes connections", MAY_HANG),
            (Door::Silent, "broker 2 at kafka2:9092 does not answer", MAY_HANG),
            (Door::Shut, "broker 2 at kafka2:9092 does not answer", "start it, or correct its advertised.listeners"),
        ] {
            let (silent, bad) = said(Some(Contact::Missed(door)), &[], 3);
            assert_eq!((silent, bad.len()), (vec![2], 1), "{bad:?}");
            assert_eq!((bad[0].level, bad[0].subject.as_deref(), &*bad[0].what), (Level::Problem, Some("2"), what));
            assert!(bad[0].mend.as_deref().unwrap().starts_with(mend), "{bad:?}");
        }
        assert_eq!(said(Some(Contact::Answers), &[], 3), (vec![], vec![]));
    }

    #[test]
    fn a_broker_that_was_given_up_is_named_with_its_address_where_that_is_certain() {
        let hangs = [("kafka2:9092", Contact::Missed(Door::Open))];
        let (silent, bad) = said(None, &hangs, 3);
        let what =
            "broker 2 at kafka2:9092 does not answer, though it takes connections; the cluster goes on without it";
        assert_eq!((silent, bad.len(), &*bad[0].what), (vec![2], 1, what));
        // One address of two is a broker's that the cluster has: whose the other is nobody knows.
        let (silent, bad) = said(None, &hangs, 2);
        assert_eq!((silent, bad.len()), (vec![2], 2), "{bad:?}");
        assert_eq!(bad[0].what, "broker 2 does not answer; the cluster goes on without it");
        assert_eq!((bad[1].level, bad[1].subject.as_deref()), (Level::Warning, Some("kafka2:9092")));
        // All brokers answer: an address that is wrong is no broker's.
        let (silent, bad) = said(Some(Contact::Answers), &[("kafka9:9092", Contact::Missed(Door::Shut))], 4);
        assert_eq!((silent, bad.len(), bad[0].level), (vec![], 1, Level::Warning));
    }
}
