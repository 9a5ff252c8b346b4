//! The folder of a dataset: which manifests it holds, whether they belong together, and whether the files are theirs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Context, Result};

use crate::backfill::Shard;
use crate::error::Failure;
use crate::output::number;
use crate::sink::manifest::{Manifest, Parameters};

/// A dataset whose manifests were read and agree.
#[derive(Clone, Debug)]
pub struct Dataset {
    folder: PathBuf,
    /// One of a single shop, or those of shards in their order; never empty.
    manifests: Vec<Manifest>,
    year: i32,
}

impl Dataset {
    /// Finds the manifests of a folder.
    ///
    /// # Errors
    /// A [`Failure`] when it is no folder, holds no dataset, or parts of several.
    pub fn open(folder: &Path) -> Result<Self> {
        let shown = folder.display();
        let mut manifests = Vec::new();
        let entries = fs::read_dir(folder).map_err(|error| {
            let what = match error.kind() {
                io::ErrorKind::NotFound => format!("there is no folder {shown}"),
                io::ErrorKind::NotADirectory => format!("{shown} is no folder"),
                _ => format!("cannot list {shown}: {error}"),
            };
            Failure::usage(what).help(
                "name the folder that holds manifest.json; `shopstream backfill --year 2025 --to parquet --out DIR` makes one",
            )
        })?;
        for entry in entries {
            let name = entry.wrap_err_with(|| format!("cannot list {shown}"))?.file_name();
            let name = name.to_string_lossy();
            if name == "manifest.json" || (name.starts_with("manifest-") && name.ends_with(".json")) {
                manifests.extend(read(&folder.join(&*name))?.map(|manifest| (name.into_owned(), manifest)));
            }
        }
        manifests.sort_by_key(|(_, manifest)| shard(manifest).map(|shard| shard.number));
        let Some((first_name, first)) = manifests.first() else {
            return Err(Failure::usage(format!("{shown} holds no manifest.json: it is no dataset that backfill completed"))
                .help("name the folder given to `shopstream backfill --out`, or write one: `shopstream backfill --year 2025 --to parquet --out DIR`")
                .into());
        };
        let data_set = |manifest: &Manifest| {
            let of = shard(manifest).map(|shard| shard.of);
            (of, Parameters { shard: None, run_id: String::new(), ..manifest.parameters.clone() })
        };
        if let Some((name, _)) = manifests.iter().find(|(_, other)| data_set(other) != data_set(first)) {
            return Err(Failure::usage(format!("{first_name} and {name} in {shown} are parts of two data sets"))
                .help("put the files of each data set into a folder of its own")
                .into());
        }
        let year = first.parameters.year;
        let manifests = manifests.into_iter().map(|(_, manifest)| manifest).collect();
        Ok(Self { folder: folder.to_owned(), manifests, year })
    }

    /// The year.
    #[must_use]
    pub const fn year(&self) -> i32 {
        self.year
    }

    /// Number of orders.
    #[must_use]
    pub fn orders(&self) -> u64 {
        let of = |manifest: &Manifest| manifest.files.iter().find(|file| file.table == "orders").map(|file| file.rows);
        self.manifests.iter().filter_map(of).sum()
    }

    /// Looks whether every file has the checksum that its manifest says.
    ///
    /// # Errors
    /// A [`Failure`] that names the first that has not.
    pub fn check_files(&self) -> Result<()> {
        for manifest in &self.manifests {
            if let Some(wrong) = manifest.first_wrong_file(&self.folder)? {
                return Err(self.damaged(&wrong).into());
            }
        }
        Ok(())
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn manifests(&self) -> &[Manifest] {
        &self.manifests
    }

    pub(super) fn damaged(&self, what: &str) -> Failure {
        Failure::new(format!("{} is not what its manifest says: {what}", self.folder.display()))
            .help("copy it again, or have backfill write it anew: the command that made it, with --replace")
    }

    pub(super) fn origin(&self) -> String {
        let Some(Manifest { version, parameters, .. }) = self.manifests.first() else { return String::new() };
        let format = match parameters.format.as_str() {
            "parquet" => "Parquet".to_owned(),
            other => other.to_uppercase(),
        };
        let shards = match self.manifests.len() {
            1 => String::new(),
            more => format!(", {more} shards"),
        };
        format!("{format} files that shopstream {version} wrote (seed {}{shards})", number::count(parameters.seed))
    }

    /// What a reader of the figures must know: the shards that they are not of.
    pub(super) fn notes(&self) -> Vec<String> {
        let of = self.manifests.first().and_then(shard).map_or(1, |shard| shard.of);
        let here = self.manifests.len();
        if u64::try_from(here).is_ok_and(|here| here >= u64::from(of)) {
            return Vec::new();
        }
        let numbers: Vec<String> =
            self.manifests.iter().filter_map(shard).map(|shard| shard.number.to_string()).collect();
        let here = number::part(here, usize::try_from(of).unwrap_or(usize::MAX), "shard");
        vec![format!("Only {here} in the folder: {}.", numbers.join(", "))]
    }
}

fn shard(manifest: &Manifest) -> Option<Shard> {
    manifest.parameters.shard.as_ref().and_then(|shard| shard.parse().ok())
}

fn read(path: &Path) -> Result<Option<Manifest>> {
    let refuse = |why: String| {
        Failure::usage(format!("{} is no manifest of a dataset: {why}", path.display()))
            .help("name a folder that `shopstream backfill` wrote; --replace writes a damaged one anew")
    };
    let manifest = Manifest::read(path).map_err(|error| refuse(error.root_cause().to_string()))?;
    if let Some(other) = manifest.as_ref().filter(|manifest| manifest.generator != "shopstream") {
        return Err(refuse(format!("{:?} made it", other.generator)).into());
    }
    Ok(manifest)
}
