//! The page's file: it appears complete, and never in the place of somebody else's.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Context, Result};

use super::page::MARK;
use crate::error::Failure;

/// Bytes in which a report says that it is one.
const HEAD: u64 = 512;

/// Looks whether a report may be written there, before the work of making it: an earlier report gives way, another file
/// only with `replace`.
///
/// # Errors
/// A [`Failure`] that says what is there.
pub fn check(out: &Path, replace: bool) -> Result<()> {
    let shown = out.display();
    let about = match fs::metadata(out) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return check_folder(out),
        about => about.wrap_err_with(|| format!("cannot look at {shown}"))?,
    };
    if !about.is_file() {
        let what = if about.is_dir() { "a folder" } else { "no file" };
        return Err(Failure::usage(format!("{shown} is {what}")).help("name the HTML file with --out FILE").into());
    }
    let mut head = Vec::new();
    File::open(out)
        .and_then(|file| file.take(HEAD).read_to_end(&mut head))
        .wrap_err_with(|| format!("cannot read {shown}"))?;
    let ours = head.windows(MARK.len()).any(|part| part == MARK.as_bytes());
    if ours || replace {
        return Ok(());
    }
    Err(Failure::usage(format!("{shown} is there already, and is no report of shopstream's"))
        .help("choose another with --out FILE, or give --replace to overwrite it")
        .into())
}

/// Whether there is a folder to write it into.
fn check_folder(out: &Path) -> Result<()> {
    match out.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => {
            let what = format!("cannot write {}: there is no folder {}", out.display(), folder.display());
            Err(Failure::usage(what).help("make the folder, or choose another place with --out FILE").into())
        }
        _ => Ok(()),
    }
}

/// Writes the page under a temporary name beside its place, and gives it its own when it is complete.
///
/// # Errors
/// A [`Failure`] when it cannot be written; then what was there before still is.
pub fn write(out: &Path, page: &str) -> Result<()> {
    // A link stays a link: what it names is written.
    let place = fs::canonicalize(out).unwrap_or_else(|_| out.to_owned());
    let partial = partial(&place);
    let written = File::create(&partial)
        .and_then(|mut file| file.write_all(page.as_bytes()))
        .and_then(|()| fs::rename(&partial, &place));
    written.map_err(|error| {
        let _ = fs::remove_file(&partial);
        Failure::new(format!("cannot write {}: {error}", out.display()))
            .help("choose another place with --out FILE")
            .into()
    })
}

fn partial(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_report_gives_way_and_another_file_only_when_told() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("page.html");
        check(&out, false).unwrap();
        write(&out, &format!("<!DOCTYPE html>\n{MARK} 0.1.0\">")).unwrap();
        check(&out, false).unwrap();
        fs::write(&out, "my own page").unwrap();
        let refused = check(&out, false).unwrap_err().downcast::<Failure>().unwrap();
        assert!(refused.remedy().unwrap().contains("--replace"), "{refused}");
        check(&out, true).unwrap();
        assert!(check(folder.path(), true).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no half page stays");
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (page, link) = (folder.path().join("page.html"), folder.path().join("latest.html"));
        fs::write(&page, "").unwrap();
        std::os::unix::fs::symlink(&page, &link).unwrap();
        write(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&page).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
