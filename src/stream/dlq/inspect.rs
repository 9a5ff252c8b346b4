//! What lies in a topic of dead letters.

use std::collections::{BTreeMap, VecDeque};

use color_eyre::eyre::Result;
use rdkafka::Message;

use super::reader::Reader;
use crate::domain::Timestamp;
use crate::follow::{Amount, Follow};
use crate::interrupt::Interrupt;
use crate::stream::client::Kafka;
use crate::stream::dead_letter::{DeadLetter, SUFFIX};

/// A dead letter as it lies in its topic.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Partition of the topic of dead letters.
    pub partition: i32,
    /// Offset there.
    pub offset: i64,
    /// When it was written.
    pub written_at: Option<Timestamp>,
    /// Where the original lay, and why it died.
    pub about: DeadLetter,
    /// The original's key.
    pub key: Option<Vec<u8>>,
    /// The original's bytes.
    pub payload: Option<Vec<u8>>,
}

/// Letters of one class.
#[derive(Clone, Debug)]
pub struct ClassCount {
    /// How many there are.
    pub letters: u64,
    /// When the first was written.
    pub first: Option<Timestamp>,
    /// When the last was.
    pub last: Option<Timestamp>,
    /// The latest one's error.
    pub example: String,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Full name of the topic of dead letters.
    pub topic: String,
    /// Letters by class.
    pub classes: BTreeMap<String, ClassCount>,
    /// The last letters, the latest at the end.
    pub last: VecDeque<Letter>,
    /// Messages that are no dead letters of this program.
    pub others: u64,
}

/// Reads the dead letters of a topic (its name without prefix), of one class or of all, and keeps the last `limit`.
///
/// # Errors
/// When the brokers cannot be reached, the topic does not exist, or on an interruption.
pub fn survey(
    kafka: &Kafka,
    topic: &str,
    class: Option<&str>,
    limit: usize,
    interrupt: &Interrupt,
    follow: &dyn Follow,
) -> Result<Survey> {
    let topic = kafka.name(topic) + SUFFIX;
    let reader = Reader::new(kafka, &topic)?;
    follow.begins("reading dead letters", Amount::Exactly(reader.letters()), "letters");
    let mut found = Survey { topic, ..Survey::default() };
    reader.read(
        |span| Some(span.low),
        interrupt,
        |message| {
            follow.done(1);
            let Some(about) = DeadLetter::read(message.headers()) else {
                found.others += 1;
                return Ok(());
            };
            if class.is_some_and(|class| class != about.class) {
                return Ok(());
            }
            let written_at = message.timestamp().to_millis().map(|millis| Timestamp::from_micros(millis * 1_000));
            let count = found.classes.entry(about.class.clone()).or_insert_with(|| ClassCount {
                letters: 0,
                first: written_at,
                last: written_at,
                example: String::new(),
            });
            count.letters += 1;
            count.first = count.first.min(written_at);
            count.last = count.last.max(written_at);
            count.example.clone_from(&about.error);
            if limit == 0 {
                return Ok(());
            }
            if found.last.len() == limit {
                found.last.pop_front();
            }
            found.last.push_back(Letter {
                partition: message.partition(),
                offset: message.offset(),
                written_at,
                about,
                key: message.key().map(<[u8]>::to_vec),
                payload: message.payload().map(<[u8]>::to_vec),
            });
            Ok(())
        },
    )?;
    Ok(found)
}
