//! Asking the brokers: topics, their ends, and how far the groups are. Nothing is read, and no group is joined.
//!
//! Each broker and each group is asked by itself, all at once: what one of them does not say is unknown, and the rest is
//! shown.

mod broker;
mod crew;
mod group;
mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use color_eyre::eyre::Result;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};

use self::broker::{Cluster, ClusterDesk, Ends, LeaderDesk, LeaderSays, OfLeader, Place};
use self::crew::Crew;
use self::group::{Committed, GroupDesk, Members, MembersDesk};
use super::rates::Rate;
use super::views::KafkaView;
use super::watch::{CONNECTING, FIRST_PATIENCE, PATIENCE, Probe};
use crate::consume::Topic;
use crate::error::Failure;
use crate::stream::client::Kafka;
use crate::stream::dead_letter::SUFFIX;
use crate::stream::rights::{On, Operation};

/// How often the beginnings of topics and the members of groups are asked for: they change seldom.
const SELDOM: Duration = Duration::from_secs(5);
/// For how long the members that were told last are believed.
const BELIEVED: Duration = Duration::from_secs(12);
/// What the askers' threads need beyond the brokers' own time.
const SPARE: Duration = Duration::from_millis(50);

/// For how long the cluster is believed to be as it was told last: whoever was asked may hang.
const STANDS: Duration = Duration::from_secs(5);

/// Asks the brokers.
pub struct KafkaProbe {
    kafka: Kafka,
    cluster: Crew<(), (), KafkaResult<Cluster>>,
    leaders: Crew<i32, OfLeader, KafkaResult<LeaderSays>>,
    groups: Crew<&'static str, Vec<i32>, Result<Committed, Failure>>,
    members: Crew<(), (), KafkaResult<HashMap<Topic, Members>>>,
    /// The cluster as it was told last, and when.
    told_cluster: Option<(Instant, Cluster)>,
    /// Since when each broker is asked, and whether it has ever answered.
    asked: BTreeMap<i32, (Instant, bool)>,
    rates: HashMap<String, Rate>,
    /// Beginnings of the dead letters' topics.
    beginnings: Ends,
    told_members: Option<(Instant, HashMap<Topic, Members>)>,
    seldom: Option<Instant>,
    requests: u64,
}

/// All that a round of questions brought.
struct Round {
    places: Vec<Place>,
    ends: Ends,
    committed: HashMap<&'static str, Committed>,
    /// Brokers that answered, and those that are named and did not.
    answered: BTreeSet<i32>,
    silent: BTreeSet<i32>,
}

impl KafkaProbe {
    /// Asks these brokers.
    #[must_use]
    pub fn new(kafka: Kafka) -> Self {
        Self {
            kafka,
            cluster: Crew::new(),
            leaders: Crew::new(),
            groups: Crew::new(),
            members: Crew::new(),
            told_cluster: None,
            asked: BTreeMap::new(),
            rates: HashMap::new(),
            beginnings: Ends::new(),
            told_members: None,
            seldom: None,
            requests: 0,
        }
    }

    fn look(&mut self) -> Result<KafkaView> {
        let cluster = self.told_cluster.as_ref().map(|(_, cluster)| cluster.clone());
        let deadline = Instant::now() + SPARE + if cluster.is_some() { PATIENCE } else { CONNECTING };
        let before = cluster.unwrap_or_default();
        self.engage(&before)?;
        let due = self.seldom.is_none_or(|at| at.elapsed() >= SELDOM);
        let lacking = |place: &Place| {
            place.topic.ends_with(SUFFIX) && !self.beginnings.contains_key(&(place.topic.clone(), place.partition))
        };
        let thoroughly = due || before.places.iter().any(lacking);
        self.cluster.ask(|()| ());
        self.leaders.ask(|id| {
            let led = before.places.iter().filter(|place| place.leader == Some(*id));
            (led.map(|place| (place.topic.clone(), place.partition)).collect(), thoroughly)
        });
        self.groups.ask(|topic| {
            let name = self.kafka.name(topic);
            before.places.iter().filter(|place| place.topic == name).map(|place| place.partition).collect()
        });
        if due {
            self.members.ask(|()| ());
            self.seldom = Some(Instant::now());
        }
        self.requests += 1;
        if !before.places.is_empty() {
            self.requests += (before.brokers.len() * (1 + usize::from(thoroughly)) + Topic::ALL.len()) as u64;
        }
        let told = self.cluster.answers(deadline).remove(&());
        let leaders = self.leaders.answers(deadline);
        let committed = self.committed(deadline)?;
        self.hear_members(before.brokers.len());
        let round = self.round(told, leaders, committed)?;
        Ok(self.view(&round))
    }

