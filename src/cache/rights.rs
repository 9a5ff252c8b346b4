//! Rights on Redis: what this user was refused, and the rule that grants it.

use redis::RedisError;

use super::Cache;
use crate::config::secret::redact;
use crate::error::Failure;

/// What the commands need besides the keys. The dangerous ones of these categories (KEYS, FLUSHALL …) are not among it.
const RULES: &str = "+@read +@write +@scripting +@transaction +@connection -@dangerous +info +time";

/// What a server refused.
#[derive(Debug, PartialEq, Eq)]
enum Refused {
    /// A command, by its name.
    Command(String),
    /// Keys of this shop.
    Keys,
    /// Something that a script does.
    InScript,
}

impl Refused {
    /// Reads the words of Redis 6 to 8; what a script was refused has no error code of its own.
    fn read(message: &str) -> Option<Self> {
        if let Some((_, rest)) = message.split_once("no permissions to run the '") {
            let command = rest.split('\'').next()?;
            return Some(Self::Command(command.to_lowercase()));
        }
        let lower = message.to_lowercase();
        if lower.contains("no permissions to access") || lower.contains("can't access at least one of the keys") {
            return Some(Self::Keys);
        }
        lower.contains("executing the script can't run").then_some(Self::InScript)
    }
}

/// Whether an error is the server's word that this user may not do that, or may not come in: it will say so again.
#[must_use]
pub fn is_refusal(error: &RedisError) -> bool {
    matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "NOPERM"))
        || error.kind() == redis::ErrorKind::AuthenticationFailed
        || wants_password(error)
        || Refused::read(&error.to_string()).is_some()
}

/// Several commands at once are refused one by one, with a code of their own each.
fn wants_password(error: &RedisError) -> bool {
    error.to_string().contains("error: \"NOAUTH\"")
}

impl Cache {
    /// Who lacks what, and how to grant it; `None` when the error is no refusal.
    pub(super) fn refusal(&self, error: &RedisError) -> Option<Failure> {
        if !is_refusal(error) {
            return None;
        }
        let said =
            if wants_password(error) { "NOAUTH: it wants a password".to_owned() } else { redact(&error.to_string()) };
        let url = self.url();
        let Some(refused) = Refused::read(&said) else {
            return Some(
                Failure::new(format!("Redis at {url} does not let this user in: {said}"))
                    .help("check user and password in REDIS_URL (--redis-url)")
                    .refusal(),
            );
        };
        let user = self.user();
        // Quoted for the shell, in which ~ is a home and * are files.
        let keys = format!("'~{}*'", self.family());
        let (what, rule) = match refused {
            Refused::Command(command) => (format!("may not run {}", command.to_uppercase()), format!("'+{command}'")),
            Refused::Keys => (format!("may not touch the keys {}*", self.family()), keys.clone()),
            Refused::InScript => ("may not run what a script of this program runs".to_owned(), RULES.to_owned()),
        };
        let all = format!("all that the commands need is {keys} {RULES}");
        let help = format!(
            "as an administrator: redis-cli ACL SETUSER {user} {rule}; {all}; keep it with ACL SAVE, or in redis.conf"
        );
        Some(Failure::new(format!("Redis at {url}: user {user:?} {what}")).help(help).refusal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::secret::SecretUrl;

    #[test]
    fn the_servers_refusals_are_understood() {
        for (message, expected) in [
            (
                "NOPERM: this user has no permissions to run the 'hgetall' command",
                Some(Refused::Command("hgetall".into())),
            ),
            (
                "User shop has no permissions to run the 'script|load' command",
                Some(Refused::Command("script|load".into())),
            ),
            ("this user has no permissions to access one of the keys used as arguments", Some(Refused::Keys)),
            ("No permissions to access a key", Some(Refused::Keys)),
            ("ERR The user executing the script can't access at least one of the keys mentioned", Some(Refused::Keys)),
            ("ERR The user executing the script can't run this command or subcommand", Some(Refused::InScript)),
            ("OOM command not allowed when used memory > 'maxmemory'", None),
        ] {
            assert_eq!(Refused::read(message), expected, "{message}");
        }
    }

    #[test]
    fn a_refusal_names_user_and_rule_and_hides_the_password() {
        let cache = Cache::new(&SecretUrl::from("redis://shop:geheim@cache".to_owned()), "shopstream:").unwrap();
        let error: RedisError =
            (redis::ErrorKind::Client, "NOPERM", "no permissions to run the 'ZADD' command".to_owned()).into();
        let failure = cache.refusal(&error).unwrap();
        assert_eq!(failure.to_string(), "Redis at redis://shop:***@cache: user \"shop\" may not run ZADD");
        assert!(
            failure
                .remedy()
                .unwrap()
                .contains("ACL SETUSER shop '+zadd'; all that the commands need is '~shopstream:*' +@read")
        );
    }
}
