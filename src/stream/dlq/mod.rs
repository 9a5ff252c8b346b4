//! Topics of dead letters: looking into them, and sending letters back to where they came from.

pub mod inspect;
mod memory;
pub mod reader;
pub mod replay;

use super::dead_letter::SUFFIX;
use super::topics::TOPICS;

/// The name without prefix of the topic whose dead letters are meant by `text`: `orders`, or `orders.dlq`.
///
/// # Errors
/// When there is no such topic; the text says which there are, and which was perhaps meant.
pub fn topic_of(text: &str) -> Result<&'static str, String> {
    let plain = text.strip_suffix(SUFFIX).unwrap_or(text);
    let mut names = TOPICS.iter().filter(|topic| !topic.dead_letters).map(|topic| topic.name);
    if let Some(name) = names.clone().find(|name| *name == plain) {
        return Ok(name);
    }
    let near = names.clone().map(|name| (strsim::jaro_winkler(&plain.to_lowercase(), name), name));
    let nearest = near.filter(|(likeness, _)| *likeness > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
    let meant = nearest.map_or_else(String::new, |(_, name)| format!("; did you mean {name}?"));
    let first = names.next().unwrap_or_default();
    Err(format!("dead letters are those of {}{meant}", names.fold(first.to_owned(), |list, name| list + ", " + name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_called_by_either_name() {
        assert_eq!(topic_of("orders"), Ok("orders"));
        assert_eq!(topic_of("users.dlq"), Ok("users"));
        let meant = Err("dead letters are those of users, products, orders; did you mean orders?".to_owned());
        assert_eq!(topic_of("order"), meant);
        assert_eq!(topic_of("Orders"), meant);
        assert_eq!(topic_of("grades"), Err("dead letters are those of users, products, orders".to_owned()));
    }
}
