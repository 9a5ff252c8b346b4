//! Files of a dataset: they are written under a temporary name, hashed on the way, and appear under their own names
//! only when all of them are complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Context, Result};
use sha2::{Digest, Sha256};

use super::manifest::{Manifest, hex};
use super::{Place, TableReport};
use crate::domain::rows::Row;
use crate::error::Failure;

/// Ending of a file that is not complete.
const PARTIAL: &str = ".partial";

/// Bytes gathered before the system is asked to write; tables that gather as many themselves pass this by.
const BUFFER: usize = 1 << 16;

/// What a folder is to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It must be empty (but for other shards, and leftovers of a broken run).
    Refuse,
    /// A complete dataset of an earlier run gives way.
    Replace,
}

/// A folder that takes the files of one run.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// `-I-of-N` in the names of a shard's files, else empty.
    suffix: String,
    /// Ending of the tables' files, e.g. `csv.gz`.
    extension: String,
    /// Held while the run goes on, so that two runs never write the same files.
    lock: Option<File>,
    complete: bool,
}

impl Folder {
    /// Makes the folder, and checks that this run may write into it.
    ///
    /// # Errors
    /// A [`Failure`] when it cannot be written, holds something else, or another run is writing there.
    pub fn open(path: &Path, suffix: &str, extension: &str, existing: Existing) -> Result<Self> {
        let shown = path.display();
        fs::create_dir_all(path).map_err(|error| {
            Failure::new(format!("cannot make the folder {shown}: {error}")).help("choose another with --out DIR")
        })?;
        let mut folder = Self {
            path: path.to_owned(),
            suffix: suffix.to_owned(),
            extension: extension.to_owned(),
            lock: None,
            complete: false,
        };
        let lock_path = folder.partial(&format!(".lock{suffix}"));
        // Not truncated: should the name be a link to somebody's file, nothing happens to it.
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path).map_err(|error| {
            Failure::new(format!("cannot write into the folder {shown}: {error}")).help("choose another with --out DIR")
        })?;
        if lock.try_lock().is_err() {
            return Err(Failure::new(format!("another run is writing into {shown}"))
                .help("wait for it, or choose another folder with --out DIR")
                .into());
        }
        folder.lock = Some(lock);
        folder.check_contents(existing)?;
        Ok(folder)
    }

    /// The path of a finished file.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn manifest_name(&self) -> String {
        manifest_name(&self.suffix)
    }

    fn table_name(&self, table: &str) -> String {
        format!("{table}{}.{}", self.suffix, self.extension)
    }

    fn partial(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}{PARTIAL}"))
    }

    /// Files of other shards may stand beside ours, and what a broken run left is of no use to anybody.
    fn check_contents(&self, existing: Existing) -> Result<()> {
        // A manifest says that the tables beside it are ours; a half one, that their run broke while naming them.
        let manifest = self.manifest_name();
        let vouched = Manifest::read(&self.file(&manifest)).is_ok_and(|found| found.is_some())
            || self.partial(&manifest).exists();
        let entries = fs::read_dir(&self.path).wrap_err_with(|| format!("cannot list {}", self.path.display()))?;
        for entry in entries {
            let entry = entry.wrap_err_with(|| format!("cannot list {}", self.path.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let stem = name.split('.').next().unwrap_or_default();
            let shard = stem.rsplit_once("-of-").is_some_and(|(_, n)| n.bytes().all(|byte| byte.is_ascii_digit()));
            let other_shard = !self.suffix.is_empty() && shard && !stem.ends_with(&self.suffix);
            if other_shard {
                continue;
            }
            if name.ends_with(PARTIAL) {
                // Ours in whatever format; no run is writing it, for the lock is ours.
                let of_table =
                    crate::domain::rows::TABLES.iter().any(|table| stem == format!("{table}{}", self.suffix));
                // A half manifest stays: should this run break too, it still says whose the tables beside it are.
                if of_table {
                    remove_if_there(&entry.path())?;
                }
                continue;
            }
            let ours = crate::domain::rows::TABLES.iter().any(|table| name == self.table_name(table));
            if existing == Existing::Replace && vouched && (ours || name == self.manifest_name()) {
                continue;
            }
            let help = match existing {
                Existing::Refuse => {
                    "choose another with --out DIR, or give --replace to overwrite a dataset that shopstream wrote"
                }
                Existing::Replace => {
                    "choose another with --out DIR; --replace overwrites nothing but a dataset's own files"
                }
            };
            let what = format!("the folder {} is not empty: it holds {name}", self.path.display());
            return Err(Failure::usage(what).help(help).into());
        }
        Ok(())
    }

    /// Begins the file of a table.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn begin<R: Row>(&self) -> Result<HashedFile> {
        let name = self.table_name(R::TABLE);
        let path = self.partial(&name);
        let file = File::create(&path).wrap_err_with(|| format!("cannot write {}", path.display()))?;
        Ok(HashedFile { name, path, out: BufWriter::with_capacity(BUFFER, file), digest: Sha256::new(), bytes: 0 })
    }

    /// Gives all files their names, the manifest last.
    ///
    /// # Errors
    /// When a file cannot be renamed or the manifest not be written; then nothing is left of this run.
    pub fn complete(mut self, manifest: &Manifest) -> Result<PathBuf> {
        let name = self.manifest_name();
        let text = serde_json::to_string_pretty(manifest).wrap_err("cannot write the manifest as JSON")?;
        let partial = self.partial(&name);
        let written = File::create(&partial).and_then(|mut file| {
            file.write_all((text + "\n").as_bytes())?;
            file.sync_all()
        });
        written.wrap_err_with(|| format!("cannot write {}", partial.display()))?;
        // A manifest vouches for the files beside it: an old one goes before the first of them changes, and not before
        // the new one is there under its temporary name.
        remove_if_there(&self.file(&name))?;
        for name in manifest.files.iter().map(|file| file.name.as_str()).chain([name.as_str()]) {
            let path = self.file(name);
            fs::rename(self.partial(name), &path).wrap_err_with(|| format!("cannot name {}", path.display()))?;
        }
        self.complete = true;
        Ok(self.file(&name))
    }
}

