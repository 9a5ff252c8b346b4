//! What a command that stays tells about itself: logs, metrics, and whether it is ready for its work. A one-time command
//! speaks through its [`Printer`](crate::output::Printer) instead.
//!
//! Such a command flattens [`MetricsArgs`] into its arguments, calls [`Telemetry::start`], registers its metrics and
//! declares the [`Part`]s of its health. `docs/metrics.md` lists every metric; a new one gets a line there.

mod address;
mod health;
pub mod logs;
pub mod metrics;
pub mod probe;
mod server;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::registry::Registry;

pub use address::Address;
pub use health::{Health, Part};

use crate::config::Settings;

/// The option of commands that stay; flatten it into theirs.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct MetricsArgs {
    /// Serve /metrics for Prometheus, and /healthz and /readyz, at this address; port 0 takes one that is free
    /// [env: SHOPSTREAM_METRICS_ADDR]
    #[arg(long, value_name = "HOST:PORT")]
    pub metrics_addr: Option<Address>,
}

/// Logs, metrics and health of this process. They are served until the value is dropped.
#[derive(Debug)]
pub struct Telemetry {
    registry: Arc<Mutex<Registry>>,
    health: Health,
    server: Option<server::Server>,
}

impl Telemetry {
    /// Starts the logs and, when the flag or the environment names an address, the server. Call it once in a process.
    ///
    /// # Errors
    /// When the address in the environment is none, or cannot be listened at; and as logs do: when `RUST_LOG` cannot be
    /// read, or they go somewhere already.
    pub fn start(settings: &Settings, args: &MetricsArgs) -> color_eyre::Result<Self> {
        let address = address(args)?;
        logs::start(settings)?;
        let telemetry = Self::serve(address)?;
        if let Some(address) = telemetry.address() {
            tracing::info!(%address, "serving /metrics, /healthz and /readyz");
        }
        Ok(telemetry)
    }

    /// The same without logs, for a command that draws on the terminal; nothing at all when the flag names no address. The
    /// environment is not asked: in a worker's container its address is the worker's.
    ///
    /// # Errors
    /// When the address cannot be listened at.
    pub fn start_silently(args: &MetricsArgs) -> color_eyre::Result<Option<Self>> {
        args.metrics_addr.clone().map(|address| Self::serve(Some(address))).transpose()
    }

    /// Neither logs nor a server: for work that is watched otherwise.
    ///
    /// # Errors
    /// None that is expected.
    pub fn silent() -> color_eyre::Result<Self> {
        Self::serve(None)
    }

    fn serve(address: Option<Address>) -> color_eyre::Result<Self> {
        let health = Health::default();
        let registry = Arc::new(Mutex::new(metrics::registry(&health)));
        let serve = |address| server::Server::start(&address, Arc::clone(&registry), health.clone());
        let server = address.map(serve).transpose()?;
        Ok(Self { registry, health, server })
    }

    /// Where metrics are registered, before and while they are served; names get the prefix `shopstream_`.
    ///
    /// Do not keep it: a scrape waits for it.
    pub fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the command says what it can work with.
    #[must_use]
    pub const fn health(&self) -> &Health {
        &self.health
    }

    /// Where telemetry is served, with the port that was free if any was asked for; `None` when it is not.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.server.as_ref().map(server::Server::address)
    }
}

/// Where to listen: the flag's word before the environment's.
fn address(args: &MetricsArgs) -> Result<Option<Address>, crate::error::Failure> {
    match &args.metrics_addr {
        Some(address) => Ok(Some(address.clone())),
        None => Address::of_environment(),
    }
}
