//! Asking another process for its telemetry, with nothing but a socket: one small page needs no HTTP client.

use std::io::{self, Error, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::Address;
use crate::error::Failure;

/// More than any page of ours holds; what is longer comes from somebody else.
const MOST_BYTES: usize = 4 << 20;

/// A page, or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status of HTTP.
    pub status: u16,
    /// The page.
    pub body: String,
}

/// What a worker says about itself.
#[derive(Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Everything it needs is there.
    Ready,
    /// A line for each part that is not ready, with the reason.
    NotReady(String),
}

/// Asks the worker that listens at `address` whether it is ready.
///
/// # Errors
/// When it gives no answer within `timeout`, or one that no `shopstream` gives.
pub fn readiness(address: &Address, timeout: Duration) -> Result<Readiness, Failure> {
    let at = address.to_ask();
    let answer = get(&at, "/readyz", timeout).map_err(|error| match error.kind() {
        ErrorKind::ConnectionRefused => Failure::new(format!("nobody listens at {at}"))
            .help(format!("start the worker with --metrics-addr {address}, or name its address with --addr")),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Failure::new(format!("no answer from {at} within {timeout:?}"))
            .help("look at the worker's logs; a machine under load may need a longer --timeout"),
        _ => Failure::new(format!("cannot ask {at}: {error}"))
            .help("name the address that the worker was given as --metrics-addr with --addr"),
    })?;
    match answer.status {
        200 => Ok(Readiness::Ready),
        503 => Ok(Readiness::NotReady(answer.body)),
        status => Err(Failure::new(format!("{at} answers with status {status}, as no shopstream does"))
            .help("name the address that the worker was given as --metrics-addr with --addr")),
    }
}

/// Fetches a page; `timeout` is for all of it.
///
/// # Errors
/// When the host is not known, cannot be reached, is too slow, or does not speak HTTP.
pub fn get(address: &Address, path: &str, timeout: Duration) -> io::Result<Answer> {
    let deadline = Instant::now() + timeout;
    let mut stream = connect(address, deadline)?;
    stream.set_write_timeout(Some(left(deadline)?))?;
    // Version 1.0: the answer comes in one piece, and its end is the connection's.
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
    let (mut received, mut piece) = (Vec::new(), [0; 8 << 10]);
    loop {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => received.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if received.len() > MOST_BYTES {
            return Err(Error::new(ErrorKind::InvalidData, "the answer does not end"));
        }
    }
    parse(&String::from_utf8_lossy(&received)).ok_or_else(|| Error::new(ErrorKind::InvalidData, "it speaks no HTTP"))
}

/// A name may have several addresses; who listens on one of them only is found.
fn connect(address: &Address, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = Error::new(ErrorKind::NotFound, "the host has no address");
    for candidate in address.resolve()? {
        match TcpStream::connect_timeout(&candidate, left(deadline)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.lines().next()?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// What `readiness` says when somebody answers with these words; `None` keeps silent.
    fn asked(answer: Option<&'static str>) -> Result<Readiness, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = Address::from(listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            assert!(request[..length].starts_with(b"GET /readyz HTTP/1.0\r\n"));
            match answer {
                Some(answer) => stream.write_all(answer.as_bytes()).unwrap(),
                // Until the other side has lost its patience.
                None => assert_eq!(stream.read(&mut request).unwrap_or(0), 0),
            }
        });
        let timeout = Duration::from_millis(if answer.is_some() { 5_000 } else { 100 });
        let said = readiness(&address, timeout);
        server.join().unwrap();
        said
    }

    #[test]
    fn what_is_not_ready_is_told() {
        assert_eq!(asked(Some("HTTP/1.0 200 OK\r\n\r\nready\n")).unwrap(), Readiness::Ready);
        let away = asked(Some("HTTP/1.1 503 Service Unavailable\r\nx: y\r\n\r\nkafka: away\n")).unwrap();
        assert_eq!(away, Readiness::NotReady("kafka: away\n".to_owned()));
    }

    #[test]
    fn every_other_answer_is_a_failure_with_a_remedy() {
        for (answer, expected) in [
            (Some("HTTP/1.1 404 Not Found\r\n\r\n"), "status 404"),
            (Some("220 mail.example ESMTP\r\n"), "speaks no HTTP"),
            (Some(""), "speaks no HTTP"),
            (None, "no answer"),
        ] {
            let failure = asked(answer).unwrap_err();
            assert!(failure.to_string().contains(expected) && failure.remedy().is_some(), "{failure}");
        }
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let failure = readiness(&free.into(), Duration::from_secs(5)).unwrap_err();
        assert!(failure.to_string().contains("nobody listens"), "{failure}");
    }
}
