//! Where what is examined side by side reports to.

use std::sync::mpsc::Sender;

use super::across::GroupState;
use super::finding::{Finding, Service};
use crate::db::offsets::StoredOffset;
use crate::db::parked::Waiting;

/// What an examiner says.
#[derive(Debug)]
pub(super) enum Heard {
    /// Something was found, in this part of the examination of a service.
    Found(Service, u8, Finding),
    /// How far the partitions are stored, by PostgreSQL.
    Stored(Vec<StoredOffset>),
    /// Orders that wait for their customer or a product, by PostgreSQL.
    Parked(Vec<Waiting>),
    /// How a consumer group and its topic stand, by Kafka.
    Group(GroupState),
    /// Everything about a service was said; not so when its examiner panicked.
    Ended(Service, bool),
}

/// The desk of one service. Its examiner may take too long and never be waited for: what it said until then counts.
#[derive(Debug)]
pub(super) struct Desk {
    service: Service,
    part: u8,
    to: Sender<Heard>,
    open: bool,
}

impl Desk {
    pub(super) const fn new(service: Service, to: Sender<Heard>) -> Self {
        Self { service, part: 0, to, open: true }
    }

    /// A desk for a part of the examination that goes on beside others; parts are reported in the order of their numbers.
    pub(super) fn part(&self, part: u8) -> Self {
        Self { service: self.service, part, to: self.to.clone(), open: false }
    }

    /// Reports a finding.
    pub(super) fn found(&self, finding: Finding) {
        self.say(Heard::Found(self.service, self.part, finding));
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

    /// Everything is said. What comes then, clients that take leave of a server that hangs, nobody waits for.
    pub(super) fn close(&mut self) {
        if std::mem::take(&mut self.open) {
            self.say(Heard::Ended(self.service, true));
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if self.open {
            self.say(Heard::Ended(self.service, false));
        }
    }
}
