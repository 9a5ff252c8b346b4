//! Long work, followed from outside: which part of it is going on, and how far it is.

/// How much a part of the work has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Nobody can tell before it is done.
    Unknown,
    /// An estimate, such as the server's statistics of a table.
    About(u64),
    /// So many.
    Exactly(u64),
}

/// Is told how far work is; for progress bars. A closure that takes a text hears of the parts alone.
pub trait Follow {
    /// A part of the work begins; the one before it is done.
    fn begins(&self, what: &str, amount: Amount, unit: &'static str);

    /// So many more of the part's units are done.
    fn done(&self, units: u64);

    /// A part begins of which nothing can be counted.
    fn at(&self, what: &str) {
        self.begins(what, Amount::Unknown, "");
    }
}

impl<F: Fn(&str)> Follow for F {
    fn begins(&self, what: &str, _amount: Amount, _unit: &'static str) {
        self(what);
    }

    fn done(&self, _units: u64) {}
}
