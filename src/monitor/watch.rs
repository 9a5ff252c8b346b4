//! Asking a service again and again, on a thread of its own: one that hangs holds up nobody else.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use color_eyre::eyre::Result;

use super::seen::Seen;
use crate::config::secret::redact;
use crate::error::Failure;
use crate::output::failure::{is_refusal, remedy_of};

/// How long an answer is waited for. What is asked each second must show within two that it is away.
pub const PATIENCE: Duration = Duration::from_millis(600);
/// How long a connection is waited for: more than an answer, for it takes several.
pub const CONNECTING: Duration = Duration::from_secs(2);
/// How long the first answer is waited for: connecting takes longer than asking.
pub const FIRST_PATIENCE: Duration = Duration::from_secs(3);
/// Time after which an average of requests means something.
const LEAST_MINUTES: f64 = 0.25;

/// Asks one service.
pub trait Probe: Send + 'static {
    /// What it answers.
    type View: Clone + Send + 'static;

    /// Asks it once, connecting first where need be. After an error the next call connects anew.
    ///
    /// # Errors
    /// When the service is away, or refuses.
    fn ask(&mut self) -> Result<Self::View>;

    /// How many requests were sent so far.
    fn requests(&self) -> u64;

    /// What is said of it while it neither answers nor refuses.
    fn silence(&self) -> Failure;
}

/// A service that is asked every so often, until the process ends.
#[derive(Debug)]
pub struct Watch<T> {
    latest: Arc<Mutex<Seen<T>>>,
    requests: Arc<AtomicU64>,
    began: Instant,
    silence: (String, Option<String>),
}

impl<T: Clone + Send + 'static> Watch<T> {
    /// Begins.
    ///
    /// # Errors
    /// When the system has no thread to spare.
    pub fn start<P: Probe<View = T>>(name: &str, every: Duration, mut probe: P) -> Result<Self> {
        let silence = probe.silence();
        let silence = (silence.to_string(), silence.remedy().map(str::to_owned));
        let latest = Arc::new(Mutex::new(Seen::Waiting));
        let requests = Arc::new(AtomicU64::new(0));
        let (ours, counted) = (Arc::clone(&latest), Arc::clone(&requests));
        // Never joined: one that hangs in a call must not keep the operator from leaving.
        thread::Builder::new().name(format!("watch-{name}")).spawn(move || {
            loop {
                let began = Instant::now();
                let answer = probe.ask();
                counted.store(probe.requests(), Ordering::Relaxed);
                take(&ours, answer);
                thread::sleep(every.saturating_sub(began.elapsed()));
            }
        })?;
        Ok(Self { latest, requests, began: Instant::now(), silence })
    }

    /// A service that cannot be asked.
    #[must_use]
    pub fn none(why: String) -> Self {
        let latest = Arc::new(Mutex::new(Seen::NotConfigured(why)));
        Self { latest, requests: Arc::default(), began: Instant::now(), silence: Default::default() }
    }

    /// What is known at `now`.
    #[must_use]
    pub fn seen(&self, now: Instant) -> Seen<T> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        match self.silent_since(&latest, now) {
            Some(since) => {
                let (why, help) = self.silence.clone();
                Seen::Away { why, help, since, refused: false }
            }
            None => latest.clone(),
        }
    }

    /// What a function makes of it at `now`; nothing is copied for it. A service that is silent shows nothing.
    pub fn glance<R>(&self, now: Instant, look: impl FnOnce(Option<&Seen<T>>) -> R) -> R {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        look(self.silent_since(&latest, now).is_none().then_some(&*latest))
    }

    /// Takes the last answer as one of `now`: this process was stopped, and nobody was asked.
    pub fn resume(&self, now: Instant) {
        if let Seen::Known { at, .. } = &mut *self.latest.lock().unwrap_or_else(PoisonError::into_inner) {
            *at = now;
        }
    }

    /// One that takes connections and says nothing never answers, and never fails.
    fn silent_since(&self, latest: &Seen<T>, now: Instant) -> Option<Instant> {
        match latest {
            Seen::Waiting => Some(self.began).filter(|began| now.saturating_duration_since(*began) > FIRST_PATIENCE),
            Seen::Known { at, .. } => latest.is_silent(now).then_some(*at),
            Seen::Away { .. } | Seen::NotConfigured(_) => None,
        }
    }

    /// Requests a minute, on average; none before there is anything to average.
    #[must_use]
    pub fn requests_a_minute(&self) -> Option<f64> {
        let minutes = self.began.elapsed().as_secs_f64() / 60.0;
        (minutes >= LEAST_MINUTES).then(|| self.requests.load(Ordering::Relaxed) as f64 / minutes)
    }
}

fn take<T>(latest: &Mutex<Seen<T>>, answer: Result<T>) {
    let mut latest = latest.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    *latest = match answer {
        Ok(view) => Seen::Known { view, at: now },
        Err(report) => {
            let since = match &*latest {
                Seen::Away { since, .. } => *since,
                Seen::Known { at, .. } => *at,
                _ => now,
            };
            let refused = is_refusal(&report);
            Seen::Away { why: one_line(&report), help: remedy_of(&report), since, refused }
        }
    };
}

/// An error and its causes in one line without passwords.
fn one_line(report: &color_eyre::Report) -> String {
    redact(&format!("{report:#}")).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use color_eyre::eyre::eyre;

    use super::*;

    struct Scripted(Receiver<Result<u32>>, u64);

    impl Probe for Scripted {
        type View = u32;

        fn ask(&mut self) -> Result<u32> {
            self.1 += 3;
            self.0.recv()?
        }

        fn requests(&self) -> u64 {
            self.1
        }

        fn silence(&self) -> Failure {
            Failure::new("it does not answer").help("look at it")
        }
    }

    fn until(watch: &Watch<u32>, word: &str) -> Seen<u32> {
        let began = Instant::now();
        loop {
            let seen = watch.seen(Instant::now());
            if seen.word() == word {
                return seen;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "{seen:?} is not {word}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_service_that_hangs_or_fails_is_away_and_back_with_its_next_answer() {
        let (say, heard): (Sender<Result<u32>>, _) = channel();
        let watch = Watch::start("test", Duration::ZERO, Scripted(heard, 0)).unwrap();
        assert_eq!(watch.seen(Instant::now()), Seen::Waiting);
        say.send(Ok(1)).unwrap();
        assert_eq!(until(&watch, "up").view(), Some(&1));
        // Not a word for nearly two seconds.
        let silent = until(&watch, "away");
        assert!(matches!(silent, Seen::Away { why, help: Some(_), .. } if why == "it does not answer"));
        say.send(Ok(2)).unwrap();
        assert_eq!(until(&watch, "up").view(), Some(&2));
        say.send(Err(eyre!("refused\n at postgres://shop:geheim@db/shop"))).unwrap();
        let Seen::Away { why, .. } = until(&watch, "away") else { unreachable!() };
        assert_eq!(why, "refused at postgres://shop:***@db/shop");
        say.send(Err(Failure::new("a wrong password").refusal().help("correct it").into())).unwrap();
        assert!(matches!(until(&watch, "refused"), Seen::Away { help: Some(help), .. } if help == "correct it"));
        assert_eq!(watch.requests_a_minute(), None);
    }
}