/// The name of the manifest of the files with this suffix.
#[must_use]
pub fn manifest_name(suffix: &str) -> String {
    format!("manifest{suffix}.json")
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).wrap_err_with(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

impl Drop for Folder {
    /// Takes away what is not complete. An error here has nobody left to tell, and the next run takes it away.
    fn drop(&mut self) {
        if self.lock.is_none() {
            return;
        }
        if !self.complete {
            for table in crate::domain::rows::TABLES {
                let _ = fs::remove_file(self.partial(&self.table_name(table)));
            }
            // Beside tables that have their names it stays, to say whose they are.
            if !crate::domain::rows::TABLES.iter().any(|table| self.file(&self.table_name(table)).exists()) {
                let _ = fs::remove_file(self.partial(&self.manifest_name()));
            }
        }
        let _ = fs::remove_file(self.partial(&format!(".lock{}", self.suffix)));
        if !self.complete {
            // Only an empty folder goes.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// A file under its temporary name, its size and SHA-256 so far.
pub struct HashedFile {
    name: String,
    path: PathBuf,
    out: BufWriter<File>,
    digest: Sha256,
    bytes: u64,
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes).map_err(|error| self.name_in(error))?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().map_err(|error| self.name_in(error))
    }
}

impl HashedFile {
    /// Completes the file; it keeps its temporary name until the whole dataset is complete.
    ///
    /// # Errors
    /// When the rest cannot be written.
    pub fn finish(mut self, table: &'static str, rows: u64) -> Result<TableReport> {
        self.flush()?;
        let sha256 = hex(&self.digest.finalize());
        Ok(TableReport { table, rows, place: Place::File { name: self.name, bytes: self.bytes, sha256 } })
    }

    /// The system's error with the file's path: formats above know neither.
    fn name_in(&self, error: io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("cannot write {}: {error}", self.path.display()))
    }
}
