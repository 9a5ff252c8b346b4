//! A page of Markdown, taken apart as far as the tests need it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A fenced block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Line of its first fence, counted from 1.
    pub line: usize,
    pub language: String,
    pub text: String,
    /// What the comment right before it says.
    pub mark: Option<String>,
    /// Whether nothing but blank lines stands between it and the block before.
    pub follows: bool,
}

/// A page.
#[derive(Debug)]
pub struct Page {
    /// Place below the repository's root.
    pub path: PathBuf,
    pub blocks: Vec<Block>,
    /// Depth of each heading, in order.
    pub depths: Vec<usize>,
    /// Where a link can lead on this page.
    pub anchors: BTreeSet<String>,
    /// Line and target of each link and picture.
    pub links: Vec<(usize, String)>,
    /// Line and text of each piece of code within a sentence.
    pub code: Vec<(usize, String)>,
}

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page that users are meant to read.
pub fn all() -> Vec<Page> {
    let mut paths = vec![PathBuf::from("README.md"), "README.ko.md".into(), "CONTRIBUTING.md".into()];
    for folder in ["docs", "deploy", "examples", ".devcontainer"] {
        collect(Path::new(folder), &mut paths);
    }
    paths.sort();
    paths.into_iter().filter(|path| root().join(path).exists()).map(|path| Page::read(&path)).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(root().join(folder)) else { return };
    for entry in entries.map(Result::unwrap) {
        let path = folder.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
}

impl Page {
    /// Reads one.
    pub fn read(path: &Path) -> Self {
        let text =
            std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Self {
        let mut page = Self {
            path: path.to_owned(),
            blocks: Vec::new(),
            depths: Vec::new(),
            anchors: BTreeSet::new(),
            links: Vec::new(),
            code: Vec::new(),
        };
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let (mut open, mut mark, mut follows) = (None::<Block>, None, false);
        let mut begun = String::new();
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let fence = line.trim_start().strip_prefix("```");
            if let Some(mut block) = open.take() {
                if fence.is_some() {
                    page.blocks.push(block);
                    follows = true;
                } else {
                    block.text.push_str(line);
                    block.text.push('\n');
                    open = Some(block);
                }
            } else if let Some(language) = fence {
                let language = language.trim().to_owned();
                open = Some(Block { line: number, language, text: String::new(), mark: mark.take(), follows });
            } else if let Some(comment) = line.strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->")) {
                mark = Some(comment.trim().to_owned());
            } else if !line.trim().is_empty() {
                (mark, follows) = (None, false);
                if let Some(heading) = heading(line) {
                    page.depths.push(heading.0);
                    let anchor = anchor(heading.1);
                    let count = seen.entry(anchor.clone()).or_default();
                    page.anchors.insert(if *count == 0 { anchor } else { format!("{anchor}-{count}") });
                    *count += 1;
                }
                // Code may go on in the next line.
                let whole = if begun.is_empty() { line.to_owned() } else { format!("{begun} {line}") };
                if whole.matches('`').count() % 2 == 0 {
                    page.read_line(number, &whole);
                    begun.clear();
                } else {
                    begun = whole;
                }
            }
        }
        assert!(open.is_none() && begun.is_empty(), "{}: a block or some code is not closed", path.display());
        page
    }

    /// Links, anchors and code in a line outside of blocks.
    fn read_line(&mut self, number: usize, line: &str) {
        // Every second piece between backticks is code; a link's text may hold some, its target never does.
        for (index, piece) in line.split('`').enumerate() {
            if index % 2 == 1 {
                self.code.push((number, piece.to_owned()));
                continue;
            }
            for rest in piece.split("](").skip(1) {
                self.links.push((number, rest.split(')').next().unwrap_or_default().to_owned()));
            }
            for attribute in ["src=\"", "href=\""] {
                for rest in piece.split(attribute).skip(1) {
                    self.links.push((number, rest.split('"').next().unwrap_or_default().to_owned()));
                }
            }
            for rest in piece.split("<a id=\"").skip(1) {
                self.anchors.insert(rest.split('"').next().unwrap_or_default().to_owned());
            }
        }
    }

    /// `page.md:12`, for messages.
    pub fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let depth = line.bytes().take_while(|byte| *byte == b'#').count();
    let text = line.get(depth..)?.strip_prefix(' ')?;
    (1..=6).contains(&depth).then_some((depth, text))
}

/// The name under which GitHub links to a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn a_page_is_taken_apart() {
    let text = "# A `b` c!\n\nSee [x](y.md#z) and `src/z.rs`.\n\n<!-- not run: slow -->\n```sh\na\n```\n\n```text\nb\n```\n# A `b` c!\n";
    let page = Page::parse(Path::new("p.md"), text);
    assert_eq!(page.anchors, ["a-b-c", "a-b-c-1"].map(str::to_owned).into());
    assert_eq!(page.links, [(3, "y.md#z".to_owned())]);
    assert_eq!(page.code, [(1, "b".to_owned()), (3, "src/z.rs".to_owned()), (13, "b".to_owned())]);
    assert_eq!(page.blocks[0].mark.as_deref(), Some("not run: slow"));
    assert_eq!((page.blocks[0].follows, page.blocks[1].follows), (false, true));
    assert_eq!((page.blocks[1].line, page.blocks[1].text.as_str()), (10, "b\n"));
}
