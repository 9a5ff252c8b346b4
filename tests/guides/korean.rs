//! The Korean README is the same page: the same commands, sections, and links.

use std::collections::BTreeSet;
use std::path::Path;

use crate::page::{Block, Page};

fn both() -> [Page; 2] {
    ["README.md", "README.ko.md"].map(|name| Page::read(Path::new(name)))
}

/// A block without its comments, which are translated.
fn without_comments(block: &Block) -> (String, Option<String>, String) {
    let sign = match block.language.as_str() {
        "sql" => "--",
        "mermaid" => "%%",
        _ => "#",
    };
    let bare = |line: &str| match line.split_once(sign) {
        Some((before, _)) if before.is_empty() || before.ends_with(' ') => before.trim_end().to_owned(),
        _ => line.trim_end().to_owned(),
    };
    let text: Vec<String> = block.text.lines().map(bare).filter(|line| !line.is_empty()).collect();
    (block.language.clone(), block.mark.clone(), text.join("\n"))
}

#[test]
fn both_readmes_have_the_same_blocks() {
    let [english, korean] = both();
    for (ours, theirs) in english.blocks.iter().zip(&korean.blocks) {
        let places = format!("{} and {}", english.at(ours.line), korean.at(theirs.line));
        assert_eq!(without_comments(ours), without_comments(theirs), "{places}");
    }
    assert_eq!(english.blocks.len(), korean.blocks.len());
}

#[test]
fn both_readmes_have_the_same_sections_and_links() {
    let [english, korean] = both();
    assert_eq!(english.depths, korean.depths);
    let files = |page: &Page| {
        let targets = page.links.iter().map(|(_, target)| target.split('#').next().unwrap_or_default().to_owned());
        targets.filter(|file| !file.is_empty() && !file.starts_with("README")).collect::<BTreeSet<_>>()
    };
    assert_eq!(files(&english), files(&korean));
}

#[test]
fn both_readmes_have_the_same_tables() {
    let rows = |page: &Page| {
        let text = std::fs::read_to_string(crate::page::root().join(&page.path)).unwrap();
        // What is typed, of the first cell.
        let first = |line: &str| {
            let cell = line.split(" | ").next()?;
            Some(cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        };
        text.lines().filter(|line| line.starts_with("| `")).filter_map(first).collect::<Vec<_>>()
    };
    let [english, korean] = both().map(|page| rows(&page));
    assert_eq!(english, korean);
    assert!(english.len() > 25);
}
