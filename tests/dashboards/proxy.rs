//! A proxy for HTTP that knows the names of the compose file: Prometheus scrapes `producer:9464` through it, as it stands in its
//! configuration, and gets what a process on this machine serves.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Host and port as Prometheus writes them, and where that is.
pub type Places = Arc<Mutex<BTreeMap<String, SocketAddr>>>;

/// Starts one on a thread that ends with the test's process. Returns its address.
pub fn start(places: Places) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let places = Arc::clone(&places);
            // One that hangs must not hold up the others; what fails is a scrape that failed.
            std::thread::spawn(move || serve(client, &places));
        }
    });
    address
}

fn serve(mut client: TcpStream, places: &Places) -> Option<()> {
    client.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let (request, headers) = head.split_once("\r\n")?;
    let (host, path) = request.strip_prefix("GET http://")?.split_once(' ')?.0.split_once('/')?;
    let Some(place) = places.lock().ok()?.get(host).copied() else {
        return client.write_all(b"HTTP/1.0 502 Bad Gateway\r\n\r\n").ok();
    };
    let mut worker = TcpStream::connect_timeout(&place, Duration::from_secs(1)).ok()?;
    let accept = headers.lines().find(|line| line.to_ascii_lowercase().starts_with("accept:")).unwrap_or("Accept: */*");
    worker.write_all(format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\n{accept}\r\n\r\n").as_bytes()).ok()?;
    std::io::copy(&mut worker, &mut client).ok()?;
    Some(())
}
