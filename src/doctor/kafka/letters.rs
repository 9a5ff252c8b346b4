//! Dead letters that nobody has sent back.

use std::panic::resume_unwind;
use std::thread;

use super::silent::Told;
use crate::consume::Topic;
use crate::doctor::finding::Finding;
use crate::output::failure::{is_refusal, told};
use crate::output::number::some;
use crate::stream::client::Kafka;
use crate::stream::dead_letter::SUFFIX;
use crate::stream::dlq;
use crate::stream::topics::TopicState;

pub(super) fn waiting(kafka: &Kafka, topics: &[TopicState]) -> Vec<Told> {
    let there = Topic::ALL.iter().map(|topic| topic.as_str()).filter(|topic| {
        let letters = kafka.name(topic) + SUFFIX;
        topics.iter().any(|state| state.name == letters)
    });
    // Side by side: where one is waited for in vain, the others are still counted in time.
    let told: Vec<Told> = thread::scope(|scope| {
        let asked: Vec<_> = there.map(|topic| scope.spawn(move || of_topic(kafka, topic))).collect();
        asked.into_iter().filter_map(|asked| asked.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    if told.is_empty() {
        return vec![Told::Found(Finding::ok("dead_letters", "none wait"))];
    }
    told
}

fn of_topic(kafka: &Kafka, topic: &str) -> Option<Told> {
    let letters = kafka.name(topic) + SUFFIX;
    match dlq::waiting(kafka, topic) {
        Ok(0) => None,
        Ok(waiting) => {
            let what =
                format!("{} of {topic} that could not be stored, not sent back so far", some(waiting, "message"));
            let mend =
                format!("shopstream dlq inspect {topic}; once the cause is mended: shopstream dlq replay {topic}");
            Some(Told::Found(Finding::warning("dead_letters", what, mend).about(letters)))
        }
        Err(report) => {
            let (what, _) = told(&report);
            let finding = Finding::warning("dead_letters", what, "ask again; if it stays, look at the brokers' logs");
            let finding = finding.about(letters);
            Some(if is_refusal(&report) { Told::Found(finding) } else { Told::Unanswered(finding) })
        }
    }
}
