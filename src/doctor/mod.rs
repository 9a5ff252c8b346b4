//! Checks every service before the user finds out: what is wrong, and how to mend it.
//!
//! The services are examined side by side, a thread each, within one deadline: one that is away, or hangs, is a finding, and
//! the others are still examined. Nothing is changed: what is tried on PostgreSQL is rolled back, a key tried on Redis is
//! deleted, and no message is left in a topic.

pub mod across;
mod clock;
mod desk;
pub mod finding;
mod kafka;
mod machine;
mod postgres;
mod redis;
pub mod report;

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, Utc};
use color_eyre::eyre::{Result, WrapErr};

use crate::config::Settings;
use crate::interrupt::Interrupt;
use across::Facts;
use desk::{Desk, Heard};
use finding::{Finding, Service};
use report::{Located, Report};

/// When the report is given, whoever has not answered.
const DEADLINE: Duration = Duration::from_secs(9);
/// How long one answer of a service is waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often a wish to stop is looked for.
const TURN: Duration = Duration::from_millis(50);

/// Examines everything the settings name.
///
/// # Errors
/// On an interruption; whatever is wrong with a service is a finding.
pub fn examine(settings: &Settings, interrupt: &Interrupt) -> Result<Report> {
    examine_within(settings, interrupt, DEADLINE)
}

fn examine_within(settings: &Settings, interrupt: &Interrupt, patience: Duration) -> Result<Report> {
    let deadline = Instant::now() + patience;
    let (to, heard) = mpsc::channel();
    for service in Service::ALL {
        let (mut desk, settings) = (Desk::new(service, to.clone()), settings.clone());
        // Not joined: one that hangs in a library's call ends with the process.
        thread::Builder::new()
            .name(format!("doctor-{service:?}").to_lowercase())
            .spawn(move || {
                match service {
                    Service::Machine => machine::examine(&desk),
                    Service::Postgresql => postgres::examine(&settings, &desk),
                    Service::Redis => redis::examine(&settings, &desk),
                    Service::Kafka => kafka::examine(&settings, &mut desk),
                }
                desk.close();
            })
            .wrap_err("cannot start a thread")?;
    }
    let (mut found, mut facts) = (Vec::new(), Facts::default());
    let mut waiting = Service::ALL.to_vec();
    while !waiting.is_empty() && Instant::now() < deadline {
        interrupt.check()?;
        match heard.recv_timeout(TURN) {
            Ok(Heard::Found(service, part, finding)) => found.push((part, Located { service, finding })),
            Ok(Heard::Stored(stored)) => facts.stored = Some(stored),
            Ok(Heard::Parked(waiting)) => facts.parked = waiting,
            Ok(Heard::Group(group)) => facts.groups.push(group),
            Ok(Heard::Ended(service, well)) => {
                waiting.retain(|other| *other != service);
                if !well {
                    found.push((u8::MAX, Located { service, finding: broke_off() }));
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let waiting_orders = postgres::parked::findings(&facts).into_iter();
    found.extend(waiting_orders.map(|finding| (0, Located { service: Service::Postgresql, finding })));
    // Parts that went on side by side were heard as it came.
    found.sort_by_key(|(part, located)| (located.service, *part));
    let mut findings: Vec<Located> = found.into_iter().map(|(_, located)| located).collect();
    let late = waiting.into_iter().map(|service| Located { service, finding: too_slow(service, patience) });
    findings.extend(late);
    findings.extend(across::groups(&facts).into_iter().map(|finding| Located { service: Service::Kafka, finding }));
    Ok(Report::new(findings, settings, Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true)))
}

fn too_slow(service: Service, patience: Duration) -> Finding {
    let what = format!("not done after {} s: what it did not answer was not checked", patience.as_secs());
    Finding::problem("in_time", what, format!("look at the load and the log of {}", service.title()))
}

fn broke_off() -> Finding {
    Finding::problem(
        "complete",
        "the examination broke off: this is a mistake of shopstream itself",
        "report it with what was said above",
    )
}
