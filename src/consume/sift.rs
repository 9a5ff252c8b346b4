//! Finds the messages that the database refuses: each is tried, and nothing stays.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::result::Error;
use diesel::{Connection, PgConnection};

use super::batch::Item;
use super::failure::NotStored;
use super::handlers::{Counters, Handler};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sifted {
    /// How many messages were tried, from the first on; at least one.
    pub looked_at: usize,
    /// The places of those that are refused, with the database's words.
    pub refused: Vec<(usize, String)>,
}

/// Why the transaction ends, which it does without a trace.
enum End {
    Done,
    Failed(NotStored),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Tries the messages in halves of halves, each on top of those before it that are welcome, for so long; savepoints make that
/// cheap, for nothing is waited for: neither the disk nor, as when a letter is written, the brokers. Counters are left alone: many
/// small parts of a transaction would lock them in no order at all, and wait for other members in a circle.
pub(super) fn sift<H: Handler>(
    conn: &mut PgConnection,
    handler: &mut H,
    items: &[Item<H::Message>],
    time: Duration,
) -> Result<Sifted, NotStored> {
    let mut sieve = Sieve { handler, items, until: Instant::now() + time, found: Sifted::default() };
    let end = conn.transaction::<(), End, _>(|conn| {
        sieve.halves(conn, 0..items.len()).map_err(End::Failed)?;
        Err(End::Done)
    });
    sieve.handler.forget();
    match end {
        Err(End::Failed(failure)) => Err(failure),
        Ok(()) | Err(End::Done) => Ok(sieve.found),
    }
}

struct Sieve<'a, H: Handler> {
    handler: &'a mut H,
    items: &'a [Item<H::Message>],
    until: Instant,
    found: Sifted,
}

impl<H: Handler> Sieve<'_, H> {
    fn halves(&mut self, conn: &mut PgConnection, places: std::ops::Range<usize>) -> Result<(), NotStored> {
        if self.found.looked_at > 0 && Instant::now() >= self.until {
            return Ok(());
        }
        match self.attempt(conn, places.clone()) {
            Ok(()) => {}
            Err(NotStored::Refused(_)) if places.len() > 1 => {
                let middle = places.start + places.len() / 2;
                self.halves(conn, places.start..middle)?;
                // The time may be up before the first half is done.
                return if self.found.looked_at == middle { self.halves(conn, middle..places.end) } else { Ok(()) };
            }
            // Once more with fresh eyes: somebody else may have stored the same meanwhile.
            Err(NotStored::Refused(_)) => match self.attempt(conn, places.clone()) {
                Ok(()) => {}
                Err(NotStored::Refused(report)) => self.found.refused.push((places.start, format!("{report:#}"))),
                Err(failure) => return Err(failure),
            },
            Err(failure) => return Err(failure),
        }
        self.found.looked_at = places.end;
        Ok(())
    }

    /// Stores these on top of the earlier ones, or leaves everything as it was.
    fn attempt(&mut self, conn: &mut PgConnection, places: std::ops::Range<usize>) -> Result<(), NotStored> {
        let messages: Vec<&H::Message> =
            self.items[places].iter().filter_map(|item| item.decoded.as_ref().ok()).collect();
        let stored = conn.transaction(|conn| {
            self.handler.store(conn, &messages, Counters::Leave).map_err(NotStored::of)?;
            // What is looked at only at the end of a transaction is looked at now, when these are complete: after each statement
            // an order without its items yet would be refused, and at the very end nobody could tell which one it was.
            Ok(conn.batch_execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")?)
        });
        if stored.is_err() {
            self.handler.forget();
        }
        stored
    }
}
