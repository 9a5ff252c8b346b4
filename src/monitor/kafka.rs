//! Asking the brokers: topics, their ends, and how far the groups are. Nothing is read, and no group is joined.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::metadata::Metadata;
use rdkafka::{Offset, TopicPartitionList};

use super::rates::Rate;
use super::views::{DeadLettersView, GroupView, KafkaView, PartitionView, TopicView};
use super::watch::Probe;
use crate::consume::Topic;
use crate::stream::client::Kafka;
use crate::stream::dead_letter::SUFFIX;
use crate::stream::rights::{On, Operation};
use crate::stream::topics::TOPICS;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// How often the beginnings of topics and the members of groups are asked for: they change seldom.
const SELDOM: Duration = Duration::from_secs(5);

/// Asks the brokers.
pub struct KafkaProbe {
    kafka: Kafka,
    clients: Option<Clients>,
    rates: HashMap<String, Rate>,
    /// Beginnings of the dead letters' topics; members and states of the groups.
    lows: HashMap<(String, i32), i64>,
    members: HashMap<String, (usize, String)>,
    /// Topics that this user may not see.
    hidden: Vec<String>,
    seldom: Option<Instant>,
    requests: u64,
}

/// A client for each group, for only its own may ask for its offsets.
struct Clients(Vec<(Topic, String, BaseConsumer)>);

impl Clients {
    fn new(kafka: &Kafka) -> Result<Self> {
        let client = |topic: &Topic| {
            let group = kafka.name(topic.group());
            let config = kafka.config(&[
                ("group.id", &group),
                ("enable.auto.commit", "false"),
                // Whoever comes back is to be seen soon.
                ("reconnect.backoff.max.ms", "1000"),
                ("socket.timeout.ms", "3000"),
            ]);
            Ok((*topic, group, config.create().map_err(|error| kafka.explain(error))?))
        };
        Topic::ALL.iter().map(client).collect::<Result<_>>().map(Self)
    }

    fn any(&self) -> &BaseConsumer {
        &self.0[0].2
    }
}

type Ends = HashMap<(String, i32), i64>;

impl KafkaProbe {
    /// Asks these brokers.
    #[must_use]
    pub fn new(kafka: Kafka) -> Self {
        Self {
            kafka: kafka.with_patience(PATIENCE),
            clients: None,
            rates: HashMap::new(),
            lows: HashMap::new(),
            members: HashMap::new(),
            hidden: Vec::new(),
            seldom: None,
            requests: 0,
        }
    }

    fn look(&mut self, clients: &Clients) -> Result<KafkaView> {
        self.requests += 1;
        let metadata = clients
            .any()
            .client()
            .fetch_metadata(None, PATIENCE)
            .map_err(|error| self.kafka.explain(error))
            .wrap_err("the brokers do not answer")?;
        let mut view = KafkaView { brokers: metadata.brokers().len(), ..KafkaView::default() };
        let partitions = self.partitions(&metadata, &mut view);
        let ends = self.offsets(clients.any(), &partitions, Offset::End)?;
        if self.seldom.is_none_or(|at| at.elapsed() >= SELDOM) {
            let letters: Vec<_> = partitions.iter().filter(|(topic, _)| topic.ends_with(SUFFIX)).cloned().collect();
            self.lows = self.offsets(clients.any(), &letters, Offset::Beginning)?;
            self.ask_for_members(clients)?;
            let is_there = |name: &String| partitions.iter().any(|(topic, _)| topic == name);
            let absent = TOPICS.iter().map(|spec| self.kafka.name(spec.name)).filter(|name| !is_there(name));
            self.hidden = self.kafka.hidden(clients.any().client(), &absent.collect::<Vec<_>>());
            self.seldom = Some(Instant::now());
        }
        if !self.hidden.is_empty() {
            let names: Vec<&str> = self.hidden.iter().map(String::as_str).collect();
            return Err(self.kafka.lacks(Operation::Describe, On::Topics(&names)).into());
        }
        let now = Instant::now();
        let all_led = view.leaderless == 0;
        let complete = |name: &str| {
            all_led && partitions.iter().filter(|(topic, _)| topic == name).all(|place| ends.contains_key(place))
        };
        for spec in &TOPICS {
            let name = self.kafka.name(spec.name);
            let exists = partitions.iter().any(|(topic, _)| *topic == name);
            let of_topic = || ends.iter().filter(|((topic, _), _)| *topic == name);
            if spec.dead_letters {
                let kept = of_topic().map(|(place, end)| end - self.lows.get(place).copied().unwrap_or(0));
                let topic = spec.name.trim_end_matches(SUFFIX).to_owned();
                view.dead_letters.push(DeadLettersView { topic, letters: kept.sum::<i64>().unsigned_abs() });
                continue;
            }
            let written = of_topic().map(|(_, end)| *end).sum::<i64>().unsigned_abs();
            let rate = self.rates.entry(name.clone()).or_default();
            // A sum without one of its partitions would look like a flood as soon as that answers.
            if complete(&name) {
                rate.add(now, written);
            }
            let (per_second, history) = (rate.per_second(), rate.history());
            view.topics.push(TopicView { name: spec.name.to_owned(), exists, written, per_second, history });
        }
        view.groups = clients.0.iter().map(|client| self.group(client, &ends)).collect::<Result<_>>()?;
        for group in &mut view.groups {
            // Of what is not known of each partition there is no sum.
            group.lag = group.lag.filter(|_| complete(&self.kafka.name(&group.topic)));
        }
        Ok(view)
    }

