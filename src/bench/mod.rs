//! Measuring a deployment of one's own: cache against database, Kafka against direct writes. In a schema, topics and keys that are
//! removed afterwards.

mod members;
mod path;
mod report;
mod scratch;

use color_eyre::eyre::Result;

pub use report::{Latency, Line, Report};

use crate::config::Settings;
use crate::generator::World;
use crate::interrupt::Interrupt;
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

/// Measures; `watch` is told what is being done.
///
/// # Errors
/// When a service is away or refuses, or on an interruption. What was made is removed in any case.
pub fn run(request: &Request, settings: &Settings, interrupt: &Interrupt, watch: &dyn Fn(&str)) -> Result<Report> {
    let world = World::new(None, None)?;
    watch("making a shop of the measurement's own");
    let scratch = Scratch::open(settings, &world, request.users, request.products, interrupt)?;
    watch("reading pool members");
    let members = members::measure(&scratch, &world, interrupt)?;
    watch("producing, consuming, and writing directly");
    let path = path::measure(&scratch, &world, request.orders, request.members, interrupt)?;
    watch("removing it");
    scratch.remove()?;
    Ok(Report::of(&members, &path))
}
