//! What was left out of an audit, in words.

use super::report::TopicReport;
use super::topic::Subject;
use crate::output::number::{count, some, verb};

/// What is to be said of a topic besides its figures.
pub(super) fn of(subject: &Subject<'_>, report: &TopicReport) -> Vec<String> {
    let topic = &report.topic;
    let mut notes = Vec::new();
    let gone = subject.span.gone();
    if gone > 0 {
        notes.push(format!("{topic}: {} no longer kept, and left out", verb(gone, "message", ("is", "are"))));
    }
    if subject.since.is_some() {
        notes.push(format!("{topic}: only what was sent since the moment asked for was read"));
    }
    if report.older > 0 {
        let what = "stored rows have no message in what was read, and may be older";
        notes.push(format!("{topic}: {} {what}; they were left out", count(report.older)));
    }
    if report.unknown.count > 0 && !report.whole {
        let what = "stored rows should have a message in what was read, and have none";
        notes.push(format!(
            "{topic}: {} {what}; that cannot be judged without the whole topic",
            count(report.unknown.count)
        ));
    }
    if let Some(positions) = &subject.places.positions {
        if positions.are_ahead(&subject.span) {
            notes.push(format!(
                "{topic}: the consumers have stored more than the topic ever held; it was made again, or lost its end"
            ));
        }
        if report.fates.not_read > 0 {
            let unread = count(report.fates.not_read);
            notes.push(format!(
                "{topic}: the consumers have not read {unread} of them yet (--wait DURATION waits for it)"
            ));
        }
    }
    if report.contradictory > 0 {
        let what = "ids came with different contents; any of them was taken for right";
        notes.push(format!("{topic}: {} {what}", count(report.contradictory)));
    }
    if subject.places.letters.strange > 0 {
        let strange = some(subject.places.letters.strange, "message");
        notes.push(format!("{topic}: {strange} among the dead letters without a word on where they come from"));
    }
    notes
}
