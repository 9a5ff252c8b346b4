//! What work tells of itself while it goes on.

use std::cell::RefCell;

use shopstream::follow::{Amount, Follow};

/// A part of the work, and how much of it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub what: String,
    pub amount: Amount,
    pub done: u64,
}

/// Writes down all parts.
#[derive(Debug, Default)]
pub struct Followed(RefCell<Vec<Part>>);

impl Followed {
    /// The part that begins with these words.
    pub fn part(&self, words: &str) -> Part {
        let parts = self.0.borrow();
        parts.iter().find(|part| part.what.starts_with(words)).unwrap_or_else(|| panic!("{words}: {parts:?}")).clone()
    }
}

impl Follow for Followed {
    fn begins(&self, what: &str, amount: Amount, _unit: &'static str) {
        self.0.borrow_mut().push(Part { what: what.to_owned(), amount, done: 0 });
    }

    fn done(&self, units: u64) {
        self.0.borrow_mut().last_mut().unwrap().done += units;
    }
}
