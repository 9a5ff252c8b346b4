//! A way to the database that a test can close and open, while the database itself stays for everybody else.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use shopstream::db::address::DatabaseAddress;

/// Hands connections on to the server of a database URL, unless it is closed.
pub struct Proxy {
    url: String,
    state: Arc<Mutex<State>>,
}

struct State {
    open: bool,
    connections: Vec<TcpStream>,
}

impl Proxy {
    pub fn to(url: &str) -> Self {
        let DatabaseAddress { host, port, .. } = DatabaseAddress::parse(url).unwrap();
        let server = format!("{host}:{port}");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // Of two of a kind, libpq takes the later one.
        let url = format!("{url}&host=127.0.0.1&port={}", listener.local_addr().unwrap().port());
        let state = Arc::new(Mutex::new(State { open: true, connections: Vec::new() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mut state = shared.lock().unwrap();
                if state.open {
                    let server = TcpStream::connect(&server).unwrap();
                    for (from, to) in [(&client, &server), (&server, &client)] {
                        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                        state.connections.push(from.try_clone().unwrap());
                        std::thread::spawn(move || {
                            let _ = io::copy(&mut from, &mut to);
                            let _ = to.shutdown(Shutdown::Both);
                        });
                    }
                }
            }
        });
        Self { url, state }
    }

    /// The URL of the same database, this way.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Cuts every connection, and hands on no new one.
    pub fn close(&self) {
        let mut state = self.state.lock().unwrap();
        state.open = false;
        for connection in state.connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Hands connections on again.
    pub fn open(&self) {
        self.state.lock().unwrap().open = true;
    }
}
