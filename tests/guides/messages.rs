//! The messages that `docs/troubleshooting.md` explains are messages of the program, and its alerts have the anchors that
//! alert rules link to.

use std::path::Path;

use crate::page::{Page, root};

/// Sections that alert rules name as their runbooks.
const RUNBOOKS: [&str; 7] =
    ["consumers-lag", "dead-letters", "pool-age", "missing-deliveries", "worker-down", "not-ready", "expired-messages"];

fn page() -> Page {
    Page::read(Path::new("docs/troubleshooting.md"))
}

/// Everything that can be said: the sources, and what starts the services.
fn sources(folder: &Path, all: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            sources(&path, all);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            all.push_str(&text);
        }
    }
}

#[test]
fn every_message_that_is_explained_is_one_of_the_programs() {
    let mut said = String::new();
    for folder in ["src", "deploy/local", "tests/snapshots"] {
        sources(&root().join(folder), &mut said);
    }
    let text = std::fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let cells = text.lines().filter(|line| line.starts_with("| ")).filter_map(|line| line.split('|').nth(1));
    let quoted = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).filter(|code| code.contains(' '));
    let (mut unknown, mut known) = (Vec::new(), 0);
    for message in quoted.filter(|code| !code.starts_with("make ")) {
        // `…` stands for what differs from case to case.
        if message.split('…').map(str::trim).filter(|piece| !piece.is_empty()).all(|piece| said.contains(piece)) {
            known += 1;
        } else {
            unknown.push(message);
        }
    }
    assert!(unknown.is_empty(), "the program says no such thing: {unknown:#?}");
    assert!(known > 25, "only {known} messages were found");
}

#[test]
fn every_alert_has_its_section() {
    let page = page();
    for anchor in RUNBOOKS {
        assert!(page.anchors.contains(anchor), "no section for {anchor}");
    }
}
