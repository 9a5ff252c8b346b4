//! What was probably meant by a word that nobody knows. clap does this for flags, commands and its own lists of values; here
//! it is for everything else that is one of a few words.

/// From this likeness on a word is offered; clap offers flags from about the same.
const ALIKE: f64 = 0.8;

/// The word most like what was written, if one is like it. Capitals do not count.
#[must_use]
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    let likeness = |known: &'a str| (strsim::jaro_winkler(&written, &known.to_lowercase()), known);
    let alike = known.into_iter().map(likeness).filter(|(likeness, _)| *likeness > ALIKE);
    alike.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

/// The question for the end of a message: `; did you mean orders?`, or nothing.
#[must_use]
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(written, known).map_or_else(String::new, |known| format!("; did you mean {known}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let topics = ["users", "products", "orders"];
        assert_eq!(nearest("ordres", topics), Some("orders"));
        assert_eq!(nearest("Orders", topics), Some("orders"));
        assert_eq!(nearest("grades", topics), None);
        assert_eq!(did_you_mean("prodcuts", topics), "; did you mean products?");
        assert_eq!(did_you_mean("", topics), "");
    }
}
