//! Panics of libraries that are expected, and must neither end the program nor be shown.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// What `work` gives, or `None` when it panics. It must leave nothing half-done behind: a look at data, say.
pub fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    EXPECTED.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    EXPECTED.set(false);
    outcome.ok()
}

/// Whether a panic of this thread would be caught; whoever shows panics asks first.
#[must_use]
pub fn is_expected() -> bool {
    EXPECTED.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_nothing() {
        assert_eq!(caught(|| 7), Some(7));
        let empty: Vec<u8> = Vec::new();
        assert_eq!(caught(|| empty[0]), None);
        assert!(!is_expected());
    }
}
