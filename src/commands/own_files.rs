//! `--catalog` and `--scenarios`: a user's own data files in place of the built-in ones.

use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use crate::error::Failure;
use crate::generator::World;
use crate::generator::world::OwnFile;
use crate::output::number;

/// Far more than any catalogue needs.
const MOST_BYTES: u64 = 16_000_000;

/// Options of every command that needs the shop's figures.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct OwnFiles {
    /// A catalogue of your own instead of the built-in one
    #[arg(long, value_name = "FILE")]
    pub catalog: Option<PathBuf>,
    /// Shopping events of your own instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    pub scenarios: Option<PathBuf>,
}

impl OwnFiles {
    /// The shop's figures.
    ///
    /// # Errors
    /// When a file cannot be read or has a mistake; the line and the reason are named.
    pub fn world(&self) -> Result<World, Failure> {
        self.load().map(|(world, _)| world)
    }

    /// The shop's figures, and the XXH3 of the user's own files (catalogue, scenarios).
    ///
    /// # Errors
    /// As [`Self::world`].
    pub fn load(&self) -> Result<(World, [Option<u64>; 2]), Failure> {
        let catalog = self.catalog.as_deref().map(read).transpose()?;
        let scenarios = self.scenarios.as_deref().map(read).transpose()?;
        let world = World::new(catalog.as_ref(), scenarios.as_ref())?;
        let digest = |own: Option<OwnFile>| own.map(|own| xxh3_64(own.text.as_bytes()));
        Ok((world, [digest(catalog), digest(scenarios)]))
    }
}

/// Reads a data file.
///
/// # Errors
/// When it cannot be read, is no plain file, or is far larger than such a file can be.
pub fn read(path: &Path) -> Result<OwnFile, Failure> {
    let name = path.display().to_string();
    let refuse = |why: String| {
        Failure::usage(format!("cannot read {name}: {why}"))
            .help("examples/ holds files to start from; `shopstream scenarios validate FILE` checks one")
    };
    // A pipe might never end, and a device neither.
    let about = std::fs::metadata(path).map_err(|error| refuse(error.to_string()))?;
    if !about.is_file() {
        return Err(refuse("it is not a file".to_owned()));
    }
    if about.len() > MOST_BYTES {
        return Err(refuse(format!("it is larger than {}", number::bytes(MOST_BYTES))));
    }
    let text = std::fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
    Ok(OwnFile { name, text })
}
