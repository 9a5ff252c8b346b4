//! The messages that `docs/troubleshooting.md` explains are messages of the program, and its alerts have the anchors that
//! alert rules link to.

use std::path::Path;

use crate::page::{Page, root};

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
    for folder in ["src", "deploy/local", "tests/errors/snapshots"] {
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
fn every_alert_leads_to_its_section() {
    let page = page();
    let rules = std::fs::read_to_string(root().join("deploy/prometheus/alerts.yaml")).unwrap();
    let runbooks: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("runbook: ")).collect();
    let alerts = rules.lines().filter(|line| line.trim().starts_with("- alert: ")).count();
    assert!(alerts > 5 && runbooks.len() == alerts, "{alerts} alerts name {} runbooks", runbooks.len());
    for runbook in runbooks {
        let anchor =
            runbook.strip_prefix("docs/troubleshooting.md#").unwrap_or_else(|| panic!("{runbook} is elsewhere"));
        assert!(page.anchors.contains(anchor), "no section for {anchor}");
    }
}
