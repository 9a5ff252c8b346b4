//! Where a database is, told without its password.

use std::fmt;

use crate::error::Failure;

/// Server, database and user of a connection URL. Displays and debugs without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseAddress {
    /// Host name or address, socket folder, or a list of hosts as libpq takes it.
    pub host: String,
    /// Port, or ports separated by commas.
    pub port: String,
    /// Database; libpq's default is the user's name.
    pub database: String,
    /// User; empty when the URL leaves it to the system.
    pub user: String,
    passwords: Vec<String>,
}

impl DatabaseAddress {
    /// Reads a `postgres://user:password@host:port/database?option=value` URL.
    ///
    /// # Errors
    /// When it is not such a URL. The message never repeats the URL, for it may hold a password.
    pub fn parse(url: &str) -> Result<Self, Failure> {
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
        let rest = rest.ok_or_else(|| malformed("it does not begin with postgres://"))?;
        // A password with a bare / or @ would be cut in two, and half of it be taken for a host that messages name.
        if rest.rfind('@') > rest.find(['@', '/', '?']) {
            return Err(malformed("a special character in user or password is not percent-encoded"));
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (hosts, ports) = split_ports(hosts);

        let mut address = Self {
            host: decode(&hosts)?,
            port: ports,
            database: decode(database)?,
            user: decode(user)?,
            passwords: vec![password.to_owned(), decode(password)?],
        };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let plain = decode(value)?;
            match name {
                "host" | "hostaddr" => address.host = plain,
                "port" => address.port = plain,
                "dbname" => address.database = plain,
                "user" => address.user = plain,
                "password" | "sslpassword" => address.passwords.extend([value.to_owned(), plain]),
                _ => {}
            }
        }
        for (part, default) in [(&mut address.host, "localhost"), (&mut address.port, "5432")] {
            if part.is_empty() {
                default.clone_into(part);
            }
        }
        if address.database.is_empty() {
            address.database.clone_from(&address.user);
        }
        // The server never repeats a password; a short one would only blot out what it says.
        address.passwords.retain(|password| password.len() > 3);
        // A password that contains another must go first, or its rest would stay.
        address.passwords.sort_by_key(|password| std::cmp::Reverse(password.len()));
        Ok(address)
    }

    /// `text` with every password of the URL blotted out.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.passwords.iter().fold(text.to_owned(), |text, password| text.replace(password, "***"))
    }
}

impl fmt::Display for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}, database {:?}", self.host, self.port, self.database)?;
        if self.user.is_empty() { Ok(()) } else { write!(f, ", user {:?}", self.user) }
    }
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseAddress({self})")
    }
}

fn malformed(why: &str) -> Failure {
    Failure::usage(format!("the database URL cannot be read: {why}"))
        .help("write it like postgres://user:password@host:5432/database; in user and password, % : / @ ? # become %25 %3A %2F %40 %3F %23")
}

/// `a:1,b:2` as hosts `a,b` and ports `1,2`; an IPv6 address stands in brackets.
fn split_ports(hosts: &str) -> (String, String) {
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for host in hosts.split(',') {
        let colon = host.rfind(':').filter(|at| host.rfind(']').is_none_or(|bracket| bracket < *at));
        let (name, port) = colon.map_or((host, ""), |at| (&host[..at], &host[at + 1..]));
        names.push(name);
        ports.push(port);
    }
    let ports = if ports.iter().all(|port| port.is_empty()) { String::new() } else { ports.join(",") };
    (names.join(","), ports)
}

/// Percent-decoding, as libpq does it.
fn decode(text: &str) -> Result<String, Failure> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let code = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = code.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|byte| *byte != 0);
        bytes.push(byte.ok_or_else(|| malformed("a % is not followed by two hexadecimal digits"))?);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8 once decoded"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_url_is_found_and_the_password_is_not_shown() {
        let a =
            DatabaseAddress::parse("postgres://shop%40x:s%3Acret@db.example.com:6543/main?sslmode=require").unwrap();
        assert_eq!(
            (a.host.as_str(), a.port.as_str(), a.database.as_str(), a.user.as_str()),
            ("db.example.com", "6543", "main", "shop@x")
        );
        for shown in [format!("{a}"), format!("{a:?}")] {
            assert!(!shown.contains("cret"), "{shown}");
        }
        assert_eq!(a.redact("s:cret or s%3Acret"), "*** or ***");
    }

    #[test]
    fn what_a_url_leaves_out_is_what_libpq_assumes() {
        let a = DatabaseAddress::parse("postgresql://me@/").unwrap();
        assert_eq!(a.to_string(), r#"localhost:5432, database "me", user "me""#);
        let several = DatabaseAddress::parse("postgres://[::1]:1,b:2/x?user=u").unwrap();
        assert_eq!(several.to_string(), r#"[::1],b:1,2, database "x", user "u""#);
        let socket = DatabaseAddress::parse("postgres:///x?host=/var/run&password=hidden").unwrap();
        assert_eq!(socket.to_string(), r#"/var/run:5432, database "x""#);
        assert_eq!(socket.redact("hidden"), "***");
    }

    #[test]
    fn a_wrong_url_is_refused_without_being_repeated() {
        for url in
            ["mysql://u:secret@h/d", "host=h password=secret", "postgres://u:secret%zz@h/d", "postgres://u:%ff@h"]
        {
            let failure = DatabaseAddress::parse(url).unwrap_err();
            assert!(failure.to_string().contains("cannot be read"), "{failure}");
            assert!(!format!("{failure:?}").contains("secret"), "{failure:?}");
        }
    }
}
