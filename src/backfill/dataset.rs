//! A year as a dataset: the files of its tables and a manifest, in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Context, Result};

use super::files::{self, Outcome, columns_of};
use super::{Request, Shard, Watch};
use crate::error::Failure;
use crate::generator::World;
use crate::interrupt::Interrupt;
use crate::sink::compress::Compression;
use crate::sink::csv::Csv;
use crate::sink::files::{Existing, Folder, manifest_name};
use crate::sink::manifest::{FileEntry, Manifest, Parameters};
use crate::sink::ndjson::Ndjson;
use crate::sink::parquet::Parquet;

/// How the tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Apache Parquet.
    Parquet,
    /// Comma-separated values with a header line.
    Csv,
    /// A JSON object a line.
    Ndjson,
}

impl FileFormat {
    /// Its name in manifests and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// Its compression when nothing else is asked for.
    #[must_use]
    pub const fn default_compression(self) -> Compression {
        match self {
            Self::Parquet => Compression::Zstd,
            Self::Csv | Self::Ndjson => Compression::None,
        }
    }

    /// The ending of its files: Parquet compresses within, text as a whole.
    fn extension(self, compression: Compression) -> String {
        match self {
            Self::Parquet => "parquet".to_owned(),
            Self::Csv | Self::Ndjson => format!("{}{}", self.name(), compression.extension()),
        }
    }
}

/// A year that is to be written as files.
#[derive(Clone, Copy, Debug)]
pub struct Dataset<'a> {
    /// What is made.
    pub request: &'a Request,
    /// How it is written.
    pub format: FileFormat,
    /// How the files are compressed.
    pub compression: Compression,
    /// Where to.
    pub out: &'a Path,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// The year's figures and tables.
    pub outcome: Outcome,
    /// What the manifest says.
    pub manifest: Manifest,
    /// Where it lies.
    pub manifest_path: PathBuf,
}

impl Dataset<'_> {
    /// Makes the year with up to `jobs` threads. Files appear under their names only when all are complete; when it
    /// fails, nothing is left behind.
    ///
    /// # Errors
    /// When the folder may not be written, a file cannot be, the population is too small, or the run is interrupted.
    pub fn write(
        &self,
        world: &World,
        existing: Existing,
        jobs: usize,
        watch: &dyn Watch,
        interrupt: &Interrupt,
    ) -> Result<Written> {
        let (request, compression) = (self.request, self.compression);
        self.check_other_shards()?;
        let folder = Folder::open(self.out, &request.file_suffix(), &self.format.extension(compression), existing)?;
        let folder_of = &folder;
        let outcome = match self.format {
            FileFormat::Parquet => {
                files::run(world, request, &Parquet { folder: folder_of, compression }, jobs, watch, interrupt)
            }
            FileFormat::Csv => {
                files::run(world, request, &Csv { folder: folder_of, compression }, jobs, watch, interrupt)
            }
            FileFormat::Ndjson => {
                files::run(world, request, &Ndjson { folder: folder_of, compression }, jobs, watch, interrupt)
            }
        }?;
        let manifest = Manifest {
            generator: "shopstream".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            parameters: self.parameters(&outcome.run_id.to_string()),
            files: outcome.tables.iter().filter_map(|table| FileEntry::of(table, columns_of(table.table))).collect(),
        };
        let manifest_path = folder.complete(&manifest)?;
        Ok(Written { outcome, manifest, manifest_path })
    }

    /// Whether some dataset of this program is where this one is to be written.
    ///
    /// # Errors
    /// When its manifest cannot be read.
    pub fn is_there(&self) -> Result<bool> {
        Ok(Manifest::read(&self.out.join(manifest_name(&self.request.file_suffix())))?.is_some())
    }

    /// Whether the dataset is there already, complete and undamaged.
    ///
    /// # Errors
    /// A [`Failure`] when another dataset is there, or a file is not what its manifest says.
    pub fn is_complete(&self) -> Result<bool> {
        let name = manifest_name(&self.request.file_suffix());
        let Some(manifest) = Manifest::read(&self.out.join(name))? else { return Ok(false) };
        let shown = self.out.display();
        let asked = self.parameters(&manifest.parameters.run_id);
        if manifest.parameters != asked || manifest.version != env!("CARGO_PKG_VERSION") {
            return Err(Failure::usage(format!("{shown} holds a complete dataset made from other parameters"))
                .help("choose another folder with --out DIR, or give --replace instead of --resume")
                .into());
        }
        if let Some(wrong) = manifest.first_wrong_file(self.out)? {
            return Err(Failure::new(format!("{shown} is not what its manifest says: {wrong}"))
                .help("give --replace instead of --resume to write it anew")
                .into());
        }
        Ok(true)
    }

    /// Shards that share a folder make one data set: they must be of the same one.
    fn check_other_shards(&self) -> Result<()> {
        if self.request.shard.is_none() || !self.out.is_dir() {
            return Ok(());
        }
        let ours = Parameters { shard: None, ..self.parameters("") };
        let parts = self.request.shard.map(|shard| shard.of);
        for entry in fs::read_dir(self.out).wrap_err_with(|| format!("cannot list {}", self.out.display()))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if !(name.starts_with("manifest-") && name.ends_with(".json")) {
                continue;
            }
            let Some(Manifest { parameters: found, .. }) = Manifest::read(&self.out.join(&name))? else { continue };
            let of = found.shard.as_ref().and_then(|shard| shard.parse::<Shard>().ok()).map(|shard| shard.of);
            if of != parts || (Parameters { shard: None, run_id: String::new(), ..found }) != ours {
                let what = format!("{name} in {} is a part of another data set", self.out.display());
                return Err(Failure::usage(what)
                    .help("give the parameters that it names, or choose another folder with --out DIR")
                    .into());
            }
        }
        Ok(())
    }

    fn parameters(&self, run_id: &str) -> Parameters {
        let request = self.request;
        let hex = |digest: Option<u64>| digest.map(|digest| format!("{digest:016x}"));
        Parameters {
            year: request.year,
            orders: request.orders,
            users: request.users,
            products: request.products,
            seed: request.seed,
            as_of: request.as_of.to_string(),
            habits: request.habits,
            shard: request.shard.map(|shard| shard.to_string()),
            catalog: hex(request.catalog),
            scenarios: hex(request.scenarios),
            format: self.format.name().to_owned(),
            compression: self.compression.to_string(),
            run_id: run_id.to_owned(),
        }
    }
}
