//! The commands, a file each.
//!
//! To add one, write `commands/NAME.rs` with `#[derive(clap::Args, Debug)] pub struct Args` (its help opening with
//! `#[command(before_help = example(&["shopstream NAME …"]))]`) and
//! `pub fn run(args: &Args, context: &Context) -> color_eyre::Result<()>`, then three lines below: the module, the
//! variant (its comment is what `--help` says), and the arm in `Command::run`. Commands stay thin: they unpack
//! arguments and settings and call a function of the library. `INSTA_UPDATE=always cargo test --test cli` writes the
//! snapshot of the new help; `map.rs` may get a line too.

pub mod backfill;
pub mod bench;
pub mod cache;
pub mod completions;
pub mod consent;
pub mod consume;
pub mod dlq;
pub mod doctor;
pub mod grades;
pub mod healthcheck;
pub mod init;
pub mod man;
mod map;
pub mod migrate;
pub mod monitor;
pub mod own_files;
pub mod produce;
pub mod report;
pub mod scenarios;
pub mod seed;
pub mod switch;
pub mod topics;
pub mod verify;

use std::time::Duration;

use chrono::{Datelike, Utc};

use crate::cli::Cli;
use crate::config::{LogFormat, Settings};
use crate::domain::Timestamp;
use crate::interrupt::Interrupt;
use crate::output::Printer;
use crate::output::failure::{self, Form};
use crate::stream::client::Kafka;

/// How long a command may take to stop before it is said what else can be done.
const PATIENCE_AFTER_SIGNAL: Duration = Duration::from_secs(2);

/// What a command works with besides its arguments.
#[derive(Debug)]
pub struct Context {
    /// Configuration in force.
    pub settings: Settings,
    /// Where results and messages go.
    pub printer: Printer,
    /// Whether the process was asked to stop.
    pub interrupt: Interrupt,
}

impl Context {
    /// A connection to the database in force.
    ///
    /// # Errors
    /// When none was given, or it cannot be reached.
    pub fn connect(&self) -> color_eyre::Result<diesel::PgConnection> {
        crate::db::connect(self.settings.database_url()?.expose())
    }

    /// A connection to the database in force, whose tables are those of this program.
    ///
    /// # Errors
    /// As [`connect`](Self::connect), and when the database must be migrated first.
    pub fn connect_migrated(&self) -> color_eyre::Result<diesel::PgConnection> {
        let mut conn = self.connect()?;
        crate::db::migrate::ensure_current(&mut conn)?;
        Ok(conn)
    }

    /// The Kafka in force, which says whom it waits for.
    ///
    /// # Errors
    /// When no brokers were given.
    pub fn kafka(&self) -> color_eyre::Result<Kafka> {
        Ok(Kafka::of(&self.settings)?.telling(&self.printer))
    }

    /// The report, and who can grant what if it comes from a missing right in PostgreSQL.
    fn explained(&self, report: color_eyre::Report) -> color_eyre::Report {
        match self.settings.database_url() {
            Ok(url) => crate::db::rights::explained(report, url.expose()),
            Err(_) => report,
        }
    }
}

/// The year it is in the shop, whatever the time zone of the machine.
fn business_year() -> i32 {
    Timestamp::from(Utc::now()).business_day().year()
}

/// What the program can do.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Prepare everything: tables, topics, customers and products, the cache; safe to repeat
    Init(init::Args),
    /// Create or update the tables in PostgreSQL
    Migrate(migrate::Args),
    /// Make and inspect the topics in Kafka
    Topics(topics::Args),
    /// Put customers and products into PostgreSQL
    Seed(seed::Args),
    /// Put the pools that producers draw from into Redis
    Cache(cache::Args),
    /// Send the live shop's orders, products and customers to Kafka
    Produce(produce::Args),
    /// Store the messages of a topic in PostgreSQL, each once
    Consume(consume::Args),
    /// Recompute the customers' grades
    Grades(grades::Args),
    /// Simulate a year of the shop, into PostgreSQL, files or Kafka
    Backfill(backfill::Args),
    /// Draw a year on a page of charts, from files or PostgreSQL
    Report(report::Args),
    /// Look at messages that could not be stored, and send them back
    Dlq(dlq::Args),
    /// Audit what was produced against what is stored
    Verify(verify::Args),
    /// Show the pipeline at a glance: on a terminal, in a log, or as JSON
    Monitor(monitor::Args),
    /// Show the shopping events, and switch one on by hand
    Scenarios(scenarios::Args),
    /// Measure this deployment: cache against database, Kafka against direct writes
    Bench(bench::Args),
    /// Check every service, and say how to mend what is wrong
    Doctor(doctor::Args),
    /// Ask a running worker whether it is ready
    Healthcheck(healthcheck::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
    /// Print a manual page, or write all of them
    Man(man::Args),
}

impl Command {
    fn run(&self, context: &Context) -> color_eyre::Result<()> {
        match self {
            Self::Init(args) => init::run(args, context),
            Self::Migrate(args) => migrate::run(args, context),
            Self::Topics(args) => topics::run(args, context),
            Self::Seed(args) => seed::run(args, context),
            Self::Cache(args) => cache::run(args, context),
            Self::Produce(args) => produce::run(args, context),
            Self::Consume(args) => consume::run(args, context),
            Self::Grades(args) => grades::run(args, context),
            Self::Backfill(args) => backfill::run(args, context),
            Self::Report(args) => report::run(args, context),
            Self::Dlq(args) => dlq::run(args, context),
            Self::Verify(args) => verify::run(args, context),
            Self::Monitor(args) => monitor::run(args, context),
            Self::Scenarios(args) => scenarios::run(args, context),
            Self::Bench(args) => bench::run(args, context),
            Self::Doctor(args) => doctor::run(args, context),
            Self::Healthcheck(args) => healthcheck::run(args, context),
            Self::Completions(args) => completions::run(args, context),
            Self::Man(args) => man::run(args, context),
        }
    }
}

/// Resolves the settings, runs the command that was asked for, and gives the exit status that says how it ended.
#[must_use]
pub fn run(cli: &Cli) -> u8 {
    let settings = Settings::resolve(&cli.global);
    let color = settings.as_ref().map_or_else(|_| cli.global.color(), |settings| settings.color.value);
    let color = color.applies_to(&std::io::stderr());
    let json = settings.as_ref().is_ok_and(|settings| settings.log_format.value == LogFormat::Json);
    let outcome = failure::install(color).and_then(|()| {
        let settings = settings?;
        let printer = Printer::new(settings.verbosity.value, settings.color.value).in_format(settings.log_format.value);
        match &cli.command {
            None => map::run(&printer),
            Some(command) => {
                let last_words = printer.clone();
                let interrupt = Interrupt::on_signals(move |stays| last_words.warn(stays))?;
                remind_of_second_signal(interrupt.clone(), printer.clone());
                let context = Context { settings, printer, interrupt };
                command.run(&context).map_err(|report| context.explained(report))
            }
        }
    });
    match outcome {
        Ok(()) => 0,
        Err(report) => failure::show(&report, if json { Form::Json } else { Form::Text { color } }),
    }
}

/// Says how to end the program at once when it does not stop soon after a signal: a call of the database that waits for
/// somebody else's lock hears of none.
fn remind_of_second_signal(interrupt: Interrupt, printer: Printer) {
    std::thread::spawn(move || {
        while interrupt.sleep(Duration::from_secs(3_600)) {}
        std::thread::sleep(PATIENCE_AFTER_SIGNAL);
        printer.note("still waiting for something to end; once more (Ctrl-C) ends the program at once");
    });
}
