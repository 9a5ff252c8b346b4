//! Telling a server that hangs from one that is not there: both leave whoever asks without an answer.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::error::Failure;

/// What to do about a server that says nothing.
pub const MAY_HANG: &str = "it may hang: look at its log and its machine";

/// How long a connection is waited for here, by somebody who has waited for an answer already.
const PATIENCE: Duration = Duration::from_secs(1);

/// What becomes of a connection that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// It is refused, or there is no way to the address: no server is there.
    Shut,
    /// Nobody says a word: a server that has hung for so long that no more connections wait for it, a firewall, or no machine.
    Silent,
    /// It is taken; the system does so for a process that hangs.
    Open,
}

impl Door {
    /// Knocks at an address; at all that a name stands for, and the best of them counts.
    #[must_use]
    pub fn at(host: &str, port: u16) -> Self {
        // An IPv6 address may stand in brackets.
        let addresses = (host.trim_matches(['[', ']']), port).to_socket_addrs();
        addresses.map_or(Self::Shut, |addresses| addresses.map(|at| Self::of(&at)).max().unwrap_or(Self::Shut))
    }

    fn of(address: &SocketAddr) -> Self {
        match TcpStream::connect_timeout(address, PATIENCE) {
            Ok(_) => Self::Open,
            Err(error) if error.kind() == ErrorKind::TimedOut => Self::Silent,
            Err(_) => Self::Shut,
        }
    }

    /// What is said of a server that was waited for in vain, and what there is to do if no server is there after all. Nothing
    /// where the door is shut: then that is the reason.
    #[must_use]
    pub fn silence(self, server: &str, otherwise: &str) -> Option<Failure> {
        match self {
            Self::Open => {
                Some(Failure::new(format!("{server} does not answer, though it takes connections")).help(MAY_HANG))
            }
            Self::Silent => {
                Some(Failure::new(format!("{server} does not answer")).help(format!("{MAY_HANG}; or {otherwise}")))
            }
            Self::Shut => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_process_that_hangs_is_told_from_one_that_is_not_there() {
        let hangs = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = hangs.local_addr().unwrap();
        assert_eq!(Door::at("127.0.0.1", at.port()), Door::Open);
        // Connections that nobody takes wait in a line; once it is full the system does not answer any more.
        let mut waiting = Vec::new();
        while let Ok(waits) = TcpStream::connect_timeout(&at, Duration::from_millis(100)) {
            waiting.push(waits);
        }
        assert_eq!(Door::at("127.0.0.1", at.port()), Door::Silent);
        drop((waiting, hangs));
        assert_eq!(Door::at("127.0.0.1", at.port()), Door::Shut);
    }

    #[test]
    fn whoever_may_hang_is_not_to_be_started() {
        let said = |door: Door| {
            let failure = door.silence("Redis", "correct REDIS_URL")?;
            Some((failure.to_string(), failure.remedy()?.to_owned()))
        };
        let (what, help) = said(Door::Open).unwrap();
        assert_eq!((&*what, &*help), ("Redis does not answer, though it takes connections", MAY_HANG));
        let (what, help) = said(Door::Silent).unwrap();
        assert_eq!((&*what, help), ("Redis does not answer", format!("{MAY_HANG}; or correct REDIS_URL")));
        assert_eq!(said(Door::Shut), None);
    }
}
