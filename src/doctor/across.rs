//! Consumer groups: what Kafka says of members and ends, against what PostgreSQL has stored.

use super::finding::Finding;
use crate::db::offsets::StoredOffset;
use crate::db::parked::Waiting;
use crate::output::number::{count, some};

/// Beyond this many messages a group that has members is called slow.
const MUCH_LAG: i64 = 100_000;

/// What several services have told.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// How far partitions are stored; none when PostgreSQL could not be asked.
    pub stored: Option<Vec<StoredOffset>>,
    /// Groups, as Kafka has them.
    pub groups: Vec<GroupState>,
    /// Orders that wait for their customer or a product.
    pub parked: Vec<Waiting>,
}

impl Facts {
    /// How many messages of a group's topic are not stored yet.
    #[must_use]
    pub fn lag(&self, group: &GroupState) -> i64 {
        let lag = |partition: &PartitionState| lag(partition, position(group, partition, self.stored.as_deref()));
        group.partitions.iter().map(lag).sum()
    }
}

/// A consumer group and its topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupState {
    /// The topic without prefix.
    pub topic: &'static str,
    /// The topic on the brokers.
    pub full_topic: String,
    /// The group's name on the brokers.
    pub group: String,
    /// How many members it has.
    pub members: usize,
    /// Whether partitions are changing hands.
    pub rebalancing: bool,
    /// The topic's partitions.
    pub partitions: Vec<PartitionState>,
}

/// A partition of a group's topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionState {
    /// Its number.
    pub partition: i32,
    /// First offset that is kept.
    pub low: i64,
    /// Offset after the last.
    pub high: i64,
    /// What the group has committed in Kafka.
    pub committed: Option<i64>,
}

/// Findings on every group.
#[must_use]
pub fn groups(facts: &Facts) -> Vec<Finding> {
    facts.groups.iter().flat_map(|group| of_group(group, facts.stored.as_deref())).collect()
}

/// A partition's place: its first message that is not stored. PostgreSQL's word is the one that counts.
fn position(group: &GroupState, partition: &PartitionState, stored: Option<&[StoredOffset]>) -> Option<i64> {
    let Some(stored) = stored else { return partition.committed };
    let of_ours = |row: &&StoredOffset| {
        row.group == group.group && row.topic == group.full_topic && row.partition == partition.partition
    };
    stored.iter().find(of_ours).map(|row| row.next_offset)
}

/// A group that has read nothing begins at what is kept.
fn lag(partition: &PartitionState, position: Option<i64>) -> i64 {
    let from = position.unwrap_or(partition.low).max(partition.low);
    (partition.high - from).max(0)
}

fn of_group(group: &GroupState, stored: Option<&[StoredOffset]>) -> Vec<Finding> {
    let (mut lags, mut gone) = (Vec::new(), 0);
    let mut found = Vec::new();
    for partition in &group.partitions {
        let position = position(group, partition, stored);
        if let Some(beyond) = position.filter(|position| *position > partition.high) {
            let what = format!(
                "partition {} is stored up to {} and ends at {}: the topic was made again, or lost messages",
                partition.partition,
                count(beyond),
                count(partition.high)
            );
            let mend =
                format!("shopstream consume --topic {} notices it and reads the topic from its beginning", group.topic);
            found.push(Finding::warning("offsets", what, mend).about(&group.full_topic));
        }
        gone += position.map_or(0, |position| (partition.low - position).max(0));
        lags.push((partition.partition, lag(partition, position)));
    }
    if gone > 0 {
        let what = format!("{} left the topic by age or size unread: in no table", some(gone, "message"));
        let mend = format!(
            "start consumers before more go (shopstream consume --topic {}), or raise the topic's retention.ms",
            group.topic
        );
        found.push(Finding::warning("offsets", what, mend).about(&group.full_topic));
    }
    if found.is_empty() && stored.is_some() {
        let what = "what PostgreSQL has stored lies within what the topic keeps";
        found.push(Finding::ok("offsets", what).about(&group.full_topic));
    }
    found.push(members(group, &lags));
    found
}

