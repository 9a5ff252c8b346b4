//! Those who ask: a thread for each question that may hang, all asked at once and waited for together.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use color_eyre::eyre::Result;

/// One asker: where its questions go.
struct Desk<Q> {
    questions: Sender<(u64, Q)>,
    busy: bool,
}

/// Askers by name; each takes a question of one round at a time.
pub(super) struct Crew<K, Q, A> {
    desks: HashMap<K, Desk<Q>>,
    tell: Sender<(K, u64, A)>,
    told: Receiver<(K, u64, A)>,
    round: u64,
}

impl<K, Q, A> Crew<K, Q, A>
where
    K: Clone + Eq + std::hash::Hash + Send + 'static,
    Q: Send + 'static,
    A: Send + 'static,
{
    pub(super) fn new() -> Self {
        let (tell, told) = channel();
        Self { desks: HashMap::new(), tell, told, round: 0 }
    }

    /// Those who are there.
    pub(super) fn names(&self) -> Vec<K> {
        self.desks.keys().cloned().collect()
    }

    /// Adds one.
    ///
    /// # Errors
    /// When the system has no thread to spare.
    pub(super) fn add(&mut self, name: K, mut ask: impl FnMut(Q) -> A + Send + 'static) -> Result<()> {
        let (questions, asked) = channel::<(u64, Q)>();
        let (tell, own) = (self.tell.clone(), name.clone());
        // It ends when its questions do; one that hangs in a call is not waited for.
        thread::Builder::new().name("watch-kafka-desk".to_owned()).spawn(move || {
            for (round, question) in asked {
                if tell.send((own.clone(), round, ask(question))).is_err() {
                    return;
                }
            }
        })?;
        self.desks.insert(name, Desk { questions, busy: false });
        Ok(())
    }

    /// Sends one away.
    pub(super) fn remove(&mut self, name: &K) {
        self.desks.remove(name);
    }

    /// Asks everybody who is not still busy with an older question.
    pub(super) fn ask(&mut self, question: impl Fn(&K) -> Q) {
        self.round += 1;
        for (name, desk) in &mut self.desks {
            if !desk.busy {
                desk.busy = desk.questions.send((self.round, question(name))).is_ok();
            }
        }
    }

    /// The answers of the last round, as far as they come before the deadline; those to older questions are dropped.
    pub(super) fn answers(&mut self, deadline: Instant) -> HashMap<K, A> {
        let mut answers = HashMap::new();
        while self.desks.values().any(|desk| desk.busy) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.told.recv_timeout(left) {
                Ok((name, round, answer)) => {
                    // One that was sent away meanwhile has nothing to say any more.
                    let Some(desk) = self.desks.get_mut(&name) else { continue };
                    desk.busy = false;
                    if round == self.round {
                        answers.insert(name, answer);
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        answers
    }

    /// An answer that is there already, whatever round it belongs to.
    pub(super) fn any(&mut self) -> Option<(K, A)> {
        let (name, _, answer) = self.told.recv_timeout(Duration::ZERO).ok()?;
        self.desks.get_mut(&name)?.busy = false;
        Some((name, answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_hangs_keeps_nobody_waiting_and_is_heard_again_later() {
        let (go_on, wait) = channel::<()>();
        let mut crew: Crew<&str, u32, u32> = Crew::new();
        crew.add("quick", |question| question + 1).unwrap();
        crew.add("hangs", move |question| wait.recv().map_or(0, |()| question + 2)).unwrap();
        let long = Duration::from_secs(20);
        for round in 0..3 {
            crew.ask(|_| round * 10);
            let began = Instant::now();
            let answers = crew.answers(Instant::now() + Duration::from_millis(150));
            assert_eq!(answers.get("quick"), Some(&(round * 10 + 1)));
            assert!(!answers.contains_key("hangs") && began.elapsed() < long);
        }
        // What it says at last was asked long ago; then it is one of them again.
        go_on.send(()).unwrap();
        go_on.send(()).unwrap();
        crew.ask(|_| 70);
        assert_eq!(crew.answers(Instant::now() + long), HashMap::from([("quick", 71)]));
        crew.ask(|_| 80);
        assert_eq!(crew.answers(Instant::now() + long), HashMap::from([("quick", 81), ("hangs", 82)]));
        crew.remove(&"hangs");
        assert_eq!(crew.names(), ["quick"]);
    }
}