    /// How far each group is that told it in time.
    ///
    /// # Errors
    /// When this user may not know.
    fn committed(&mut self, deadline: Instant) -> Result<HashMap<&'static str, Committed>> {
        let mut told = self.groups.answers(deadline);
        let mut all = HashMap::new();
        // In their order, so that of several refusals the same one is told each time.
        for topic in Topic::ALL.iter().map(|topic| topic.as_str()) {
            match told.remove(topic) {
                Some(Ok(committed)) => drop(all.insert(topic, committed)),
                Some(Err(failure)) if failure.is_refusal() => return Err(failure.into()),
                Some(Err(_)) | None => {}
            }
        }
        Ok(all)
    }

    /// Has somebody to ask for everything, and for each broker that is known.
    fn engage(&mut self, cluster: &Cluster) -> Result<()> {
        if self.groups.names().is_empty() {
            for topic in Topic::ALL.iter().copied() {
                let mut desk = GroupDesk::new(self.kafka.clone(), topic);
                self.groups.add(topic.as_str(), move |partitions: Vec<i32>| desk.ask(&partitions))?;
            }
            let mut desk = MembersDesk::new(self.kafka.clone());
            self.members.add((), move |()| desk.ask())?;
            let mut desk = ClusterDesk::new(self.kafka.clone());
            self.cluster.add((), move |()| desk.ask())?;
        }
        let leaders: BTreeSet<i32> = cluster.places.iter().filter_map(|place| place.leader).collect();
        let engaged = self.leaders.names();
        for idle in engaged.iter().filter(|id| !leaders.contains(id)) {
            self.leaders.remove(idle);
            self.asked.remove(idle);
        }
        for id in leaders.into_iter().filter(|id| !engaged.contains(id)) {
            let mut desk = LeaderDesk::new(self.kafka.clone());
            self.asked.insert(id, (Instant::now(), false));
            self.leaders.add(id, move |question| desk.ask(question))?;
        }
        Ok(())
    }

    /// Who the members are comes when it comes.
    fn hear_members(&mut self, brokers: usize) {
        while let Some(((), told)) = self.members.any() {
            // A list and a description from each broker.
            self.requests += (Topic::ALL.len() * (brokers + 1)) as u64;
            self.told_members = told.ok().map(|members| (Instant::now(), members));
        }
        self.told_members = self.told_members.take().filter(|(at, _)| at.elapsed() < BELIEVED);
    }

    fn round(
        &mut self,
        told: Option<KafkaResult<Cluster>>,
        leaders: HashMap<i32, KafkaResult<LeaderSays>>,
        committed: HashMap<&'static str, Committed>,
    ) -> Result<Round> {
        let mut error = KafkaError::MetadataFetch(RDKafkaErrorCode::OperationTimedOut);
        let (mut is_answered, mut ends) = (false, Ends::new());
        match told {
            Some(Ok(cluster)) => {
                is_answered = true;
                self.told_cluster = Some((Instant::now(), cluster));
            }
            Some(Err(why)) => error = why,
            None => {}
        }
        let mut spoke = BTreeSet::new();
        for (id, told) in leaders {
            let Ok(told) = told else { continue };
            is_answered = true;
            spoke.insert(id);
            ends.extend(told.ends);
            self.beginnings.extend(told.beginnings.unwrap_or_default());
        }
        // Without an answer, or with none of the cluster for too long, nothing is known.
        self.told_cluster = self.told_cluster.take().filter(|(at, _)| is_answered && at.elapsed() < STANDS);
        let Some((_, cluster)) = self.told_cluster.clone() else {
            return Err(self.away(error));
        };
        if !cluster.hidden.is_empty() {
            let names: Vec<&str> = cluster.hidden.iter().map(String::as_str).collect();
            return Err(self.kafka.lacks(Operation::Describe, On::Topics(&names)).into());
        }
        for id in &spoke {
            if let Some((_, heard)) = self.asked.get_mut(id) {
                *heard = true;
            }
        }
        // A broker is believed to be there by the cluster's word while it leads nothing that it could be asked for, and while it
        // is being connected to.
        let answers = |id: &i32| match self.asked.get(id) {
            Some((since, heard)) => spoke.contains(id) || !heard && since.elapsed() < FIRST_PATIENCE,
            None => true,
        };
        let (answered, mut silent): (BTreeSet<i32>, BTreeSet<i32>) = cluster.brokers.iter().partition(|id| answers(id));
        let replicas = cluster.places.iter().flat_map(|place| place.replicas.iter().copied());
        silent.extend(replicas.filter(|id| !cluster.brokers.contains(id)));
        Ok(Round { places: cluster.places, ends, committed, answered, silent })
    }

    /// None of the brokers answers.
    fn away(&self, error: KafkaError) -> color_eyre::Report {
        let is_setting = matches!(error, KafkaError::ClientConfig(..));
        let explained = self.kafka.explain(error);
        if is_setting {
            return explained.into();
        }
        if let Some(silence) = self.kafka.silence() {
            return silence.into();
        }
        let what = format!("Kafka at {} cannot be reached: none of its brokers answers", self.kafka.brokers());
        Failure::new(what).help(explained.remedy().unwrap_or_default()).into()
    }
}

impl Probe for KafkaProbe {
    type View = KafkaView;

    fn ask(&mut self) -> Result<KafkaView> {
        self.look()
    }

    fn requests(&self) -> u64 {
        self.requests
    }

    fn silence(&self) -> Failure {
        Failure::new(format!("Kafka at {} does not answer", self.kafka.brokers()))
            .help("see what is wrong: shopstream doctor")
    }
}
