//! The question of every pipeline's owner: did each thing that was produced arrive, once, unaltered?
//!
//! The database is read in one snapshot, so that a live pipeline raises no false alarm. The snapshot comes first and the
//! ends of the topics are noted after it: whatever the snapshot holds was sent before, and lies within them. What lies
//! beyond the offsets that the snapshot knows is not read yet, and not missing. Dead letters are noted last, for the
//! consumers write one before they move an offset past it.

pub mod content;
pub mod foreign;
pub mod intake;
pub mod invariants;
pub mod ledger;
pub mod letters;
mod notes;
pub mod positions;
pub mod reading;
pub mod report;
pub mod rows;
mod shop;
pub mod topic;

use std::time::Duration;

use chrono::{DateTime, Utc};
use color_eyre::eyre::{Result, WrapErr};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;

use crate::db::overview::{Estimates, about};
use crate::domain::Timestamp;
use crate::follow::{Amount, Follow};
use crate::interrupt::Interrupt;
use crate::output::number::{count, verb};
use crate::stream::client::Kafka;
use crate::stream::dead_letter;
use foreign::ForeignTable;
use intake::Places;
use letters::Letters;
use positions::Positions;
use reading::{Reader, TopicSpan};
use report::Report;
use rows::Kept;
use topic::{Rows, Subject};

/// What is to be audited.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Only what was sent from then on.
    pub since: Option<Timestamp>,
    /// How long to wait until the consumers have read what is there.
    pub wait: Option<Duration>,
    /// Somebody else's table of orders instead of the shop's own tables.
    pub orders_table: Option<ForeignTable>,
}

impl Request {
    const fn topics(&self) -> &'static [&'static str] {
        if self.orders_table.is_some() { &["orders"] } else { &["users", "products", "orders"] }
    }
}

/// What breaks an audit off, and what is told how far it is.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Breaks it off.
    pub interrupt: &'a Interrupt,
    /// Is told what is being done.
    pub follow: &'a dyn Follow,
}

impl std::fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("interrupt", self.interrupt).finish_non_exhaustive()
    }
}

/// What an audit works with.
pub struct Audit<'a> {
    /// Where the topics are.
    pub kafka: &'a Kafka,
    /// Breaks it off, and is told how far it is.
    pub watch: Watch<'a>,
}

impl std::fmt::Debug for Audit<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audit").field("kafka", &self.kafka).finish_non_exhaustive()
    }
}

