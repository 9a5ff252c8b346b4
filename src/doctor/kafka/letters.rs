//! Dead letters that nobody has sent back.

use crate::consume::Topic;
use crate::doctor::finding::Finding;
use crate::output::number::some;
use crate::stream::client::Kafka;
use crate::stream::dead_letter::SUFFIX;
use crate::stream::dlq;
use crate::stream::topics::TopicState;

pub(super) fn waiting(kafka: &Kafka, topics: &[TopicState]) -> Vec<Finding> {
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
                    format!("{} of {topic} that could not be stored, not sent back so far", some(waiting, "message"));
                let mend =
                    format!("shopstream dlq inspect {topic}; once the cause is mended: shopstream dlq replay {topic}");
                found.push(Finding::warning("dead_letters", what, mend).about(letters));
            }
            Err(report) => {
                let (what, _) = crate::output::failure::told(&report);
                let mend = "ask again; if it stays, look at the brokers' logs";
                found.push(Finding::warning("dead_letters", what, mend).about(letters));
            }
        }
    }
    if found.is_empty() {
        found.push(Finding::ok("dead_letters", "none wait"));
    }
    found
}
