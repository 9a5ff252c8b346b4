//! Settings of Kafka and Redis: where the brokers are, librdkafka's own properties, and prefixes that keep several shops on
//! the same servers apart.

use std::fmt;

use super::source::Setting;

/// Words in a property's name that mark its value as a secret.
const SECRET_WORDS: [&str; 5] = ["password", "secret", "jaas", "pem", "token"];
/// Most characters of a prefix; Kafka allows 249 for a topic's name.
const MOST_PREFIX: usize = 100;

/// Addresses of Kafka brokers to begin with, `host:port` with commas between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brokers(String);

impl Brokers {
    /// As librdkafka takes them.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Brokers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let addresses: Vec<&str> = text.split(',').map(str::trim).collect();
        for address in &addresses {
            // An IPv6 address stands in brackets; the port is what follows the last colon.
            let (host, port) = address.rsplit_once(':').ok_or_else(|| broker_form(address))?;
            let bare = !host.is_empty() && !host.contains('/') && !host.contains(char::is_whitespace);
            if !bare || port.parse::<u16>().map_or(true, |port| port == 0) {
                return Err(broker_form(address));
            }
        }
        Ok(Self(addresses.join(",")))
    }
}

fn broker_form(address: &str) -> String {
    format!("{address:?} is no broker's address; write host:port, with commas between several")
}

impl Setting for Brokers {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}

/// One property of librdkafka, written `key=value`.
#[derive(Clone, PartialEq, Eq)]
pub struct KafkaOption {
    /// The property's name, such as `security.protocol`.
    pub key: String,
    /// Its value; may be a secret.
    pub value: String,
}

impl KafkaOption {
    /// Whether the value must not be shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        SECRET_WORDS.iter().any(|word| self.key.contains(word))
    }

    fn shown(&self) -> String {
        format!("{}={}", self.key, if self.is_secret() { "***" } else { &self.value })
    }
}

impl fmt::Debug for KafkaOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl std::str::FromStr for KafkaOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if is_property(key) => match OURS.iter().find(|(ours, _)| *ours == key) {
                Some((_, only)) if !only.contains(&value) => Err(format!(
                    "{key} is not for the user to set: that nothing is lost and nothing doubled depends on it{}",
                    if only.is_empty() { String::new() } else { format!("; it is {}", only[0]) }
                )),
                _ => Ok(Self { key: key.to_owned(), value: value.to_owned() }),
            },
            // What was given is not repeated: it may be a password.
            _ => Err("a property is written key=value, such as security.protocol=SASL_SSL".to_owned()),
        }
    }
}

/// Properties that the guarantees rest on, with the values that leave them as they are.
const OURS: [(&str, &[&str]); 15] = [
    ("acks", &["all", "-1"]),
    ("request.required.acks", &["all", "-1"]),
    ("enable.idempotence", &["true"]),
    ("partitioner", &["murmur2_random"]),
    ("group.id", &[]),
    ("enable.auto.commit", &["false"]),
    ("enable.auto.offset.store", &["false"]),
    ("auto.offset.reset", &["earliest"]),
    ("allow.auto.create.topics", &["false"]),
    // Without these a delivery is never heard of, a topic is silently not there, and an end is taken for trouble.
    ("delivery.report.only.error", &["false"]),
    ("topic.blacklist", &[]),
    ("enable.partition.eof", &["false"]),
    ("transactional.id", &[]),
    ("partition.assignment.strategy", &["cooperative-sticky"]),
    ("isolation.level", &["read_committed"]),
];

fn is_property(key: &str) -> bool {
    !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte))
}

/// Properties of librdkafka for every client: TLS, SASL and whatever else a deployment needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KafkaOptions(pub Vec<KafkaOption>);

impl From<Vec<KafkaOption>> for KafkaOptions {
    fn from(options: Vec<KafkaOption>) -> Self {
        Self(options)
    }
}

