//! A year on one page: figures out of a dataset or PostgreSQL, charts of them, and an HTML file that needs no network.
//!
//! [`files`] and [`postgres`] gather the same [`Figures`] from two sides, and a test holds them equal. A chart is a plain
//! function from figures to an option of Apache ECharts ([`charts`], a file each); [`page`] puts them together.

mod chart;
pub mod charts;
pub mod events;
pub mod figures;
pub mod files;
pub mod money;
pub mod page;
pub mod postgres;
pub mod write;

pub use chart::{Chart, DataTable};
pub use figures::Figures;

/// Figures of a year, and where they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What was counted.
    pub figures: Figures,
    /// Where it comes from, as a sentence for the page.
    pub origin: String,
    /// What the reader must know besides, such as shards that are not there.
    pub notes: Vec<String>,
}