impl Audit<'_> {
    /// Compares what was produced with what is stored.
    ///
    /// # Errors
    /// When the brokers or the database cannot be read, or on an interruption. That something disagrees is no error here:
    /// the report says so.
    pub fn run(&self, conn: &mut PgConnection, request: &Request) -> Result<Report> {
        let reader = Reader::new(self.kafka)?;
        let mut awaited = Vec::new();
        if let Some(table) = &request.orders_table {
            table.check(conn)?;
        } else if let Some(patience) = request.wait {
            awaited = self.note(&reader, request, "")?;
            positions::wait_until_read(conn, &awaited, patience, self.watch)?;
        }
        let estimates = Estimates::take(conn).wrap_err("cannot estimate the work")?;
        conn.build_transaction().read_only().repeatable_read().run(|conn| {
            let taken_at = begin(conn)?;
            let mut positions = Vec::new();
            for topic in request.topics() {
                let own = request.orders_table.is_none();
                positions.push(own.then(|| Positions::load(conn, &self.kafka.name(topic))).transpose()?);
            }
            // What came between the last look and the snapshot came in time.
            let read = awaited.iter().zip(positions.iter().flatten());
            let not_read_in_time: u64 = read.map(|(span, positions)| positions.behind(span)).sum();
            let spans = self.note(&reader, request, "")?;
            let letters = self.note(&reader, &Request { since: None, ..request.clone() }, dead_letter::SUFFIX)?;
            let mut report = Report {
                taken_at,
                topics: Vec::new(),
                not_read_in_time,
                invariants: Vec::new(),
                notes: Vec::new(),
                disagreements: Vec::new(),
            };
            if not_read_in_time > 0 {
                report.notes.push(format!("{} waited for in vain", verb(not_read_in_time, "message", ("was", "were"))));
            }
            for ((span, letters), positions) in spans.into_iter().zip(letters).zip(positions) {
                let about = Amount::Exactly(letters.messages());
                self.watch.follow.begins(&format!("reading the dead letters of {}", span.topic), about, "letters");
                let letters = Letters::read(&reader, &letters, &span.topic, self.watch)?;
                let places = Places { letters, positions };
                let rows = self.rows(&estimates, &span, request);
                let subject = Subject { span, places, since: request.since, reader: &reader, rows, watch: self.watch };
                let found = self.topic(conn, &subject, request)?;
                report.notes.extend(notes::of(&subject, &found));
                report.disagreements.extend(found.disagreements());
                report.topics.push(found);
            }
            self.invariants(conn, request, &mut report)?;
            Ok(report)
        })
    }

    /// About how many rows are compared with a topic.
    fn rows(&self, estimates: &Estimates, span: &TopicSpan, request: &Request) -> Amount {
        let is = |topic: &str| span.topic == self.kafka.name(topic);
        if request.orders_table.is_some() {
            // A table of somebody else's: what came through the topic has a row each.
            about(span.messages())
        } else if is("orders") {
            // Backfilled orders are left out; of the others there are not more than messages, with as many items as all have.
            let (orders, items) = (estimates.rows("orders"), estimates.rows("order_items"));
            let compared = orders.min(span.messages());
            about(compared + (items as f64 * compared as f64 / orders.max(1) as f64) as u64)
        } else {
            estimates.about(&[if is("users") { "users" } else { "products" }])
        }
    }

    /// Notes where the topics begin and end now.
    fn note(&self, reader: &Reader, request: &Request, suffix: &str) -> Result<Vec<TopicSpan>> {
        let name = |topic: &&str| self.kafka.name(&format!("{topic}{suffix}"));
        request.topics().iter().map(|topic| reader.note(&name(topic), request.since)).collect()
    }

    fn topic(&self, conn: &mut PgConnection, subject: &Subject<'_>, request: &Request) -> Result<report::TopicReport> {
        let Some(table) = &request.orders_table else {
            return shop::audit(conn, subject, |topic| subject.span.topic == self.kafka.name(topic));
        };
        subject.audit(
            table.table.to_string(),
            |order: &crate::stream::message::OrderCreated, digester| digester.amount(&order.total_amount.to_string()),
            |ledger, kept: Kept| {
                let strangers = table.read(conn, ledger, kept, self.watch)?;
                Ok(Rows { strangers, elsewhere: 0 })
            },
        )
    }

    fn invariants(&self, conn: &mut PgConnection, request: &Request, report: &mut Report) -> Result<()> {
        if let Some(table) = &request.orders_table {
            report.notes.push(format!(
                "{}: of each order the id and the amount were compared, nothing else; the invariants are those of the \
                 shop's own tables, and were not looked at",
                table.table
            ));
            return Ok(());
        }
        for year in shop::unfinished_years(conn)? {
            report.notes.push(format!(
                "the backfill of {year} has not ended: its orders do not count towards counters, last orders and grades yet"
            ));
        }
        report.invariants = invariants::check(conn, self.watch)?;
        let broken = report.invariants.iter().filter(|invariant| invariant.broken.count > 0);
        let broken = broken.map(|invariant| format!("{} against “{}”", count(invariant.broken.count), invariant.rule));
        report.disagreements.extend(broken);
        Ok(())
    }
}

#[derive(QueryableByName)]
struct Now {
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

/// Prepares the transaction for long reading; its first query takes the snapshot.
fn begin(conn: &mut PgConnection) -> Result<Timestamp> {
    // The topics are read in the meantime: a server that ends idle transactions would end this one. Planning is not where
    // the time goes, and compiling would be.
    conn.batch_execute(
        "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL jit = off;
         SELECT set_config('work_mem', '128MB', true) WHERE pg_size_bytes(current_setting('work_mem')) < 128 << 20",
    )
    .wrap_err("cannot set up the snapshot")?;
    let now: Now = diesel::sql_query("SELECT now() AS now").get_result(conn).wrap_err("cannot take the snapshot")?;
    Ok(now.now.into())
}