impl Setting for KafkaOptions {
    /// Several are separated by white space.
    fn parse(text: &str) -> Result<Self, String> {
        text.split_whitespace().map(str::parse).collect::<Result<_, _>>().map(Self)
    }

    fn show(&self) -> String {
        if self.0.is_empty() {
            return "none".to_owned();
        }
        self.0.iter().map(KafkaOption::shown).collect::<Vec<_>>().join(" ")
    }
}

/// What the names of topics and consumer groups begin with; empty for the usual names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicPrefix(String);

/// What the keys in Redis begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPrefix(String);

impl Default for KeyPrefix {
    fn default() -> Self {
        Self("shopstream:".to_owned())
    }
}

macro_rules! prefix {
    ($name:ident, $also:literal, $form:literal) => {
        impl $name {
            /// The prefix itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || $also.contains(&byte);
                if text.len() <= MOST_PREFIX && text.bytes().all(plain) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(format!("{text:?} is no such prefix; {}, at most {MOST_PREFIX} characters", $form))
                }
            }
        }

        impl Setting for $name {
            fn parse(text: &str) -> Result<Self, String> {
                text.parse()
            }

            fn show(&self) -> String {
                if self.0.is_empty() { "none".to_owned() } else { self.0.clone() }
            }
        }
    };
}

prefix!(TopicPrefix, b"._-", "letters, digits and . _ -");
prefix!(KeyPrefix, b"._-:{}", "letters, digits and . _ - : { }");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_hosts_with_ports() {
        for (text, expected) in [("a:9092", "a:9092"), ("a:1, b:2", "a:1,b:2"), ("[::1]:9092", "[::1]:9092")] {
            assert_eq!(text.parse::<Brokers>().unwrap().as_str(), expected);
        }
        for wrong in ["", "a", "a:", "a:0", "a:99999", "a:1,", ":9092", "kafka://a:9092", "a b:1"] {
            assert!(wrong.parse::<Brokers>().is_err_and(|error| error.contains("host:port")), "{wrong:?}");
        }
    }

    #[test]
    fn a_propertys_secret_is_never_shown() {
        let options =
            KafkaOptions::parse("sasl.username=shop\n sasl.password=geheim=x security.protocol=SASL_SSL").unwrap();
        assert_eq!(options.0[1].value, "geheim=x");
        assert_eq!(options.show(), "sasl.username=shop sasl.password=*** security.protocol=SASL_SSL");
        assert!(!format!("{options:?}").contains("geheim"));
        for wrong in ["sasl.password", "=x", "SASL.password=x", "sasl password=geheim"] {
            assert!(wrong.parse::<KafkaOption>().is_err_and(|error| !error.contains("geheim")), "{wrong:?}");
        }
    }

    #[test]
    fn what_the_guarantees_rest_on_cannot_be_set_otherwise() {
        for wrong in [
            "acks=0",
            "acks=1",
            "enable.idempotence=false",
            "auto.offset.reset=latest",
            "group.id=mine",
            "delivery.report.only.error=true",
            "enable.partition.eof=true",
        ] {
            let error = wrong.parse::<KafkaOption>().unwrap_err();
            assert!(error.contains("nothing is lost"), "{error}");
        }
        for right in ["acks=all", "enable.idempotence=true", "linger.ms=5", "statistics.interval.ms=500"] {
            assert!(right.parse::<KafkaOption>().is_ok(), "{right}");
        }
    }

    #[test]
    fn prefixes_are_plain() {
        assert_eq!("test_1.".parse::<TopicPrefix>().unwrap().as_str(), "test_1.");
        assert_eq!("{shop}:a:".parse::<KeyPrefix>().unwrap().as_str(), "{shop}:a:");
        assert_eq!(KeyPrefix::default().show(), "shopstream:");
        assert!("a b".parse::<TopicPrefix>().is_err());
        assert!("가".parse::<KeyPrefix>().is_err());
    }
}
