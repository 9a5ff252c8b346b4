//! Dead letters: the original bytes, key and headers of a message that can never be stored, with where it lay and why.

use rdkafka::message::{Header, Headers, OwnedHeaders};

use super::message::{DecodeError, ErrorClass, all_headers, header_text};

/// What a dead letter's topic is called, after the original's.
pub const SUFFIX: &str = ".dlq";
/// Names of the headers that a dead letter has besides the original's own; none of the original's begins so.
const PREFIX: &str = "x-shopstream-dlq-";
const TOPIC: &str = "x-shopstream-dlq-topic";
const PARTITION: &str = "x-shopstream-dlq-partition";
const OFFSET: &str = "x-shopstream-dlq-offset";
const TIMESTAMP: &str = "x-shopstream-dlq-timestamp";
const CLASS: &str = "x-shopstream-dlq-class";
const ERROR: &str = "x-shopstream-dlq-error";
/// Header of a message that was a dead letter and was sent back: the place at which it died, `topic/partition/offset`.
pub const REPLAYED: &str = "x-shopstream-replayed";
/// Most characters of an error that are kept.
const MOST_TEXT: usize = 1_000;

/// Where a message lay in its topic, and why it is a dead letter: one such message counts once, however often it was
/// written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeadLetter {
    /// Full name of the original's topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its timestamp, milliseconds since 1970: a topic that is made again uses the same offsets for other messages.
    pub sent_at_ms: Option<i64>,
    /// The kind of mistake; as written, for another version may know other kinds.
    pub class: String,
    /// What exactly is wrong, for people.
    pub error: String,
}

impl DeadLetter {
    /// The dead letter of a message at a place.
    #[must_use]
    pub fn new(topic: &str, partition: i32, offset: i64, why: &DecodeError) -> Self {
        let error = why.text.chars().take(MOST_TEXT).collect();
        Self { topic: topic.to_owned(), partition, offset, sent_at_ms: None, class: why.class.to_string(), error }
    }

    /// With the original's timestamp.
    #[must_use]
    pub fn sent_at(self, sent_at_ms: Option<i64>) -> Self {
        Self { sent_at_ms, ..self }
    }

    /// The original's place as text: `topic/partition/offset`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}/{}/{}", self.topic, self.partition, self.offset)
    }

    /// The headers it is written with: the original's, then its own.
    #[must_use]
    pub fn headers(&self, original: Option<&impl Headers>) -> OwnedHeaders {
        let kept = strip(original);
        let (partition, offset) = (self.partition.to_string(), self.offset.to_string());
        let sent_at = self.sent_at_ms.map(|millis| millis.to_string());
        let places = [(TOPIC, &self.topic), (PARTITION, &partition), (OFFSET, &offset)];
        let reasons = [(CLASS, &self.class), (ERROR, &self.error)];
        let time = sent_at.as_ref().map(|millis| (TIMESTAMP, millis));
        let all = places.into_iter().chain(time).chain(reasons);
        all.fold(kept, |headers, (key, value)| headers.insert(Header { key, value: Some(value.as_bytes()) }))
    }

    /// Reads the headers of a dead letter; `None` when they are not those of one.
    #[must_use]
    pub fn read(headers: Option<&impl Headers>) -> Option<Self> {
        let text = |key| Some(String::from_utf8_lossy(header_text(headers, key)?).into_owned());
        Some(Self {
            topic: text(TOPIC)?,
            partition: text(PARTITION)?.parse().ok()?,
            offset: text(OFFSET)?.parse().ok()?,
            sent_at_ms: text(TIMESTAMP).and_then(|millis| millis.parse().ok()),
            class: text(CLASS)?,
            error: text(ERROR)?,
        })
    }
}

/// The headers of a message without those that made it a dead letter.
#[must_use]
pub fn strip(headers: Option<&impl Headers>) -> OwnedHeaders {
    let own = all_headers(headers).into_iter().filter(|header| !header.key.starts_with(PREFIX));
    own.fold(OwnedHeaders::new(), |kept, header| kept.insert(header))
}

/// Whether the class is one that time may mend, so that a replay makes sense at once.
#[must_use]
pub fn may_pass_later(class: &str) -> bool {
    [ErrorClass::Orphan, ErrorClass::Constraint].iter().any(|known| known.as_str() == class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_letter_says_where_it_lay_and_gives_the_original_back() {
        let original = OwnedHeaders::new()
            .insert(Header { key: "ce_type", value: Some("shopstream.order.created.v1") })
            .insert(Header::<&str> { key: "empty", value: None });
        let why = DecodeError { class: ErrorClass::Schema, text: "가".repeat(2_000) };
        let letter = DeadLetter::new("orders", 2, 41, &why).sent_at(Some(1_700_000_000_123));
        let written = letter.headers(Some(&original));
        assert_eq!(DeadLetter::read(Some(&written)), Some(letter.clone()));
        assert_eq!(letter.error.chars().count(), 1_000);
        let back = strip(Some(&written));
        let pairs = |headers: &OwnedHeaders| {
            headers.iter().map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec))).collect::<Vec<_>>()
        };
        assert_eq!(pairs(&back), pairs(&original));
    }

    #[test]
    fn a_letter_that_dies_again_tells_of_its_latest_death_only() {
        let first = DeadLetter::new("orders", 0, 1, &DecodeError { class: ErrorClass::Orphan, text: "a".into() });
        let second = DeadLetter::new("orders", 0, 9, &DecodeError { class: ErrorClass::Schema, text: "b".into() });
        let headers = second.headers(Some(&first.headers(None::<&OwnedHeaders>)));
        assert_eq!(DeadLetter::read(Some(&headers)), Some(second));
        assert_eq!(headers.count(), 5);
    }

    #[test]
    fn other_messages_are_no_dead_letters() {
        assert_eq!(DeadLetter::read(None::<&OwnedHeaders>), None);
        assert_eq!(DeadLetter::read(Some(&OwnedHeaders::new())), None);
    }
}
