//! Connecting, and saying what to do when that fails.

use std::time::Duration;

use color_eyre::eyre::Context;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::address::DatabaseAddress;
use crate::error::Failure;
use crate::reach::Door;

/// Connects to the database at `url` as application `shopstream`, with the session's time zone set to UTC.
///
/// A URL may carry any libpq parameter; what it sets itself (`application_name`, `connect_timeout`) stays.
///
/// # Errors
/// A [`Failure`] that names server, database, user and the way out, never the password.
pub fn connect(url: &str) -> color_eyre::Result<PgConnection> {
    connect_within(url, Duration::from_secs(10))
}

/// The same, for somebody who waits for each of the URL's hosts no longer than this; libpq counts whole seconds, two at
/// least.
///
/// # Errors
/// As [`connect`].
pub fn connect_within(url: &str, patience: Duration) -> color_eyre::Result<PgConnection> {
    let address = DatabaseAddress::parse(url)?;
    let mut conn = PgConnection::establish(&with_defaults(url, patience))
        .map_err(|error| explain(&address, &error.to_string()))?;
    conn.batch_execute("SET TIME ZONE 'UTC'").wrap_err("cannot set the session's time zone")?;
    Ok(conn)
}

/// What a URL leaves out: this program's name, and limits to how long a silent host is waited for. A connection whose other
/// end has vanished without a word is given up after about 15 s, whether something is being sent or waited for.
const DEFAULTS: [(&str, &str); 5] = [
    ("application_name", "shopstream"),
    ("tcp_user_timeout", "15000"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "3"),
    ("keepalives_count", "3"),
];

/// The URL with [`DEFAULTS`], and with the time to wait for a connection.
fn with_defaults(url: &str, patience: Duration) -> String {
    let mut full = url.to_owned();
    let patience = patience.as_secs().to_string();
    for (name, value) in DEFAULTS.into_iter().chain([("connect_timeout", patience.as_str())]) {
        let query = full.split_once('?').map_or("", |(_, query)| query);
        if !query.split('&').any(|pair| pair.split_once('=').is_some_and(|(key, _)| key == name)) {
            let separator = if full.contains('?') { '&' } else { '?' };
            full.push_str(&format!("{separator}{name}={value}"));
        }
    }
    full
}

/// Turns libpq's message into what failed and what to do. libpq hands on no error codes while it connects, so its
/// words have to do; words that are not known (another language, say) are passed on as they are.
fn explain(address: &DatabaseAddress, message: &str) -> Failure {
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    // Told apart by libpq's own words, shown without the password: one that is a word of them must not confuse.
    let message_lines =
        message.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("Is the server"));
    let said = address.redact(&message_lines.collect::<Vec<_>>().join(" "));
    let DatabaseAddress { host, port, database, user, .. } = address;

    if has(&["password authentication failed", "no password supplied", "Peer authentication failed"]) {
        Failure::new(format!("PostgreSQL at {address}: it does not accept this user with this password"))
            .help("check user and password in DATABASE_URL (--database-url); special characters in them must be percent-encoded")
            .refusal()
    } else if has(&["database \""]) && has(&["does not exist"]) {
        Failure::new(format!("PostgreSQL at {host}:{port} has no database {database:?}")).help(format!(
            "create it (createdb -h {host} -p {port} -U {user} {database}), or name another in DATABASE_URL (--database-url)"
        ))
        .refusal()
    } else if has(&["role \""]) && has(&["does not exist"]) {
        Failure::new(format!("PostgreSQL at {host}:{port} has no user {user:?}"))
            .help("create it (createuser), or name another in DATABASE_URL (--database-url)")
            .refusal()
    } else if has(&["no pg_hba.conf entry"]) {
        Failure::new(format!("PostgreSQL at {address}: its pg_hba.conf lets nobody in this way ({said})"))
            .help("add a line for this host, user and database to the server's pg_hba.conf, or ask for TLS with ?sslmode=require")
            .refusal()
    } else if has(&["the database system is"]) {
        Failure::new(format!("PostgreSQL at {address} is not ready: {said}"))
            .help("it is starting, stopping or recovering; try again in a moment")
    } else if has(&["too many clients", "remaining connection slots", "too many connections"]) {
        Failure::new(format!("PostgreSQL at {address} takes no more connections"))
            .help("end some, or raise max_connections on the server")
            .refusal()
    } else if let Some(silence) = has(&["timeout expired"]).then(|| silence(address)).flatten() {
        silence
    } else if has(&[
        "Connection refused",
        "could not translate host name",
        "timeout expired",
        "Connection timed out",
        "No route to host",
        "Network is unreachable",
        "No such file or directory",
        "server closed the connection unexpectedly",
    ]) {
        Failure::new(format!("PostgreSQL at {address} cannot be reached: {said}"))
            .help("start it (in this repository: make up), or correct host and port in DATABASE_URL (--database-url)")
    } else {
        Failure::new(format!("cannot connect to PostgreSQL at {address}: {said}"))
            .help("correct DATABASE_URL (--database-url)")
    }
}

