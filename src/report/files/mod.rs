//! Figures out of a dataset that `backfill` wrote: one shop, or the shards of a folder; each row is read once.
//!
//! Items say nothing of time and status, and memory must not grow with the orders. But a dataset holds the items of an
//! order together, in the order of the orders, so both files are read side by side.

mod columns;
pub mod facts;
mod folder;
mod text;

use std::path::Path;

use color_eyre::eyre::{Context, ContextCompat, Result, ensure};

use super::{Figures, Report};
use crate::error::Failure;
use crate::interrupt::Interrupt;
use crate::output::failure::with_remedy;
use crate::sink::compress::Compression;
use crate::sink::manifest::{Manifest, Parameters};
use columns::ParquetRows;
use facts::{ChangeFacts, Facts, ItemFacts, OrderFacts, UserFacts};
pub use folder::Dataset;

/// Orders after which progress is told.
const STEP: u64 = 4_096;

type Rows<T> = Box<dyn Iterator<Item = Result<T>>>;

impl Dataset {
    /// Counts the year. `watch` is told of orders as they are read.
    ///
    /// # Errors
    /// A [`Failure`] when a file is missing or is not what the manifest says; also on an interruption.
    pub fn report(&self, watch: &dyn Fn(u64), interrupt: &Interrupt) -> Result<Report> {
        let mut figures = Figures::new(self.year());
        for manifest in self.manifests() {
            let part = Part { folder: self.folder(), manifest };
            part.count(&mut figures, watch, interrupt)
                .map_err(|error| with_remedy(error, || self.damaged("a file is not as backfill wrote it")))?;
        }
        Ok(Report { figures, origin: self.origin(), notes: self.notes() })
    }
}

/// One shop's files.
struct Part<'a> {
    folder: &'a Path,
    manifest: &'a Manifest,
}

impl Part<'_> {
    fn count(&self, figures: &mut Figures, watch: &dyn Fn(u64), interrupt: &Interrupt) -> Result<()> {
        let outside = || color_eyre::eyre::eyre!("a row is of another year than {}", self.manifest.parameters.year);
        self.each(|user: UserFacts| {
            figures.add_user(&user);
            Ok(())
        })?;
        self.each(|change: ChangeFacts| if figures.add_change(&change) { Ok(()) } else { Err(outside()) })?;
        let mut items = self.rows::<ItemFacts>()?;
        let mut read = 0;
        self.each(|order: OrderFacts| {
            ensure!(figures.add_order(&order), outside());
            for _ in 0..order.item_count {
                let item = items.next().wrap_err("order_items ends before orders does")??;
                ensure!(item.order_id == order.id, "the items of order {} are not in their place", order.id);
                figures.add_item(item, &order);
            }
            read += 1;
            if read % STEP == 0 {
                interrupt.check()?;
                watch(STEP);
            }
            Ok(())
        })?;
        ensure!(items.next().is_none(), "order_items holds more than the items of the orders");
        watch(read % STEP);
        Ok(())
    }

    fn each<T: Facts + 'static>(&self, mut work: impl FnMut(T) -> Result<()>) -> Result<()> {
        let mut rows = self.rows::<T>()?;
        rows.try_for_each(|row| work(row.wrap_err_with(|| format!("cannot read the {}", T::TABLE))?))
    }

    fn rows<T: Facts + 'static>(&self) -> Result<Rows<T>> {
        let Manifest { files, parameters, .. } = self.manifest;
        let file = files.iter().find(|file| file.table == T::TABLE);
        let file = file.wrap_err_with(|| format!("the manifest names no file of {}", T::TABLE))?;
        let path = self.folder.join(&file.name);
        open(&path, parameters).wrap_err_with(|| format!("cannot read {}", path.display()))
    }
}

fn open<T: Facts + 'static>(path: &Path, parameters: &Parameters) -> Result<Rows<T>> {
    let compression: Compression = parameters.compression.parse()?;
    Ok(match parameters.format.as_str() {
        "parquet" => Box::new(ParquetRows::open(path)?),
        "csv" => Box::new(text::csv(text::open(path, compression)?)?),
        "ndjson" => Box::new(text::ndjson(text::open(path, compression)?)),
        other => {
            return Err(Failure::new(format!("{other:?} is no format that this version reads"))
                .help("use the version of shopstream that wrote it; manifest.json names it")
                .into());
        }
    })
}
