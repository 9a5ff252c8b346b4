//! What a producer hears from Redis, on a thread of its own: new pools, the scenario switched on by hand, visits that are
//! due. Redis away costs the producer nothing but news.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chrono::Utc;
use color_eyre::eyre::{Result, eyre};
use redis::{Connection, RedisResult};

use crate::backoff::Backoff;
use crate::cache::read::{self, PoolSnapshot};
use crate::cache::visits::{self, Visit};
use crate::cache::{Cache, PATIENCE, rights, scenario};
use crate::domain::Timestamp;
use crate::error::Failure;

/// How often Redis is asked for news: a scenario is in force this soon.
const TURN: Duration = Duration::from_millis(250);
/// Visits that a producer holds ready at most.
const MOST_READY: usize = 200;
/// Planned visits that wait to be noted; more than Redis takes in a turn are forgotten.
const MOST_PLANNED: usize = 50_000;
/// Planned visits written by one command.
const CHUNK: usize = 500;
/// Longest pause between two attempts to reach Redis, and between two looks at whether it is to end.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const NAP: Duration = Duration::from_millis(20);

/// News from Redis.
#[derive(Debug)]
pub enum News {
    /// New pools.
    Pools(Box<PoolSnapshot>),
    /// Another scenario is switched on by hand, or none any more.
    Scenario(Option<String>),
    /// Visits that are due.
    Visits(Vec<Visit>),
    /// Redis answers.
    Answers,
    /// Redis does not answer, and why.
    Away(String),
    /// Redis refuses, and has never done all that is asked of it: nothing will come.
    Refused(Failure),
}

/// The thread, and the ways to and from it.
#[derive(Debug)]
pub struct Feed {
    news: Receiver<News>,
    planned: Option<SyncSender<(Timestamp, Visit)>>,
    wanted: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    forgotten: u64,
}

impl Feed {
    /// Starts listening.
    #[must_use]
    pub fn start(cache: Cache) -> Self {
        let (tell, news) = channel();
        let (planned, to_note) = sync_channel(MOST_PLANNED);
        let (wanted, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let mut listener = Listener {
            cache,
            tell,
            to_note,
            wanted: Arc::clone(&wanted),
            stop: Arc::clone(&stop),
            known: None,
            scenario: None,
            unwritten: Vec::new(),
            served: false,
        };
        let thread = std::thread::spawn(move || listener.listen());
        Self { news, planned: Some(planned), wanted, stop, thread: Some(thread), forgotten: 0 }
    }

    /// The next news, if there are any.
    #[must_use]
    pub fn next(&self) -> Option<News> {
        self.news.try_recv().ok()
    }

    /// Says how many visits the producer holds, so that it gets more when they run out.
    pub fn holds(&self, visits: usize) {
        self.wanted.store(MOST_READY.saturating_sub(visits), Ordering::Relaxed);
    }

    /// Notes a visit; when Redis has been away for long, it is forgotten.
    pub fn plan(&mut self, due: Timestamp, visit: Visit) {
        let Some(planned) = &self.planned else { return };
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = planned.try_send((due, visit)) {
            self.forgotten += 1;
        }
    }

    /// Visits that could not be noted.
    #[must_use]
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Ends the thread once the visits are noted, or Redis does not take them.
    ///
    /// # Errors
    /// When the thread panicked.
    pub fn end(mut self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.planned.take());
        match self.thread.take() {
            Some(thread) => thread.join().map_err(|_| eyre!("the thread that listens to Redis panicked")),
            None => Ok(()),
        }
    }
}

struct Listener {
    cache: Cache,
    tell: Sender<News>,
    to_note: Receiver<(Timestamp, Visit)>,
    wanted: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    /// Generation and time of the pools that were told.
    known: Option<(u64, i64)>,
    scenario: Option<Option<String>>,
    /// Taken from the channel, not yet in Redis.
    unwritten: Vec<(Timestamp, Visit)>,
    /// Whether Redis has once done all that is asked of it.
    served: bool,
}