/// What is said of hosts that have all been waited for in vain, unless none of them is there.
fn silence(address: &DatabaseAddress) -> Option<Failure> {
    let ports = address.port.split(',').cycle();
    let doors = address.host.split(',').zip(ports).map(|(host, port)| match port.parse() {
        // Behind a socket's file somebody has to be: it would have refused otherwise.
        _ if host.starts_with('/') => Door::Open,
        Ok(port) => Door::at(host, port),
        Err(_) => Door::Shut,
    });
    let server = format!("PostgreSQL at {address}");
    doors.max()?.silence(&server, "correct host and port in DATABASE_URL (--database-url)")
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn explained(message: &str) -> String {
        let address = DatabaseAddress::parse("postgres://shop:secret@db:5432/main").unwrap();
        explain(&address, message).to_string()
    }

    #[test]
    fn each_way_to_fail_is_told_apart() {
        let server = "connection to server at \"db\" (10.0.0.1), port 5432 failed: ";
        for (message, expected) in [
            ("Connection refused\n\tIs the server running?", "cannot be reached"),
            (
                "FATAL:  password authentication failed for user \"shop\"",
                "does not accept this user with this password",
            ),
            ("fe_sendauth: no password supplied", "does not accept this user with this password"),
            ("FATAL:  database \"main\" does not exist", "has no database \"main\""),
            ("FATAL:  role \"shop\" does not exist", "has no user \"shop\""),
            ("FATAL:  the database system is starting up", "is not ready"),
            ("FATAL:  sorry, too many clients already", "no more connections"),
            ("FATAL:  something secret and new", "something *** and new"),
        ] {
            let text = explained(&format!("{server}{message}"));
            assert!(text.contains(expected) && text.contains("db:5432"), "{text}");
        }
    }

    #[test]
    fn a_server_that_hangs_is_told_from_one_that_is_not_there() {
        let said = "connection to server at \"127.0.0.1\" failed: timeout expired";
        let hangs = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = hangs.local_addr().unwrap().port();
        let explained = |hosts: &str| {
            let failure = explain(&DatabaseAddress::parse(&format!("postgres://shop@{hosts}/main")).unwrap(), said);
            (failure.to_string(), failure.remedy().unwrap_or_default().to_owned())
        };
        for hosts in [format!("127.0.0.1:{port}"), format!("127.0.0.1:1,127.0.0.1:{port}")] {
            let (what, help) = explained(&hosts);
            assert!(
                what.contains("does not answer, though it takes connections") && help.starts_with("it may hang"),
                "{what}: {help}"
            );
        }
        drop(hangs);
        let (what, help) = explained(&format!("127.0.0.1:{port}"));
        assert!(what.contains("cannot be reached") && help.starts_with("start it"), "{what}: {help}");
    }

    #[test]
    fn a_password_that_is_an_ordinary_word_confuses_nothing() {
        let message = "connection failed: FATAL:  password authentication failed for user \"shop\"";
        let explained = |password: &str| {
            let address = DatabaseAddress::parse(&format!("postgres://shop:{password}@db:5432/main")).unwrap();
            (explain(&address, message).to_string(), explain(&address, "it is a new failure").to_string())
        };
        assert!(explained("password").0.contains("does not accept this user with this password"));
        assert!(explained("a").1.ends_with("it is a new failure"), "{}", explained("a").1);
        assert!(explained("new failure").1.ends_with("it is a ***"));
    }

    #[test]
    fn a_url_keeps_what_it_sets_itself() {
        let ours = "application_name=shopstream&tcp_user_timeout=15000&keepalives_idle=5&keepalives_interval=3\
                    &keepalives_count=3";
        let patience = Duration::from_secs(4);
        assert_eq!(with_defaults("postgres://h/d", patience), format!("postgres://h/d?{ours}&connect_timeout=4"));
        let own = "postgres://h/d?connect_timeout=3";
        assert_eq!(with_defaults(own, patience), format!("{own}&{ours}"));
    }
}
