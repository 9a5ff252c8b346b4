//! Brokers that do not answer, and what nobody else can tell.

use std::collections::BTreeSet;

use super::rights;
use crate::doctor::desk::Desk;
use crate::doctor::finding::Finding;

/// What a part of the examination tells.
pub(super) enum Told {
    /// Something that was found.
    Found(Finding),
    /// That somebody did not answer, and what is said of it where no broker is known to be silent.
    Unanswered(Finding),
}

/// The brokers that do not answer: what they alone could tell is said once.
pub(super) struct Silent(pub(super) Vec<i32>);

impl Silent {
    pub(super) fn is_any(&self) -> bool {
        !self.0.is_empty()
    }

    /// "broker 2", "brokers 1 and 2".
    pub(super) fn names(&self) -> String {
        let ids: Vec<String> = self.0.iter().map(i32::to_string).collect();
        format!("broker{} {}", if ids.len() == 1 { "" } else { "s" }, ids.join(" and "))
    }

    /// What to do about whatever lacks them.
    pub(super) fn mend(&self) -> String {
        format!("see {} above", self.names())
    }

    /// Whether one of them is the broker of this number.
    pub(super) fn holds(&self, id: i32) -> bool {
        self.0.contains(&id)
    }

    /// Reports what was found, and returns what was not because of them.
    pub(super) fn sift(&self, desk: &Desk, told: Vec<Told>) -> Vec<Finding> {
        let mut unanswered = Vec::new();
        for told in told {
            match told {
                Told::Unanswered(finding) if self.is_any() => unanswered.push(finding),
                Told::Found(finding) | Told::Unanswered(finding) => desk.found(finding),
            }
        }
        unanswered
    }

    /// One finding for all that they have not answered.
    pub(super) fn unanswered(&self, findings: &[Finding]) -> Option<Finding> {
        let (mut topics, mut groups, mut others) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for finding in findings {
            match (finding.check, finding.subject.as_deref()) {
                ("group", Some(group)) => groups.insert(group),
                (_, Some(rights::PRODUCER)) => others.insert("a producer's id"),
                (_, Some(topic)) => topics.insert(topic),
                _ => others.insert("some of the rights"),
            };
        }
        let list = |title: &str, names: BTreeSet<&str>| {
            let names: Vec<&str> = names.into_iter().collect();
            (!names.is_empty()).then(|| format!("{title}{}", names.join(", ")))
        };
        let parts = [list("topics ", topics), list("groups ", groups), list("", others)];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let does = if self.0.len() == 1 { "does" } else { "do" };
        let what = format!("not known while {} {does} not answer: {}", self.names(), parts.join("; "));
        let mend = format!("{}; then ask again: shopstream doctor", self.mend());
        (!parts.is_empty()).then(|| Finding::warning("unanswered", what, mend))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_answered_is_one_finding_with_each_name_once() {
        let of = |check: &'static str, subject: &str| Finding::warning(check, "not read", "ask again").about(subject);
        let unanswered = [
            of("privileges", "orders.dlq"),
            of("privileges", "orders"),
            of("privileges", "producer"),
            of("group", "orders_group"),
            of("dead_letters", "orders.dlq"),
        ];
        let finding = Silent(vec![2]).unanswered(&unanswered).unwrap();
        let what =
            "not known while broker 2 does not answer: topics orders, orders.dlq; groups orders_group; a producer's id";
        assert_eq!((finding.check, &*finding.what), ("unanswered", what));
        assert!(finding.mend.unwrap().starts_with("see broker 2 above"));
        let two = Silent(vec![1, 2]).unanswered(&unanswered[3..4]).unwrap();
        assert_eq!(two.what, "not known while brokers 1 and 2 do not answer: groups orders_group");
        assert_eq!(Silent(vec![2]).unanswered(&[]), None);
    }
}
