//! Every link, anchor and file name leads somewhere.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::page::{Page, all, root};

/// Folders below which a page may name a file in short.
const SHORT: [&str; 6] = ["", "src", "src/db", "src/generator", "src/report", "src/verify"];

/// `docs/../src` is `src`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[test]
fn every_link_leads_to_a_file_and_every_anchor_to_a_heading() {
    let pages: BTreeMap<PathBuf, Page> = all().into_iter().map(|page| (page.path.clone(), page)).collect();
    let (mut broken, mut followed) = (Vec::new(), 0);
    for page in pages.values() {
        for (line, target) in &page.links {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            followed += 1;
            let (file, anchor) =
                target.split_once('#').map_or((target.as_str(), None), |(file, name)| (file, Some(name)));
            let path = if file.is_empty() {
                page.path.clone()
            } else {
                plain(&page.path.parent().unwrap_or(Path::new("")).join(file))
            };
            let arrives = root().join(&path).exists()
                && anchor.is_none_or(|anchor| pages.get(&path).is_some_and(|page| page.anchors.contains(anchor)));
            if !arrives {
                broken.push(format!("{}: {target}", page.at(*line)));
            }
        }
    }
    assert!(broken.is_empty(), "lead nowhere:\n{}", broken.join("\n"));
    assert!(followed >= 100, "only {followed} links were found");
}

#[test]
fn the_table_of_contents_has_every_guide() {
    let contents = Page::read(Path::new("docs/README.md"));
    let guides: Vec<PathBuf> =
        all().into_iter().map(|page| page.path).filter(|path| path.parent() == Some(Path::new("docs"))).collect();
    assert!(guides.len() > 10, "{guides:?}");
    for guide in guides {
        let name = guide.file_name().unwrap().to_str().unwrap();
        let listed = contents.links.iter().any(|(_, target)| target == name);
        assert!(listed || name == "README.md", "docs/README.md does not list {name}");
    }
}

/// Whether the text names one file of a repository: no placeholder, and an ending that sources and pages have.
fn names_a_file(text: &str) -> bool {
    let endings = [".rs", ".sql", ".toml", ".md", ".sh", ".yaml", ".svg", ".conf", ".properties"];
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./*".contains(letter);
    text.contains('/')
        && text.chars().all(plain)
        && !text.contains("NAME")
        && !text.starts_with(['/', '.'])
        && endings.iter().any(|ending| text.ends_with(ending))
}

/// Whether it is there, below `folder`; `*` in the last part stands for anything.
fn is_there(folder: &Path, name: &str) -> bool {
    let path = folder.join(name);
    let Some((before, after)) = path.file_name().and_then(|last| last.to_str()).and_then(|last| last.split_once('*'))
    else {
        return path.exists();
    };
    let entries = path.parent().and_then(|parent| std::fs::read_dir(parent).ok());
    entries.into_iter().flatten().map(Result::unwrap).any(|entry| {
        entry.file_name().to_str().is_some_and(|found| found.starts_with(before) && found.ends_with(after))
    })
}

#[test]
fn every_file_that_is_named_is_there() {
    let (mut missing, mut found) = (Vec::new(), 0);
    for page in all() {
        let own = root().join(page.path.parent().unwrap_or(Path::new("")));
        for (line, name) in page.code.iter().filter(|(_, name)| names_a_file(name)) {
            let there =
                SHORT.iter().map(|short| root().join(short)).chain([own.clone()]).any(|folder| is_there(&folder, name));
            if there {
                found += 1;
            } else {
                missing.push(format!("{}: {name}", page.at(*line)));
            }
        }
    }
    assert!(missing.is_empty(), "are not there:\n{}", missing.join("\n"));
    assert!(found > 30, "only {found} names were found");
}