impl Listener {
    fn listen(&mut self) {
        let mut backoff = Backoff::new(TURN, LONGEST_PAUSE);
        let mut conn: Option<Connection> = None;
        loop {
            // Looked at first: the turn after the end was asked for is the last, and notes what is left.
            let stopping = self.stop.load(Ordering::Relaxed);
            if stopping && backoff.failed() {
                // It did not answer a moment ago: whoever wants to end is not kept for another one.
                return;
            }
            let pause = match self.connect_and_turn(&mut conn) {
                Ok(()) => {
                    if backoff.failed() {
                        tracing::info!("Redis answers again");
                    }
                    backoff.reset();
                    TURN
                }
                Err(error) if rights::is_refusal(&error) && !self.served => {
                    self.send(News::Refused(self.cache.explain(&error)));
                    return;
                }
                Err(error) => {
                    let failure = self.cache.explain(&error);
                    if !backoff.failed() {
                        tracing::warn!("{failure}; going on with what is known");
                    }
                    conn = None;
                    self.send(News::Away(failure.to_string()));
                    backoff.pause()
                }
            };
            if stopping {
                return;
            }
            let until = Instant::now() + pause;
            while Instant::now() < until && !self.stop.load(Ordering::Relaxed) {
                std::thread::sleep(NAP.min(until.saturating_duration_since(Instant::now())));
            }
        }
    }

    fn connect_and_turn(&mut self, conn: &mut Option<Connection>) -> RedisResult<()> {
        let conn = match conn {
            Some(conn) => conn,
            none => none.insert(self.cache.try_to_connect(PATIENCE)?),
        };
        self.turn(conn)
    }

    fn turn(&mut self, conn: &mut Connection) -> RedisResult<()> {
        if !self.served {
            visits::try_rights(&self.cache, conn, Utc::now().into())?;
        }
        self.note(conn)?;
        let meta = read::meta(&self.cache, conn)?;
        if meta.generation == 0 && self.known.is_none() {
            // A shop that just begins: nothing to tell yet.
            self.known = Some((0, 0));
            tracing::info!("there is no pool in Redis yet; waiting for: shopstream cache refresh");
        }
        // With the time: in a Redis that was emptied generations are counted from 1 again.
        if meta.generation != 0
            && Some((meta.generation, meta.refreshed_at_ms)) != self.known
            && let Some(pools) = read::pools(&self.cache, conn)?
        {
            self.known = Some((pools.meta.generation, pools.meta.refreshed_at_ms));
            self.send(News::Pools(Box::new(pools)));
        }
        let by_hand = scenario::by_hand(&self.cache, conn)?.map(|by_hand| by_hand.id);
        if self.scenario.as_ref() != Some(&by_hand) {
            self.scenario = Some(by_hand.clone());
            self.send(News::Scenario(by_hand));
        }
        let wanted = self.wanted.swap(0, Ordering::Relaxed);
        if wanted > 0 && !self.stop.load(Ordering::Relaxed) {
            let due = visits::take(&self.cache, conn, Utc::now().into(), wanted)?;
            if !due.is_empty() {
                self.send(News::Visits(due));
            }
        }
        self.send(News::Answers);
        self.served = true;
        Ok(())
    }

    /// Writes what was agreed since.
    fn note(&mut self, conn: &mut Connection) -> RedisResult<()> {
        loop {
            let room = CHUNK.saturating_sub(self.unwritten.len());
            self.unwritten.extend(self.to_note.try_iter().take(room));
            if self.unwritten.is_empty() {
                return Ok(());
            }
            visits::plan(&self.cache, conn, &self.unwritten)?;
            self.unwritten.clear();
        }
    }

    fn send(&self, news: News) {
        // Nobody listens only when the producer is ending.
        let _ = self.tell.send(news);
    }
}
