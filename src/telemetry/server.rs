//! The small HTTP server beside the work: `/metrics`, `/healthz` and `/readyz`, on a thread of its own, so that work
//! that blocks delays no answer.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use color_eyre::eyre::WrapErr;
use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::registry::Registry;
use tokio::sync::oneshot;

use super::{Address, Health};
use crate::error::Failure;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// How long answers under way may take when the process ends.
const PATIENCE: Duration = Duration::from_millis(500);

/// A running server; it stops when the value is dropped.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    /// Nothing is ever sent: it closes when the thread has ended.
    ended: mpsc::Receiver<()>,
}

#[derive(Clone)]
struct Pages {
    registry: Arc<Mutex<Registry>>,
    health: Health,
}

impl Server {
    /// Listens, and answers from now on.
    pub(super) fn start(at: &Address, registry: Arc<Mutex<Registry>>, health: Health) -> color_eyre::Result<Self> {
        let listener = listen(at).map_err(|error| explain(at, &error))?;
        let address = listener.local_addr().wrap_err("cannot tell where metrics are served")?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener).wrap_err("cannot serve metrics")?
        };
        let pages = Router::new()
            .route("/metrics", get(metrics))
            .route("/healthz", get(async || "alive\n"))
            .route("/readyz", get(readyz))
            .with_state(Pages { registry, health });
        let (stop, stopped) = oneshot::channel::<()>();
        let (running, ended) = mpsc::channel::<()>();
        std::thread::Builder::new().name("telemetry".to_owned()).spawn(move || {
            let _running = running;
            let served = axum::serve(listener, pages).with_graceful_shutdown(async move {
                // Dropping the other end asks for the same.
                let _ = stopped.await;
            });
            if let Err(error) = runtime.block_on(served.into_future()) {
                tracing::warn!("metrics and health are served no more: {error}");
            }
        })?;
        Ok(Self { address, stop: Some(stop), ended })
    }

    /// Where it listens.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A client that neither asks nor leaves shall not hold up the process.
        let _ = self.ended.recv_timeout(PATIENCE);
    }
}

fn listen(at: &Address) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(&at.resolve()?[..])?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn explain(at: &Address, error: &io::Error) -> Failure {
    let help = match error.kind() {
        ErrorKind::AddrInUse => "another process listens there: choose another port, or 0 for one that is free",
        ErrorKind::PermissionDenied => "ports below 1024 need privileges: choose a higher one",
        _ => "give an address of this machine to --metrics-addr (SHOPSTREAM_METRICS_ADDR), such as 127.0.0.1:9464",
    };
    Failure::new(format!("metrics cannot be served at {at}: {error}")).help(help)
}

/// In OpenMetrics for who asks for it, as Prometheus does; in Prometheus's older text format for everybody else.
async fn metrics(State(pages): State<Pages>, headers: HeaderMap) -> Response {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let open = accepted.is_some_and(|accepted| accepted.contains("application/openmetrics-text"));
    let mut page = String::new();
    let registry = pages.registry.lock().unwrap_or_else(PoisonError::into_inner);
    let (encoded, kind) = if open {
        (text::encode(&mut page, &registry), OPEN_METRICS)
    } else {
        (prometheus_text::encode(&mut page, &registry), prometheus_text::CONTENT_TYPE)
    };
    match encoded {
        Ok(()) => ([(CONTENT_TYPE, kind)], page).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn readyz(State(pages): State<Pages>) -> (StatusCode, String) {
    let not_ready = pages.health.not_ready();
    if not_ready.is_empty() {
        (StatusCode::OK, "ready\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, not_ready)
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;

    use super::super::probe::{self, Answer};
    use super::*;

    struct Served {
        server: Server,
        registry: Arc<Mutex<Registry>>,
        health: Health,
    }

    fn serve() -> Served {
        let (registry, health) = (Arc::new(Mutex::new(Registry::with_prefix("shopstream"))), Health::default());
        let at = "127.0.0.1:0".parse().unwrap();
        let server = Server::start(&at, Arc::clone(&registry), health.clone()).unwrap();
        Served { server, registry, health }
    }

    fn ask(served: &Served, path: &str) -> Answer {
        probe::get(&served.server.address().into(), path, Duration::from_secs(5)).unwrap()
    }

    #[test]
    fn readiness_follows_the_parts_and_life_does_not() {
        let served = serve();
        assert_eq!(ask(&served, "/readyz"), Answer { status: 200, body: "ready\n".to_owned() });
        let postgres = served.health.part("postgres");
        postgres.not_ready("it restarts");
        assert_eq!(ask(&served, "/readyz"), Answer { status: 503, body: "postgres: it restarts\n".to_owned() });
        assert_eq!(ask(&served, "/healthz"), Answer { status: 200, body: "alive\n".to_owned() });
        postgres.ready();
        assert_eq!(ask(&served, "/readyz").status, 200);
        assert_eq!(ask(&served, "/").status, 404);
    }

    #[test]
    fn metrics_may_come_after_the_server() {
        let served = serve();
        let counter: Counter = Counter::default();
        served.registry.lock().unwrap().register("late", "Registered late", counter.clone());
        counter.inc();
        assert!(ask(&served, "/metrics").body.contains("\nshopstream_late_total 1\n"));
    }

    #[test]
    fn a_place_where_nobody_can_listen_is_refused_with_the_way_out() {
        let served = serve();
        let refused = |at: &Address| {
            let error = Server::start(at, Arc::clone(&served.registry), Health::default()).unwrap_err();
            error.downcast::<Failure>().unwrap()
        };
        let taken = refused(&served.server.address().into());
        assert!(taken.remedy().unwrap().contains("another port"), "{taken}");
        // Reserved for documentation: nobody's address.
        let foreign = refused(&"192.0.2.1:9464".parse().unwrap());
        assert!(foreign.to_string().contains("at 192.0.2.1:9464"), "{foreign}");
        assert!(foreign.remedy().unwrap().contains("127.0.0.1:9464"), "{foreign}");
    }

    #[test]
    fn a_dropped_server_gives_its_port_back_even_when_a_client_lingers() {
        let served = serve();
        let at = served.server.address();
        let _silent = std::net::TcpStream::connect(at).unwrap();
        ask(&served, "/healthz");
        drop(served.server);
        assert!(std::net::TcpStream::connect(at).is_err(), "nobody listens");
    }
}