fn members(group: &GroupState, lags: &[(i32, i64)]) -> Finding {
    let lag: i64 = lags.iter().map(|(_, lag)| lag).sum();
    let consume = format!("shopstream consume --topic {}", group.topic);
    let by_partition: Vec<String> =
        lags.iter().map(|(partition, lag)| format!("{partition}: {}", count(*lag))).collect();
    let behind = match lag {
        0 => "nothing waiting".to_owned(),
        _ => format!("{} waiting ({})", some(lag, "message"), by_partition.join(", ")),
    };
    let has = match group.members {
        0 => "no members".to_owned(),
        members => some(members as u64, "member"),
    };
    let changing = if group.rebalancing { ", partitions are changing hands" } else { "" };
    let what = format!("{has}, {behind}{changing}");
    let finding = match (group.members, lag) {
        (0, 0) => Finding::note("group", what).mend(consume),
        (0, _) => Finding::warning("group", format!("{what}: nobody reads them"), consume),
        (members, _) if members > lags.len() => {
            let idle = members - lags.len();
            Finding::note("group", format!("{what}; {idle} more than there are partitions, and idle"))
        }
        (_, lag) if lag > MUCH_LAG => {
            let mend = format!("if it does not fall, start more members: {consume} --members {}", lags.len());
            Finding::warning("group", what, mend)
        }
        _ => Finding::ok("group", what),
    };
    finding.about(&group.group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn group(members: usize, ends: &[(i64, i64)]) -> GroupState {
        let partition = |(at, (low, high)): (usize, &(i64, i64))| PartitionState {
            partition: i32::try_from(at).unwrap(),
            low: *low,
            high: *high,
            committed: Some(*high),
        };
        GroupState {
            topic: "orders",
            full_topic: "test.orders".into(),
            group: "test.orders_group".into(),
            members,
            rebalancing: false,
            partitions: ends.iter().enumerate().map(partition).collect(),
        }
    }

    fn found(group: GroupState, next: Option<&[i64]>) -> Vec<(&'static str, Level, String)> {
        let row = |(at, next): (usize, &i64)| StoredOffset {
            group: group.group.clone(),
            topic: group.full_topic.clone(),
            partition: i32::try_from(at).unwrap(),
            next_offset: *next,
        };
        let stored = next.map(|next| next.iter().enumerate().map(row).collect());
        let facts = Facts { stored, groups: vec![group.clone()], ..Facts::default() };
        groups(&facts).into_iter().map(|finding| (finding.check, finding.level, finding.what)).collect()
    }

    #[test]
    fn a_group_that_keeps_up_is_well() {
        let all = found(group(3, &[(0, 10), (0, 20), (5, 30)]), Some(&[10, 18, 30]));
        assert_eq!(
            all.iter().map(|(check, level, _)| (*check, *level)).collect::<Vec<_>>(),
            [("offsets", Level::Ok), ("group", Level::Ok)]
        );
        assert_eq!(all[1].2, "3 members, 2 messages waiting (0: 0, 1: 2, 2: 0)");
    }

    #[test]
    fn messages_that_nobody_reads_are_a_warning_and_an_idle_group_a_note() {
        let last = |all: Vec<(&'static str, Level, String)>| all.last().map(|(_, level, _)| *level);
        assert_eq!(last(found(group(0, &[(0, 10)]), Some(&[4]))), Some(Level::Warning));
        assert_eq!(last(found(group(0, &[(0, 10)]), Some(&[]))), Some(Level::Warning));
        assert_eq!(last(found(group(0, &[(0, 10)]), Some(&[10]))), Some(Level::Note));
        assert_eq!(last(found(group(2, &[(0, 10)]), Some(&[10]))), Some(Level::Note));
        assert_eq!(last(found(group(1, &[(0, 200_000)]), Some(&[0]))), Some(Level::Warning));
    }

    #[test]
    fn offsets_beyond_the_topics_end_tell_of_a_topic_made_again() {
        let all = found(group(1, &[(0, 10)]), Some(&[12]));
        assert_eq!(all[0].1, Level::Warning);
        assert!(all[0].2.starts_with("partition 0 is stored up to 12 and ends at 10"), "{}", all[0].2);
    }

    #[test]
    fn what_left_the_topic_unread_is_counted() {
        let all = found(group(1, &[(100, 110), (0, 5)]), Some(&[40, 5]));
        assert!(all[0].2.starts_with("60 messages left the topic"), "{}", all[0].2);
        assert_eq!(all[1].2, "1 member, 10 messages waiting (0: 10, 1: 0)");
    }

    #[test]
    fn without_postgresql_kafkas_own_commits_are_taken() {
        let all = found(group(1, &[(0, 10)]), None);
        assert_eq!(all.iter().map(|(check, ..)| *check).collect::<Vec<_>>(), ["group"]);
        assert_eq!(all[0].2, "1 member, nothing waiting");
    }
}
