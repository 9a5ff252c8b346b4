//! URLs whose password must never be shown, and text that may contain one.

use std::fmt;

use super::source::Setting;

/// What stands in a password's place.
const HIDDEN: &str = "***";

/// A connection URL; `Debug` and `Display` hide its password.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// The URL with its password, for the one who connects.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the URL's scheme is one of these.
    #[must_use]
    pub fn has_scheme(&self, schemes: &[&str]) -> bool {
        self.0.split_once("://").is_some_and(|(scheme, _)| schemes.contains(&scheme))
    }
}

// Cannot fail, on purpose: clap would print the value it could not read.
impl From<String> for SecretUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl Setting for SecretUrl {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A password may hold anything, unencoded by mistake; so the last @ counts, and what cannot be read is hidden.
        let Some((scheme, rest)) = self.0.split_once("://") else { return f.write_str(HIDDEN) };
        let rest = match rest.rsplit_once('@') {
            Some((login, place)) => match login.split_once(':') {
                Some((user, _)) => format!("{user}:{HIDDEN}@{place}"),
                None => rest.to_owned(),
            },
            None => rest.to_owned(),
        };
        f.write_str(scheme)?;
        f.write_str("://")?;
        f.write_str(&hide_parameters(&rest))
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({self})")
    }
}

/// Text with the passwords of all URLs in it hidden: for messages that others wrote.
#[must_use]
pub fn redact(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`' | '<' | '>')) {
        let Some(at) = piece.find("://") else {
            safe.push_str(piece);
            continue;
        };
        // The scheme's start is kept apart, so that `--database-url=postgres://…` keeps its flag.
        let end =
            piece.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`' | '<' | '>')).len();
        let start = piece[..at].rfind(|c: char| !c.is_ascii_alphanumeric() && c != '+').map_or(0, |i| i + 1);
        let (before, url, after) = (&piece[..start.min(at)], &piece[start.min(at)..end], &piece[end..]);
        safe.push_str(before);
        safe.push_str(&SecretUrl(url.to_owned()).to_string());
        safe.push_str(after);
    }
    hide_parameters(&safe)
}

/// Hides the values of `password=…` and `sslpassword=…`, as in a URL's query.
fn hide_parameters(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("password=") {
        let value = at + "password=".len();
        let length = rest[value..].find(|c: char| c == '&' || c.is_whitespace()).unwrap_or(rest.len() - value);
        safe.push_str(&rest[..value]);
        safe.push_str(HIDDEN);
        rest = &rest[value + length..];
    }
    safe.push_str(rest);
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> String {
        SecretUrl::from(url.to_owned()).to_string()
    }

    #[test]
    fn a_password_is_hidden_wherever_it_stands() {
        assert_eq!(shown("postgres://shop:geheim@db:5432/shop"), "postgres://shop:***@db:5432/shop");
        assert_eq!(shown("postgres://shop:p@ss/w:rd@db/shop"), "postgres://shop:***@db/shop");
        assert_eq!(shown("redis://:geheim@cache:6379/0"), "redis://:***@cache:6379/0");
        assert_eq!(
            shown("postgres://db/shop?user=a&password=geheim&x=1"),
            "postgres://db/shop?user=a&password=***&x=1"
        );
        assert_eq!(shown("host=db password=geheim"), "***");
        assert_eq!(shown("postgres://shop@db:5432/shop"), "postgres://shop@db:5432/shop");
        assert_eq!(format!("{:?}", SecretUrl::from("a://b:c@d".to_owned())), "SecretUrl(a://b:***@d)");
    }

    #[test]
    fn text_of_others_loses_its_passwords() {
        assert_eq!(
            redact("cannot open 'postgres://shop:geheim@db/shop': refused"),
            "cannot open 'postgres://shop:***@db/shop': refused"
        );
        assert_eq!(redact("--database-url=postgres://a:geheim@b/c"), "--database-url=postgres://a:***@b/c");
        assert_eq!(redact("host=db password=geheim port=1"), "host=db password=*** port=1");
        assert_eq!(redact("see https://www.postgresql.org/docs\n"), "see https://www.postgresql.org/docs\n");
        assert_eq!(redact("한글 문장 ://"), "한글 문장 ://");
    }
}
