//! Kafka → PostgreSQL, each message taking effect once.
//!
//! A member is one thread with its own client and its own connection. It gathers messages into a batch, and writes the
//! batch in one transaction that also moves the offsets in `consumer_offsets`; only then it tells Kafka. Since the same
//! thread polls and writes, no partition changes hands in the middle of a write; a member that was thought dead and wakes
//! up is refused by its epoch. What can never be stored goes to the dead letters first, confirmed by the brokers.

mod batch;
mod dead;
mod failure;
pub mod handlers;
mod link;
mod member;
mod metrics;
mod orphans;
mod partitions;
mod request;
mod sift;
mod standstill;
mod store;

use std::sync::mpsc;
use std::thread;

use color_eyre::eyre::{Result, eyre};

pub use request::{Request, Topic};

use crate::interrupt::Interrupt;
use crate::stream::client::{Kafka, PATIENCE};
use crate::stream::rights::Operation;
use crate::telemetry::Telemetry;
use handlers::{Handler, Orders, Products, Users};
use member::{Member, Rewound, Team};
use metrics::{ConsumeMetrics, Holdings};
use standstill::Standstills;

/// Consumes with as many members as asked for, until asked to stop.
///
/// # Errors
/// When the topic is missing or no broker answers at the start, or a member meets something that it cannot wait out; the
/// others are stopped then.
pub fn run(
    request: &Request,
    kafka: &Kafka,
    database_url: &str,
    telemetry: &Telemetry,
    interrupt: &Interrupt,
) -> Result<()> {
    // A wrong name is told at once, not by silence.
    let topic = kafka.name(request.topic.as_str());
    kafka.partitions_of(kafka.admin()?.inner(), &topic, Operation::Read, PATIENCE)?;
    let metrics = ConsumeMetrics::register(&mut telemetry.registry());
    match request.topic {
        Topic::Users => members::<Users>(request, kafka, database_url, telemetry, &metrics, interrupt),
        Topic::Products => members::<Products>(request, kafka, database_url, telemetry, &metrics, interrupt),
        Topic::Orders => members::<Orders>(request, kafka, database_url, telemetry, &metrics, interrupt),
    }
}

/// Asks all members to stop when it is dropped: after an error, and after a panic.
struct StopOthers<'a>(&'a Interrupt);

impl Drop for StopOthers<'_> {
    fn drop(&mut self) {
        self.0.trigger();
    }
}

fn members<H: Handler>(
    request: &Request,
    kafka: &Kafka,
    database_url: &str,
    telemetry: &Telemetry,
    metrics: &ConsumeMetrics,
    interrupt: &Interrupt,
) -> Result<()> {
    let rewound = &Rewound::default();
    let health = telemetry.health();
    let holdings = &Holdings::declare(health);
    let standstills = &Standstills::default();
    let team = Team { request, kafka, database_url, metrics, health, holdings, rewound, standstills, interrupt };
    thread::scope(|scope| {
        // Watched until the members are done, whatever their end.
        let (_watched, until) = mpsc::channel();
        thread::Builder::new()
            .name("standstills".to_owned())
            .spawn_scoped(scope, move || standstills.watch(&until, health))?;
        let spawn = |number| {
            let member = Member::<H>::new(&team, number);
            thread::Builder::new().name(format!("member-{number}")).spawn_scoped(scope, move || {
                // One that cannot go on takes the others with it: whoever started them is to know.
                let guard = StopOthers(interrupt);
                member.and_then(Member::run)?;
                std::mem::forget(guard);
                Ok(())
            })
        };
        let threads: Vec<_> = (1..=request.members).map(spawn).collect::<Result<_, _>>()?;
        let ends = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(eyre!("a member panicked"))));
        // All are waited for; the first error is told.
        ends.fold(Ok(()), Result::and)
    })
}
