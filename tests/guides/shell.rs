//! The commands that a shell would find in a text, as far as guides use a shell.

/// The words of each simple command, in order; those within `$(…)` follow the command that holds them. Assignments before a
/// command and redirections are left out.
pub fn commands(text: &str) -> Vec<Vec<String>> {
    let mut reader =
        Reader { rest: text.chars().collect::<Vec<_>>().into_iter().peekable(), found: Vec::new(), inner: Vec::new() };
    reader.read();
    let mut found: Vec<_> = reader.found.into_iter().map(stripped).filter(|words| !words.is_empty()).collect();
    for inner in reader.inner {
        found.extend(commands(&inner));
    }
    found
}

struct Reader {
    rest: std::iter::Peekable<std::vec::IntoIter<char>>,
    found: Vec<Vec<String>>,
    inner: Vec<String>,
}

impl Reader {
    fn read(&mut self) {
        let (mut words, mut word) = (Vec::new(), None::<String>);
        while let Some(letter) = self.rest.next() {
            match letter {
                '\\' if self.rest.next_if_eq(&'\n').is_some() => {}
                '\\' => word.get_or_insert_default().extend(self.rest.next()),
                '\'' => {
                    let text: String = self.rest.by_ref().take_while(|letter| *letter != '\'').collect();
                    word.get_or_insert_default().push_str(&text);
                }
                '"' => {
                    let text = self.double_quoted();
                    word.get_or_insert_default().push_str(&text);
                }
                '$' if self.rest.next_if_eq(&'(').is_some() => {
                    let text = self.substituted();
                    word.get_or_insert_default().push_str(&text);
                }
                '#' if word.is_none() => while self.rest.next_if(|letter| *letter != '\n').is_some() {},
                ' ' | '\t' => words.extend(word.take()),
                // `2>&1` is one word; everything else ends the command.
                '&' if word.as_deref().is_some_and(|word| word.ends_with('>')) => {
                    word.get_or_insert_default().push('&')
                }
                '\n' | ';' | '|' | '&' | '(' | ')' => {
                    words.extend(word.take());
                    self.found.push(std::mem::take(&mut words));
                }
                _ => word.get_or_insert_default().push(letter),
            }
        }
        words.extend(word);
        self.found.push(words);
    }

    fn double_quoted(&mut self) -> String {
        let mut text = String::new();
        while let Some(letter) = self.rest.next() {
            match letter {
                '"' => break,
                '\\' => text.extend(self.rest.next()),
                '$' if self.rest.next_if_eq(&'(').is_some() => text.push_str(&self.substituted()),
                _ => text.push(letter),
            }
        }
        text
    }

    /// What stands in `$(…)` is a text of commands; in the word it leaves a mark.
    fn substituted(&mut self) -> String {
        let (mut text, mut depth) = (String::new(), 1);
        for letter in self.rest.by_ref() {
            depth += i32::from(letter == '(') - i32::from(letter == ')');
            if depth == 0 {
                break;
            }
            text.push(letter);
        }
        self.inner.push(text);
        "1".to_owned()
    }
}

/// Without assignments before it and redirections within it.
fn stripped(words: Vec<String>) -> Vec<String> {
    let assigns = |word: &String| {
        word.split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()))
    };
    let mut kept = Vec::new();
    let mut words = words.into_iter().skip_while(assigns);
    while let Some(word) = words.next() {
        let target = word.trim_start_matches(|letter: char| letter.is_ascii_digit());
        if target.starts_with(['>', '<']) {
            if target.trim_start_matches(['>', '<', '&']).is_empty() {
                words.next();
            }
        } else {
            kept.push(word);
        }
    }
    kept
}

#[test]
fn commands_are_found_as_a_shell_finds_them() {
    let found = commands(
        "make up && eval \"$(make env)\"   # both\nA=1 x --y 'a b' \\\n  z > out 2>&1 | jq '.a | .b'\ny '#' a#b 2>err &\n",
    );
    let expected: [&[&str]; 6] = [
        &["make", "up"],
        &["eval", "1"],
        &["x", "--y", "a b", "z"],
        &["jq", ".a | .b"],
        &["y", "#", "a#b"],
        &["make", "env"],
    ];
    assert_eq!(found, expected);
}
