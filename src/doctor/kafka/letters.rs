//! Dead letters that nobody has sent back.

use crate::consume::Topic;
use crate::doctor::finding::Finding;
use crate::output::number::count;
use crate::stream::client::Kafka;
use crate::stream::dead_letter::SUFFIX;
use crate::stream::dlq;
use crate::stream::topics::TopicState;

pub(super) fn waiting(kafka: &Kafka, topics: &[&TopicState]) -> Vec<Finding> {
    let mut found = Vec::new();
    for topic in Topic::ALL.iter().map(|topic| topic.as_str()) {
        let letters = kafka.name(topic) + SUFFIX;
        if !topics.iter().any(|state| state.name == letters) {
            continue;
        }
        match dlq::waiting(kafka, topic) {
            Ok(0) => {}
            Ok(waiting) => {
                let what =
                    format!("{} messages of {topic} could not be stored, and were not all sent back", count(waiting));
                let mend =
                    format!("shopstream dlq inspect {topic}; once the cause is mended: shopstream dlq replay {topic}");
                found.push(Finding::warning("dead_letters", what, mend).about(letters));
            }
            Err(report) => found.push(Finding::failed("dead_letters", &report).about(letters)),
        }
    }
    if found.is_empty() {
        found.push(Finding::ok("dead_letters", "none wait"));
    }
    found
}
