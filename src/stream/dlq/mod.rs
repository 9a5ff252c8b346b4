//! Topics of dead letters: looking into them, and sending letters back to where they came from.

pub mod inspect;
mod memory;
pub mod reader;
pub mod replay;

use color_eyre::eyre::Result;

use super::client::Kafka;
use super::dead_letter::SUFFIX;
use super::topics::TOPICS;
use crate::spelling::did_you_mean;

/// The name without prefix of the topic whose dead letters are meant by `text`: `orders`, or `orders.dlq`.
///
/// # Errors
/// When there is no such topic; the text says which there are, and which was perhaps meant.
pub fn topic_of(text: &str) -> Result<&'static str, String> {
    let plain = text.strip_suffix(SUFFIX).unwrap_or(text);
    let mut names = TOPICS.iter().filter(|topic| !topic.dead_letters).map(|topic| topic.name);
    if let Some(name) = names.clone().find(|name| *name == plain) {
        return Ok(name);
    }
    let meant = did_you_mean(plain, names.clone());
    let first = names.next().unwrap_or_default();
    Err(format!("dead letters are those of {}{meant}", names.fold(first.to_owned(), |list, name| list + ", " + name)))
}

/// How many dead letters of a topic (its name without prefix) no replay of all letters has passed. Replays of one class are
/// not looked at, for that takes reading every letter: those they sent back count as waiting.
///
/// # Errors
/// When the brokers cannot be reached or the topic does not exist.
pub fn waiting(kafka: &Kafka, topic: &str) -> Result<u64> {
    let reader = reader::Reader::new(kafka, &(kafka.name(topic) + SUFFIX))?;
    let mut memory = memory::Memory::new(kafka, topic, reader.spans());
    let mut waiting = 0;
    for span in reader.spans().iter().filter(|span| span.low < span.high) {
        let from = memory.offset(None, span.partition)?.max(span.low);
        waiting += u64::try_from(span.high - from).unwrap_or(0);
    }
    Ok(waiting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_called_by_either_name() {
        assert_eq!(topic_of("orders"), Ok("orders"));
        assert_eq!(topic_of("users.dlq"), Ok("users"));
        let meant = Err("dead letters are those of users, products, orders; did you mean orders?".to_owned());
        assert_eq!(topic_of("order"), meant);
        assert_eq!(topic_of("Orders"), meant);
        assert_eq!(topic_of("grades"), Err("dead letters are those of users, products, orders".to_owned()));
    }
}
