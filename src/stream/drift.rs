//! Where a topic is not what it should be.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::output::number;

/// One difference between a topic as it is found and as it should be; as text, and in JSON, what `topics describe` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drift {
    /// It is not there.
    Missing,
    /// This user may not see it, whether it is there or not.
    Hidden,
    /// It has another number of partitions.
    Partitions {
        /// How many it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// Each message is kept on another number of brokers.
    Replication {
        /// On how many it is.
        found: usize,
        /// On how many it should be.
        expected: usize,
    },
    /// One of its settings has another value.
    Setting {
        /// Kafka's name of it.
        key: &'static str,
        /// Its value; none where the brokers do not tell.
        found: Option<String>,
        /// What it should be.
        expected: String,
    },
    /// This user may not see its settings.
    SettingsHidden,
    /// So many partitions have no leader: nobody can read or write them.
    Leaderless(usize),
    /// So many partitions lack a copy that has caught up.
    UnderReplicated(usize),
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("does not exist"),
            Self::Hidden => f.write_str("may not be seen by this user, or does not exist"),
            Self::SettingsHidden => f.write_str("its settings may not be seen by this user"),
            Self::Partitions { found, expected } => {
                write!(f, "{} instead of {expected}", number::some(*found as u64, "partition"))
            }
            Self::Replication { found, expected } => write!(f, "replication {found} instead of {expected}"),
            Self::Setting { key, found: Some(value), expected } => write!(f, "{key} {value} instead of {expected}"),
            Self::Setting { key, found: None, .. } => write!(f, "{key} is not known"),
            Self::Leaderless(partitions) => write!(f, "{partitions} without a leader"),
            Self::UnderReplicated(partitions) => write!(f, "{partitions} under-replicated"),
        }
    }
}

impl Serialize for Drift {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
