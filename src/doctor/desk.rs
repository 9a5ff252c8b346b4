//! Where what is examined side by side reports to.

use std::sync::mpsc::Sender;

use super::across::GroupState;
use super::finding::{Finding, Service};
use crate::db::offsets::StoredOffset;

/// What an examiner says.
#[derive(Debug)]
pub(super) enum Heard {
    /// Something was found.
    Found(Service, Finding),
    /// How far the partitions are stored, by PostgreSQL.
    Stored(Vec<StoredOffset>),
    /// How a consumer group and its topic stand, by Kafka.
    Group(GroupState),
    /// The examiner has ended; not well when it panicked.
    Ended(Service, bool),
}

/// The desk of one service. Its examiner may take too long and never be waited for: what it said until then counts.
#[derive(Debug)]
pub(super) struct Desk {
    service: Service,
    to: Sender<Heard>,
    well: bool,
}

impl Desk {
    pub(super) fn new(service: Service, to: Sender<Heard>) -> Self {
        Self { service, to, well: false }
    }

    /// Reports a finding.
    pub(super) fn found(&self, finding: Finding) {
        self.say(Heard::Found(self.service, finding));
    }

    /// Reports findings.
    pub(super) fn all(&self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.found(finding));
    }

    /// Reports what other services' findings depend on.
    pub(super) fn say(&self, heard: Heard) {
        // Nobody listens any more after the deadline.
        let _ = self.to.send(heard);
    }

    /// The examination came to its end.
    pub(super) fn close(mut self) {
        self.well = true;
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.say(Heard::Ended(self.service, self.well));
    }
}
