//! Measuring a deployment of one's own: cache against database, Kafka against direct writes. In a schema, topics and keys that are
//! removed afterwards.

mod members;
mod own;
mod path;
pub mod report;
mod scratch;
mod stored;
pub(crate) mod sweep;
mod words;

use color_eyre::eyre::{Result, WrapErr};

pub use report::Report;
pub use sweep::{Left, Swept, sweep};

use crate::config::Settings;
use crate::error::Failure;
use crate::follow::Follow;
use crate::generator::World;
use crate::interrupt::Interrupt;
use crate::output::failure;
use scratch::Scratch;

/// What all names begin with that are made for a measurement.
pub const PREFIX: &str = "shopstream_bench_";

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Orders that go each way.
    pub orders: u32,
    /// Customers of the shop.
    pub users: u32,
    /// Its products.
    pub products: u32,
    /// Members that consume.
    pub members: u16,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// The figures.
    pub report: Report,
    /// Why something of what was made stays; `None` when all was removed.
    pub stays: Option<color_eyre::Report>,
}

/// Measures; `follow` is told what is being done.
///
/// # Errors
/// When a service is away or refuses, or on an interruption. What was made is removed in any case; where that fails too, the error
/// says so.
pub fn run(request: &Request, settings: &Settings, interrupt: &Interrupt, follow: &dyn Follow) -> Result<Outcome> {
    let world = World::new(None, None)?;
    let scratch = Scratch::begin(settings, interrupt)?;
    let measured = measure(request, &scratch, &world, interrupt, follow);
    follow.at("removing what it made");
    let refused = measured.as_ref().is_err_and(failure::is_refusal);
    let removed = scratch.remove(refused, interrupt);
    match (measured, removed) {
        (Ok(report), removed) => Ok(Outcome { report, stays: removed.err() }),
        (Err(error), Ok(())) => Err(error),
        (Err(error), Err(stays)) => {
            let (what, remedy) = failure::told(&stays);
            Err(error).wrap_err(Failure::new(what).help(remedy.unwrap_or_default()))
        }
    }
}

fn measure(
    request: &Request,
    scratch: &Scratch,
    world: &World,
    interrupt: &Interrupt,
    follow: &dyn Follow,
) -> Result<Report> {
    scratch.furnish(world, request.users, request.products, interrupt, follow)?;
    let members = members::measure(scratch, world, interrupt, follow)?;
    let path = path::measure(scratch, world, request.orders, request.members, interrupt, follow)?;
    Ok(Report::of(request, &members, &path))
}
