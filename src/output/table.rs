//! The one style of tables: numbers to the right with separators, Korean aligned, plain when not on a terminal.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Attribute, CellAlignment, ContentArrangement, TableStyle};

use super::number;

/// A table of results.
#[derive(Clone, Debug)]
pub struct Table {
    headers: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// How a table is drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// With lines around and between, fitted to the terminal's width; otherwise bare columns.
    pub framed: bool,
    /// With a bold header.
    pub color: bool,
}

/// One cell; made from text or a number by `into()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    text: String,
    right: bool,
}

impl Cell {
    /// A quantity that was formatted already, such as `12.3 %`: to the right.
    #[must_use]
    pub fn right(text: impl Into<String>) -> Self {
        Self { text: text.into(), right: true }
    }

    /// A sum of money in won.
    #[must_use]
    pub fn won(amount: i64) -> Self {
        Self::right(number::won(amount))
    }

    /// A share between 0 and 1 in percent.
    #[must_use]
    pub fn share(share: f64) -> Self {
        Self::right(number::share(share))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), right: false }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, right: false }
    }
}

macro_rules! cell_from_integer {
    ($($integer:ty)*) => {
        $(impl From<$integer> for Cell {
            fn from(number: $integer) -> Self {
                Self::right(number::count(number))
            }
        })*
    };
}
cell_from_integer!(u16 u32 u64 i32 i64);

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        // Wide enough on every platform there is.
        Self::right(number::count(u64::try_from(number).unwrap_or(u64::MAX)))
    }
}

impl Table {
    /// A table with these column headers.
    pub fn new<H: Into<String>>(headers: impl IntoIterator<Item = H>) -> Self {
        Self { headers: headers.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row, a cell a column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) -> &mut Self {
        self.rows.push(cells.into_iter().collect());
        self
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The table as text, without a newline at the end.
    #[must_use]
    pub fn render(&self, look: Look) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(if look.framed { UTF8_FULL_CONDENSED } else { TableStyle::new() });
        // Without a terminal nothing is wrapped: a line stays a record for `grep` and `awk`.
        if look.framed {
            table.set_content_arrangement(ContentArrangement::Dynamic);
        } else {
            table.force_no_tty();
        }
        if look.color {
            table.enforce_styling();
        }
        table.set_header(self.headers.iter().map(|header| {
            let header = comfy_table::Cell::new(header);
            if look.color { header.add_attribute(Attribute::Bold) } else { header }
        }));
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| comfy_table::Cell::new(&cell.text)));
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            let mut cells = self.rows.iter().filter_map(|row| row.get(index)).peekable();
            if cells.peek().is_some() && cells.all(|cell| cell.right || cell.text.is_empty()) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            if !look.framed {
                column.set_padding((0, 2));
            }
        }
        table.trim_fmt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::new(["month", "orders", "revenue", "top scenario"]);
        table.row(["2025-01".into(), 3_000_u64.into(), Cell::won(1_234_567), "설날 선물".into()]);
        table.row(["2025-12".into(), 60_u64.into(), Cell::won(900), "Black Friday".into()]);
        table
    }

    #[test]
    fn a_table_on_a_terminal_is_framed() {
        insta::assert_snapshot!(sample().render(Look { framed: true, color: false }));
    }

    #[test]
    fn a_table_in_a_file_is_bare_columns() {
        insta::assert_snapshot!(sample().render(Look::default()));
    }

    #[test]
    fn only_a_coloured_table_has_escape_codes() {
        assert!(sample().render(Look { framed: false, color: true }).contains("\u{1b}["));
        assert!(!sample().render(Look { framed: true, color: false }).contains("\u{1b}["));
    }
}
