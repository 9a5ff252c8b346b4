//! What a chart is: an option of Apache ECharts, and what is told of it in words and figures.

use serde_json::Value;

/// One chart of the page.
///
/// Options are plain JSON. What JSON cannot hold is named, and put in by the page's script: colours of the theme (`"$name"`
/// as the value of a colour) and functions that write numbers (`"@name"` as the value of a formatter).
#[derive(Clone, Debug)]
pub struct Chart {
    /// Its id in the page.
    pub id: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// What is to be seen, in a sentence or two.
    pub about: String,
    /// The option.
    pub option: Value,
    /// The same as figures.
    pub table: DataTable,
    /// Over the page's whole width.
    pub wide: bool,
    /// Height in pixels.
    pub height: u16,
}

/// The figures of a chart.
#[derive(Clone, Debug, Default)]
pub struct DataTable {
    /// How many of the columns are texts; they stand first, the others are numbers.
    pub texts: usize,
    /// Heads of the columns.
    pub headers: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

/// A share of a whole; 0 of nothing.
#[must_use]
pub fn share(part: impl Into<i128>, whole: impl Into<i128>) -> f64 {
    let (part, whole) = (part.into(), whole.into());
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Rounded to so many decimals: options are read by people too.
#[must_use]
pub fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = libm::pow(10.0, f64::from(decimals));
    libm::round(value * scale) / scale
}
