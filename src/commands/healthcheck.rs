//! `shopstream healthcheck`: asks a worker whether it is ready, for the health checks of containers.

use std::time::Duration;

use super::Context;
use crate::cli::example;
use crate::cli::values::parse_duration;
use crate::error::Failure;
use crate::telemetry::Address;
use crate::telemetry::probe::{self, Readiness};

/// Arguments of `healthcheck`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&["shopstream healthcheck --addr 127.0.0.1:9464"]))]
pub struct Args {
    /// Where the worker listens, as its --metrics-addr says; who listens on every interface is asked on the loopback
    /// [env: SHOPSTREAM_METRICS_ADDR]
    #[arg(long, value_name = "HOST:PORT")]
    pub addr: Option<Address>,

    /// How long to wait for the answer
    #[arg(long, value_name = "DURATION", default_value = "3s", value_parser = parse_duration)]
    pub timeout: Duration,
}

/// Ends well when the worker is ready.
///
/// # Errors
/// When it is not, or gives no answer.
pub fn run(args: &Args, context: &Context) -> color_eyre::Result<()> {
    let address = match &args.addr {
        Some(address) => address.clone(),
        None => Address::of_environment()?.ok_or_else(|| {
            Failure::usage("no address of a worker was given")
                .help("pass --addr HOST:PORT, or set SHOPSTREAM_METRICS_ADDR as for the worker")
        })?,
    };
    if address.port() == 0 {
        return Err(Failure::usage("port 0 stands for one that was free when the worker started")
            .help("the worker's log says which it took: pass it with --addr, or give the worker a fixed one")
            .into());
    }
    match probe::readiness(&address, args.timeout)? {
        Readiness::Ready => context.printer.result("ready"),
        Readiness::NotReady(parts) => {
            Err(Failure::new(format!("the worker at {} is not ready\n{}", address.to_ask(), parts.trim_end())).into())
        }
    }
}
