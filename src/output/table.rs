//! The one style of tables: numbers to the right with separators, Korean aligned, plain when not on a terminal.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Attribute, CellAlignment, ContentArrangement, TableStyle};
use unicode_width::UnicodeWidthStr;

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
    /// With lines around and between, where the terminal is wide enough; otherwise bare columns.
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
        // The library asks the terminal how wide it is.
        let columns = comfy_table::Table::new().width().filter(|_| look.framed);
        self.within(look, columns.map(usize::from))
    }

    /// A number that is broken in two cannot be read: what does not fit in its frame goes without, or has its rows as columns.
    fn within(&self, look: Look, columns: Option<usize>) -> String {
        let framed = self.drawn(look, None);
        let Some(columns) = columns.filter(|columns| width_of(&framed) > *columns) else { return framed };
        let bare = self.drawn(Look { framed: false, ..look }, None);
        if width_of(&bare) <= columns {
            return bare;
        }
        let turned = self.turned().drawn(look, None);
        if width_of(&turned) <= columns { turned } else { self.drawn(look, Some(columns)) }
    }

    /// With a column for each row: the first of each is its heading.
    fn turned(&self) -> Self {
        let firsts = self.rows.iter().map(|row| row.first().map_or("", |cell| cell.text.as_str()));
        let heading = self.headers.first().map_or("", String::as_str);
        let mut turned = Self::new(std::iter::once(heading).chain(firsts));
        for (at, header) in self.headers.iter().enumerate().skip(1) {
            let cells = self.rows.iter().map(|row| row.get(at).cloned().unwrap_or_else(|| "".into()));
            turned.row(std::iter::once(header.as_str().into()).chain(cells));
        }
        turned
    }

    /// As wide as it is, or pressed into so many columns.
    fn drawn(&self, look: Look, columns: Option<usize>) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(if look.framed { UTF8_FULL_CONDENSED } else { TableStyle::new() });
        match columns {
            Some(columns) => {
                table.set_content_arrangement(ContentArrangement::Dynamic);
                table.set_width(u16::try_from(columns).unwrap_or(u16::MAX));
            }
            // Nothing is wrapped: in a file a line stays a record for `grep` and `awk`.
            None => {
                table.set_content_arrangement(ContentArrangement::Disabled);
            }
        }
        table.force_no_tty();
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
            let may_be_right = |cell: &Cell| cell.right || cell.text.is_empty();
            if cells.peek().is_some() && cells.all(may_be_right) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            if !look.framed {
                column.set_padding((0, 2));
            }
        }
        table.trim_fmt()
    }
}

/// Columns of the widest line, colours aside: they begin and end with escape codes.
fn width_of(text: &str) -> usize {
    let plain = |line: &str| {
        let parts = line.split('\u{1b}').enumerate();
        let shown =
            parts.map(|(at, part)| if at == 0 { part } else { part.split_once('m').map_or(part, |(_, rest)| rest) });
        shown.map(UnicodeWidthStr::width).sum::<usize>()
    };
    text.lines().map(plain).max().unwrap_or(0)
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
    fn a_table_that_does_not_fit_breaks_no_number() {
        let mut wide = Table::new(["topic", "produced", "again", "unreadable", "stored", "dead letters", "elsewhere"]);
        for topic in ["users", "products", "orders"] {
            wide.row([topic.into(), 12_345_678_u64.into(), 9_u64.into(), 0_u64.into()].into_iter().chain([
                12_345_678_u64.into(),
                10_193_u64.into(),
                1_400_000_u64.into(),
            ]));
        }
        let look = Look { framed: true, color: true };
        let drawn = [100, 76, 60, 30].map(|columns| {
            let text = wide.within(look, Some(columns));
            assert!(width_of(&text) <= columns, "{columns}: {text}");
            text.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "")
        });
        assert!(drawn[..3].iter().all(|text| text.matches("12,345,678").count() == 6), "{drawn:?}");
        insta::assert_snapshot!(drawn[..3].join("\n\n"));
    }

    #[test]
    fn only_a_coloured_table_has_escape_codes() {
        assert!(sample().render(Look { framed: false, color: true }).contains("\u{1b}["));
        assert!(!sample().render(Look { framed: true, color: false }).contains("\u{1b}["));
    }
}
