//! Where telemetry is served, and asked for.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use crate::error::Failure;

/// The variable that workers and `healthcheck` share, so that a container names its address once.
const VARIABLE: &str = "SHOPSTREAM_METRICS_ADDR";

/// An address to listen at: a host name or an IP address (version 6 in brackets), and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

impl Address {
    /// The address in `SHOPSTREAM_METRICS_ADDR`; `None` when it is not set, or empty.
    ///
    /// # Errors
    /// When it holds something else.
    pub fn of_environment() -> Result<Option<Self>, Failure> {
        // An empty variable is how a compose file says "not set".
        let Some(text) = std::env::var_os(VARIABLE).filter(|text| !text.is_empty()) else { return Ok(None) };
        let address = text.to_str().ok_or_else(|| "is not valid UTF-8".to_owned()).and_then(str::parse);
        address.map(Some).map_err(|why| {
            Failure::usage(format!("environment variable {VARIABLE}: {why}"))
                .help(format!("correct {VARIABLE}, or unset it"))
        })
    }

    /// The port; 0 stands for any that is free.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The same address as one to be asked at: who listens on every interface is found on the loopback.
    #[must_use]
    pub fn to_ask(&self) -> Self {
        let host = match self.host.parse() {
            Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED)) => Ipv4Addr::LOCALHOST.to_string(),
            Ok(IpAddr::V6(Ipv6Addr::UNSPECIFIED)) => Ipv6Addr::LOCALHOST.to_string(),
            _ => self.host.clone(),
        };
        Self { host, port: self.port }
    }

    /// Every address of the host.
    ///
    /// # Errors
    /// When its name is not known.
    pub fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        (self.host.as_str(), self.port).to_socket_addrs().map(Iterator::collect)
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port() }
    }
}

impl std::str::FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || format!("{text:?} is no address; write HOST:PORT, such as 127.0.0.1:9464 or [::]:9464");
        let (host, port) = text.rsplit_once(':').ok_or_else(form)?;
        let port = port.parse().map_err(|_| form())?;
        // An IPv6 address without brackets would leave it open where the port begins.
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(host) => host.parse::<Ipv6Addr>().map_err(|_| form())?.to_string(),
            None => host.to_owned(),
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if host.is_empty() || !(host.parse::<IpAddr>().is_ok() && text.starts_with('[') || host.chars().all(is_name)) {
            return Err(form());
        }
        Ok(Self { host, port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for text in ["127.0.0.1:9464", "[::1]:0", "localhost:9464", "cache-worker:80", "0.0.0.0:65535"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        for text in ["", "9464", ":9464", "localhost", "localhost:", "localhost:65536", "::1:9464", "[::1]", "a b:1"] {
            assert!(text.parse::<Address>().is_err_and(|error| error.contains("HOST:PORT")), "{text:?}");
        }
        for text in ["http://localhost:9464", "localhost:9464/metrics", "[localhost]:9464"] {
            assert!(text.parse::<Address>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn who_listens_everywhere_is_asked_on_the_loopback() {
        let asked = |text: &str| text.parse::<Address>().unwrap().to_ask().to_string();
        assert_eq!(asked("0.0.0.0:9464"), "127.0.0.1:9464");
        assert_eq!(asked("[::]:9464"), "[::1]:9464");
        assert_eq!(asked("10.0.0.7:9464"), "10.0.0.7:9464");
        assert_eq!(asked("worker:9464"), "worker:9464");
    }
}
