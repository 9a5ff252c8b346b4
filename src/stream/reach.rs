//! Waiting for brokers that give no answer: those that refuse are told at once, others are waited for, and that is said.

use std::net::ToSocketAddrs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::client::Client;
use rdkafka::error::KafkaError;
use rdkafka::metadata::Metadata;
use rdkafka::types::RDKafkaErrorCode;

use super::client::Kafka;
use crate::error::Failure;
use crate::output::Printer;
use crate::reach::{Door, MAY_HANG};

/// How long brokers may be silent before it is looked why, and said that they are waited for.
const SILENCE: Duration = Duration::from_secs(2);
/// How long that look takes at most.
const LOOK: Duration = Duration::from_millis(500);

/// Says, once, whom a command waits for.
#[derive(Debug)]
pub(super) struct Voice {
    printer: Printer,
    said: AtomicBool,
}

impl Voice {
    pub(super) fn of(printer: &Printer) -> Self {
        Self { printer: printer.clone(), said: AtomicBool::new(false) }
    }

    fn waiting(&self, brokers: &str, patience: Duration) {
        if !self.said.swap(true, Ordering::Relaxed) {
            let seconds = patience.as_secs();
            self.printer.status(&format!("Kafka: waiting up to {seconds} s for {brokers} to answer"));
        }
    }
}

impl Kafka {
    /// What the brokers say about one topic, or all. librdkafka waits in silence for those that refuse as for those that are
    /// slow, so its wait is cut in two, and in between it is looked which they are.
    ///
    /// # Errors
    /// A [`Failure`] when none answers within `patience`, and well before that when all refuse.
    pub(super) fn ask<C: ClientContext>(
        &self,
        client: &Client<C>,
        topic: Option<&str>,
        patience: Duration,
    ) -> Result<Metadata, Failure> {
        let error = match client.fetch_metadata(topic, patience.min(SILENCE)) {
            Ok(metadata) => return Ok(metadata),
            Err(error) => error,
        };
        let left = patience.saturating_sub(SILENCE);
        if left.is_zero() || !is_silence(&error) {
            return Err(self.explain(error));
        }
        if !self.waits_for_refusing()
            && let Some(why) = self.why_refused()
        {
            return Err(self.unreachable(&why));
        }
        if let Some(voice) = self.voice() {
            voice.waiting(self.brokers(), patience);
        }
        client.fetch_metadata(topic, left).map_err(|error| match self.why_refused() {
            Some(why) => self.unreachable(&why),
            None if is_silence(&error) => self.silence().unwrap_or_else(|| self.explain(error)),
            None => self.explain(error),
        })
    }

    /// What is said of brokers that were all waited for in vain, unless none of them is there.
    #[must_use]
    pub fn silence(&self) -> Option<Failure> {
        let best = thread::scope(|scope| {
            let knocks: Vec<_> =
                self.brokers().split(',').map(|address| scope.spawn(|| Door::of_address(address))).collect();
            knocks.into_iter().filter_map(|knock| knock.join().ok()).max()
        });
        let server = format!("Kafka at {}", self.brokers());
        let silence = best?.silence(&server, "correct KAFKA_BROKERS (--kafka-brokers)")?;
        // Of a wrong password or a missing one, and of TLS that was not spoken, the client says no more than of a broker that
        // hangs.
        let help = format!(
            "brokers that ask for TLS or a password need --kafka-option security.protocol=… and its companions; \
             otherwise {}",
            silence.remedy().unwrap_or(MAY_HANG)
        );
        Some(Failure::new(silence.to_string()).help(help))
    }

    /// Why no broker can be connected to, when all refuse; none when one may yet answer.
    fn why_refused(&self) -> Option<String> {
        let config = self.config(&[]);
        // A user's own property may lead elsewhere.
        if config.get("bootstrap.servers") != Some(self.brokers()) || config.get("metadata.broker.list").is_some() {
            return None;
        }
        let addresses: Vec<&str> = self.brokers().split(',').collect();
        let (tell, told) = mpsc::channel();
        for (at, address) in addresses.iter().enumerate() {
            let (tell, address) = (tell.clone(), (*address).to_owned());
            // Looking up a name cannot be broken off: whoever takes too long is left behind, and not waited for.
            let asked = thread::Builder::new().name("kafka-reach".to_owned()).spawn(move || {
                let _ = tell.send((at, refusal_of(&address)));
            });
            asked.ok()?;
        }
        drop(tell);
        let deadline = Instant::now() + LOOK;
        let mut found = Vec::with_capacity(addresses.len());
        for _ in &addresses {
            let (at, refusal) = told.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()?;
            found.push((at, refusal?));
        }
        found.sort_unstable();
        let reasons = || found.iter().map(|(_, why)| *why);
        let first = reasons().next()?;
        if reasons().all(|why| why == first) {
            return Some(first.to_owned());
        }
        let each = found.iter().filter_map(|(at, why)| Some(format!("{}: {why}", addresses.get(*at)?)));
        Some(each.collect::<Vec<_>>().join("; "))
    }
}

/// Whether nobody has said anything yet.
fn is_silence(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::OperationTimedOut)
    )
}

/// Why nobody can be connected to at `address`, if that is certain.
fn refusal_of(address: &str) -> Option<&'static str> {
    if address.to_socket_addrs().is_err() {
        return Some("the name is not known");
    }
    // Of a name's addresses some may lie in a network that this machine has no part in.
    (Door::of_address(address) == Door::Shut).then_some("the connection is refused")
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;
    use crate::config::Settings;

    fn kafka(brokers: &str) -> Kafka {
        let words = ["shopstream", "topics", "describe", "--kafka-brokers", brokers];
        Kafka::of(&Settings::resolve(&Cli::parse_from(words).global).unwrap()).unwrap()
    }

    #[test]
    fn brokers_that_refuse_are_told_from_those_that_are_slow() {
        // Somebody listens, and never answers.
        let slow = TcpListener::bind("127.0.0.1:0").unwrap();
        let slow = slow.local_addr().unwrap();
        assert_eq!(kafka("127.0.0.1:1").why_refused().unwrap(), "the connection is refused");
        assert_eq!(kafka("127.0.0.1:1,[::1]:1").why_refused().unwrap(), "the connection is refused");
        // No name has an empty part.
        assert_eq!(kafka("a..b:9092").why_refused().unwrap(), "the name is not known");
        assert_eq!(
            kafka("127.0.0.1:1,a..b:9092").why_refused().unwrap(),
            "127.0.0.1:1: the connection is refused; a..b:9092: the name is not known"
        );
        assert_eq!(kafka(&slow.to_string()).why_refused(), None);
        assert_eq!(kafka(&format!("127.0.0.1:1,{slow}")).why_refused(), None);
    }

    #[test]
    fn it_is_said_once_who_is_waited_for() {
        let (printer, printed) = Printer::captured(crate::config::Verbosity::Normal);
        let voice = Voice::of(&printer);
        voice.waiting("a:1", Duration::from_secs(15));
        voice.waiting("a:1", Duration::from_secs(15));
        assert_eq!(printed.stderr(), "Kafka: waiting up to 15 s for a:1 to answer\n");
    }
}
