//! Sentences with placeholders, taken apart once, because every product fills one in.

/// What a template may refer to, in the order of [`Template::fill`]'s arguments.
pub const PLACEHOLDERS: [&str; 4] = ["brand", "quality", "noun", "option"];

/// A sentence with placeholders.
#[derive(Clone, Debug)]
pub struct Template {
    /// Texts, each with the position in [`PLACEHOLDERS`] of what follows it.
    parts: Vec<(String, usize)>,
    /// What follows the last placeholder.
    end: String,
}

impl Template {
    /// Takes a sentence apart.
    ///
    /// # Errors
    /// The first `{word}` that stands for nothing.
    pub fn parse(sentence: &str) -> Result<Self, &str> {
        let mut parts = Vec::new();
        let mut rest = sentence;
        while let Some((before, after)) = rest.split_once('{') {
            let (word, tail) = after.split_once('}').unwrap_or((after, ""));
            let position = PLACEHOLDERS.iter().position(|known| *known == word).ok_or(word)?;
            parts.push((before.to_owned(), position));
            rest = tail;
        }
        Ok(Self { parts, end: rest.to_owned() })
    }

    /// The sentence with its placeholders filled in.
    #[must_use]
    pub fn fill(&self, brand: &str, quality: &str, noun: &str, option: &str) -> String {
        let words = [brand, quality, noun, option];
        let texts = self.parts.iter().map(|(text, word)| text.len() + words[*word].len());
        let mut filled = String::with_capacity(texts.sum::<usize>() + self.end.len());
        for (text, word) in &self.parts {
            filled.push_str(text);
            filled.push_str(words[*word]);
        }
        filled.push_str(&self.end);
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_other_text_stays() {
        let fill = |sentence| Template::parse(sentence).unwrap().fill("가", "나", "다", "라");
        assert_eq!(fill("{brand}의 {quality} {noun}, {option}!"), "가의 나 다, 라!");
        assert_eq!(fill("그대로"), "그대로");
        assert_eq!(fill("{noun}{noun}"), "다다");
    }

    #[test]
    fn an_unknown_word_is_named() {
        assert_eq!(Template::parse("{brand} {colour}").unwrap_err(), "colour");
    }
}
