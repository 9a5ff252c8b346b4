//! The year through Kafka's topics: customers and products first, then the orders, each topic in order of time.

mod sending;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::scope;
use std::time::{Duration, Instant};

use color_eyre::Report;
use color_eyre::eyre::Result;

use super::request::Makes;
use super::{Request, Summary, Watch};
use crate::domain::Timestamp;
use crate::error::Failure;
use crate::generator::World;
use crate::generator::year::Population;
use crate::interrupt::{Interrupt, Interrupted};
use crate::output::failure::remedy_of;
use crate::output::number;
use crate::stream::client::{Kafka, PATIENCE};
use crate::stream::sender::{LAST_WAIT, Sender};
use sending::{Sending, Way};

/// The topics; a message's lane is its topic's place here.
const TOPICS: [&str; 3] = ["users", "products", "orders"];
/// How long no message is confirmed before that is said.
const SILENCE: Duration = Duration::from_secs(5);
/// How long one wait for the brokers takes before the flag of interruption is looked at again.
const TURN: Duration = Duration::from_millis(50);

/// What a year needs to be sent, besides what it is made from.
#[derive(Clone, Copy, Debug)]
pub struct Replay<'a> {
    /// Where to.
    pub kafka: &'a Kafka,
    /// Seconds of the shop that pass in one of ours; `None`: as fast as the brokers take it.
    pub speed: Option<f64>,
    /// The time now: a year that is not over stops here.
    pub now: Timestamp,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The year's figures.
    pub summary: Summary,
    /// Each topic's full name, and the messages in it that the brokers have confirmed.
    pub topics: [(String, u64); 3],
    /// Where the year stops, when it is not over.
    pub until: Option<Timestamp>,
}

impl Replay<'_> {
    /// Makes the year and sends it.
    ///
    /// # Errors
    /// A [`Failure`] for a future year, for a topic that does not exist, or when messages were not delivered (their number is
    /// named); on an interruption, with the number of messages delivered until then.
    pub fn run(self, world: &World, request: &Request, watch: &dyn Watch, interrupt: &Interrupt) -> Result<Outcome> {
        let until = request.until(self.now, "a topic that is read as it comes holds no future")?;
        let delivered: Arc<[AtomicU64; 3]> = Arc::default();
        let counted = Arc::clone(&delivered);
        let count = move |lane: u8, _| {
            if let Some(counter) = counted.get(usize::from(lane)) {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        };
        let sender = Sender::of_messages(self.kafka, Some(Box::new(count)))?;
        let topics = TOPICS.map(|topic| self.kafka.name(topic));
        for topic in &topics {
            sender.check_topic(topic, PATIENCE)?;
        }
        let population =
            Population::generate(world, request.row_seed(), request.as_of, request.users, request.products);
        request.check_population(&population, Makes::ForItself)?;

        let way = Way { sender: &sender, topics: &topics, interrupt };
        let sending = Sending { world, request, population: &population, way, until, speed: self.speed, watch };
        let summary = scope(|threads| {
            let (working, done) = channel::<()>();
            let sender = &sender;
            threads.spawn(move || look_out(sender, watch, &done));
            let sent = sending.all();
            let settled = settle(sender, sent.as_ref().err(), interrupt);
            drop(working);
            // What was not delivered matters more than why it was not waited for.
            settled.and(sent)
        })?;
        let mut names = topics.into_iter();
        let topics =
            std::array::from_fn(|lane| (names.next().unwrap_or_default(), delivered[lane].load(Ordering::Relaxed)));
        Ok(Outcome { summary, topics, until })
    }
}

/// Says when messages wait for brokers that do not answer: sending waits as long as the process lives, and would look like a hang.
fn look_out(sender: &Sender, watch: &dyn Watch, done: &Receiver<()>) {
    let (mut delivered, mut heard, mut told) = (0, Instant::now(), false);
    while done.recv_timeout(Duration::from_millis(500)) == Err(RecvTimeoutError::Timeout) {
        let count = sender.count();
        if count.delivered != delivered || count.outstanding() == 0 {
            (delivered, heard, told) = (count.delivered, Instant::now(), false);
        } else if !told && heard.elapsed() >= SILENCE {
            watch.waiting(count.outstanding());
            told = true;
        }
    }
}

/// Waits for the brokers' word on every message, and tells how many were delivered when the work ends before its time.
fn settle(sender: &Sender, stopped: Option<&Report>, interrupt: &Interrupt) -> Result<()> {
    let given_up = stopped.is_some_and(|error| !error.is::<Interrupted>());
    let count = if given_up { sender.flush(LAST_WAIT) } else { sender.settle(interrupt) };
    let delivered = format!("{} delivered", number::verb(count.delivered, "message", ("was", "were")));
    let not_sent = |why: &Report| {
        let then = remedy_of(why).map_or_else(|| AGAIN.to_owned(), |remedy| format!("{remedy}\nthen: {AGAIN}"));
        Err(Failure::new(format!("the year was not sent: {why:#}; {delivered}")).help(then).into())
    };
    if let Some(refusal) = sender.refusal() {
        return not_sent(&refusal.into());
    }
    if count.lost() > 0 {
        let mut what = format!("{} not delivered; {delivered}", number::verb(count.lost(), "message", ("was", "were")));
        if let Some(error) = &count.first_error {
            what.push_str(&format!(" (the first error: {error})"));
        }
        return Err(Failure::new(what).help(AGAIN).into());
    }
    match stopped {
        None => Ok(()),
        Some(error) => match error.downcast_ref::<Interrupted>() {
            Some(interrupted) => {
                let part = Failure::new(format!("the year is in Kafka in part: {delivered}")).help(AGAIN);
                Err(Report::new(*interrupted).wrap_err(part))
            }
            None => not_sent(error),
        },
    }
}

/// A second run makes the same ids.
const AGAIN: &str = "the same command sends the whole year again with the same ids, so that a consumer which stores \
                     each id once ends with all of it; for empty topics delete them, then: shopstream topics create";
