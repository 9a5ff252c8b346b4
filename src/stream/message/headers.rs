//! Kafka headers: CloudEvents 1.0, binary mode (<https://github.com/cloudevents/spec>, Kafka protocol binding).

use rdkafka::message::{Header, Headers, OwnedHeaders};
use uuid::Uuid;

use super::Message;
use crate::domain::Timestamp;
use crate::panics::caught;

/// Media type of the payload.
pub const CONTENT_TYPE: &str = "content-type";
/// What ours is.
pub const CONTENT_TYPE_JSON: &str = "application/json";
/// Names what a message that was made wrong on purpose has wrong.
pub const INJECTED: &str = "x-shopstream-injected";
/// `ce_source` of everything that shopstream sends.
const SOURCE: &str = "/shopstream";

/// The headers of one message.
#[derive(Clone, Copy, Debug)]
pub struct EventHeaders {
    /// What the message is.
    pub event_type: &'static str,
    /// The id of what happened.
    pub id: Uuid,
    /// When it happened in the shop.
    pub time: Timestamp,
}

impl EventHeaders {
    /// The headers of a message.
    #[must_use]
    pub fn of<M: Message>(message: &M) -> Self {
        Self { event_type: M::TYPE, id: message.id(), time: message.time() }
    }

    /// As librdkafka takes them.
    #[must_use]
    pub fn to_kafka(self) -> OwnedHeaders {
        let mut id = Uuid::encode_buffer();
        let mut time = Vec::with_capacity(27);
        self.time.push_rfc3339(&mut time);
        let header = |key, value| Header { key, value: Some(value) };
        OwnedHeaders::new_with_capacity(7)
            .insert(header("ce_specversion", b"1.0".as_slice()))
            .insert(header("ce_id", self.id.hyphenated().encode_lower(&mut id).as_bytes()))
            .insert(header("ce_type", self.event_type.as_bytes()))
            .insert(header("ce_source", SOURCE.as_bytes()))
            .insert(header("ce_time", &time))
            .insert(header(CONTENT_TYPE, CONTENT_TYPE_JSON.as_bytes()))
    }
}

/// The value of the last header of this name, if there is one.
#[must_use]
pub fn header_text<'a>(headers: Option<&'a impl Headers>, key: &str) -> Option<&'a [u8]> {
    let headers = headers?;
    caught(|| headers.iter().filter(|header| header.key == key).last().and_then(|header| header.value))?
}

/// All headers in order. None of them when the name of one is not UTF-8: Kafka takes any bytes for a name, but the client
/// library panics at such a one. A message with it is taken as one without headers.
#[must_use]
pub fn all_headers<'a>(headers: Option<&'a impl Headers>) -> Vec<Header<'a, &'a [u8]>> {
    headers.and_then(|headers| caught(|| headers.iter().collect())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_carries_the_headers_of_cloud_events() {
        let id = Uuid::from_u128(7);
        let headers =
            EventHeaders { event_type: "shopstream.x.v1", id, time: Timestamp::from_secs(1_000_000_000) }.to_kafka();
        let text = |key| header_text(Some(&headers), key).map(|value| String::from_utf8_lossy(value).into_owned());
        let expected = [
            ("ce_specversion", "1.0"),
            ("ce_id", "00000000-0000-0000-0000-000000000007"),
            ("ce_type", "shopstream.x.v1"),
            ("ce_source", "/shopstream"),
            ("ce_time", "2001-09-09T01:46:40Z"),
            ("content-type", "application/json"),
        ];
        assert_eq!(headers.count(), expected.len());
        for (key, value) in expected {
            assert_eq!(text(key).as_deref(), Some(value), "{key}");
        }
        assert_eq!(text("absent"), None);
    }
}