    /// The partitions of the shop's topics that have a leader; counts those that lack something.
    fn partitions(&self, metadata: &Metadata, view: &mut KafkaView) -> Vec<(String, i32)> {
        let mut found = Vec::new();
        let ours = |name: &str| TOPICS.iter().any(|spec| self.kafka.name(spec.name) == name);
        for topic in metadata.topics().iter().filter(|topic| topic.error().is_none() && ours(topic.name())) {
            for partition in topic.partitions() {
                view.under_replicated += usize::from(partition.isr().len() < partition.replicas().len());
                if partition.leader() < 0 {
                    view.leaderless += 1;
                } else {
                    found.push((topic.name().to_owned(), partition.id()));
                }
            }
        }
        found
    }

    /// Where partitions begin or end.
    fn offsets(&mut self, client: &BaseConsumer, partitions: &[(String, i32)], which: Offset) -> Result<Ends> {
        if partitions.is_empty() {
            return Ok(Ends::new());
        }
        self.requests += 1;
        let mut list = TopicPartitionList::new();
        for (topic, partition) in partitions {
            list.add_partition_offset(topic, *partition, which)?;
        }
        let found = client.offsets_for_times(list, PATIENCE).wrap_err("the topics' offsets cannot be read")?;
        let offset = |offset| if let Offset::Offset(offset) = offset { Some(offset) } else { None };
        let elements = found.elements();
        let known = elements.iter().filter(|element| element.error().is_ok());
        Ok(known.filter_map(|e| Some(((e.topic().to_owned(), e.partition()), offset(e.offset())?))).collect())
    }

    fn ask_for_members(&mut self, clients: &Clients) -> Result<()> {
        for (_, group, client) in &clients.0 {
            self.requests += 1;
            let list = client.fetch_group_list(Some(group), PATIENCE).wrap_err("the groups cannot be read")?;
            let found = list.groups().iter().find(|found| found.name() == group);
            let state = found.map_or((0, String::new()), |found| (found.members().len(), found.state().to_owned()));
            self.members.insert(group.clone(), state);
        }
        Ok(())
    }

    fn group(&mut self, (topic, group, client): &(Topic, String, BaseConsumer), ends: &Ends) -> Result<GroupView> {
        self.requests += 1;
        let name = self.kafka.name(topic.as_str());
        let mut partitions: Vec<(i32, i64)> =
            ends.iter().filter(|((of, _), _)| *of == name).map(|((_, partition), end)| (*partition, *end)).collect();
        partitions.sort_unstable();
        let mut asked = TopicPartitionList::new();
        for (partition, _) in &partitions {
            asked.add_partition(&name, *partition);
        }
        let committed = if partitions.is_empty() {
            asked
        } else {
            let found = self.kafka.committed(client, group, &asked, PATIENCE);
            found.wrap_err("the groups' offsets cannot be read")?
        };
        let view = |(partition, end): &(i32, i64)| {
            let committed = match committed.find_partition(&name, *partition).map(|found| found.offset()) {
                Some(Offset::Offset(offset)) => Some(offset),
                _ => None,
            };
            // Of a partition that was never written to, a group that never read it has read all.
            let known = committed.or((*end == 0).then_some(0));
            let lag = known.map(|committed| (end - committed).max(0).unsigned_abs());
            PartitionView { partition: *partition, end: *end, committed, lag }
        };
        let partitions: Vec<PartitionView> = partitions.iter().map(view).collect();
        let lag = partitions.iter().map(|part| part.lag).sum::<Option<u64>>();
        let (members, state) = self.members.get(group).cloned().unwrap_or_default();
        Ok(GroupView {
            name: group.clone(),
            topic: topic.as_str().to_owned(),
            members,
            state,
            lag: lag.filter(|_| !partitions.is_empty()),
            partitions,
        })
    }
}

impl Probe for KafkaProbe {
    type View = KafkaView;

    fn ask(&mut self) -> Result<KafkaView> {
        let clients = match self.clients.take() {
            Some(clients) => clients,
            None => Clients::new(&self.kafka)?,
        };
        let view = self.look(&clients);
        // Kept after an error too: librdkafka connects anew by itself.
        self.clients = Some(clients);
        view
    }

    fn requests(&self) -> u64 {
        self.requests
    }
}
