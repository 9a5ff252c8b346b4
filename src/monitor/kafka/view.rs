//! What a round of questions means: sums only of what is known of each partition.

use std::time::Instant;

use super::{KafkaProbe, Round};
use crate::consume::Topic;
use crate::monitor::views::{DeadLettersView, GroupView, KafkaView, PartitionView, TopicView};
use crate::stream::dead_letter::SUFFIX;
use crate::stream::topics::TOPICS;

impl KafkaProbe {
    pub(super) fn view(&mut self, round: &Round) -> KafkaView {
        let copies_lack = |place: &&super::Place| place.in_sync < place.replicas.len();
        let mut view = KafkaView {
            brokers: round.answered.len(),
            silent_brokers: round.silent.iter().copied().collect(),
            under_replicated: round.places.iter().filter(copies_lack).count(),
            leaderless: round.places.iter().filter(|place| place.leader.is_none()).count(),
            ..KafkaView::default()
        };
        for spec in &TOPICS {
            let name = self.kafka.name(spec.name);
            let exists = round.places.iter().any(|place| place.topic == name);
            if spec.dead_letters {
                let letters = self.letters(round, &name).filter(|_| exists);
                let topic = spec.name.trim_end_matches(SUFFIX).to_owned();
                view.dead_letters.push(DeadLettersView { topic, exists, letters });
                continue;
            }
            let written = written(round, &name).filter(|_| exists);
            let rate = self.rates.entry(name).or_default();
            if let Some(written) = written {
                rate.add(Instant::now(), written);
            }
            let per_second = rate.per_second().filter(|_| written.is_some());
            let history = rate.history();
            view.topics.push(TopicView { name: spec.name.to_owned(), exists, written, per_second, history });
        }
        view.groups = Topic::ALL.iter().map(|topic| self.group(*topic, round)).collect();
        view
    }

    /// Dead letters that a topic keeps; none while that is not known of each partition.
    fn letters(&self, round: &Round, name: &str) -> Option<u64> {
        let kept = |place: &super::Place| {
            let at = (place.topic.clone(), place.partition);
            Some((round.ends.get(&at)? - self.beginnings.get(&at)?).max(0).unsigned_abs())
        };
        round.places.iter().filter(|place| place.topic == name).map(kept).sum()
    }

    fn group(&self, topic: Topic, round: &Round) -> GroupView {
        let name = self.kafka.name(topic.as_str());
        let told = round.committed.get(topic.as_str());
        let mut partitions: Vec<PartitionView> = round
            .places
            .iter()
            .filter(|place| place.topic == name)
            .map(|place| {
                let end = round.ends.get(&(name.clone(), place.partition)).copied();
                let told = told.and_then(|told| told.get(&place.partition));
                let committed = told.copied().flatten();
                // Of a partition that was never written to, a group that never read it has read all.
                let stored = committed.or((told.is_some() && end == Some(0)).then_some(0));
                let lag = end.zip(stored).map(|(end, stored)| (end - stored).max(0).unsigned_abs());
                PartitionView { partition: place.partition, end, committed, told: told.is_some(), lag }
            })
            .collect();
        partitions.sort_unstable_by_key(|part| part.partition);
        let lag = partitions.iter().map(|part| part.lag).sum::<Option<u64>>();
        let members = self.told_members.as_ref().and_then(|(_, told)| told.get(&topic)).cloned();
        GroupView {
            name: self.kafka.name(topic.group()),
            topic: topic.as_str().to_owned(),
            members: members.as_ref().map(|(members, _)| *members),
            state: members.map(|(_, state)| state),
            // Of what is not known of each partition there is no sum.
            lag: lag.filter(|_| !partitions.is_empty()),
            partitions,
        }
    }
}

/// Messages ever written to a topic. A sum without one of its partitions would look like a flood as soon as that answers.
fn written(round: &Round, name: &str) -> Option<u64> {
    let end = |place: &super::Place| round.ends.get(&(name.to_owned(), place.partition)).map(|end| end.unsigned_abs());
    round.places.iter().filter(|place| place.topic == name).map(end).sum()
}
