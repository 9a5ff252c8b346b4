//! What was measured, kept in docs/evidence/dashboards.md when `SHOPSTREAM_EVIDENCE` is set; printed in any case.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

/// A panel, and what it got.
pub struct Line {
    pub board: &'static str,
    pub title: String,
    pub count: usize,
    pub took: Duration,
}

/// Two tests write into one file.
static WRITING: Mutex<()> = Mutex::new(());

/// Puts a table in the place of the one between the marks of this name.
pub fn keep(name: &str, counted: &str, lines: &[Line]) {
    let mut table = format!("| dashboard | panel | {counted} | ms |\n| --- | --- | ---: | ---: |\n");
    for line in lines {
        let millis = line.took.as_secs_f64() * 1_000.0;
        writeln!(table, "| {} | {} | {} | {millis:.1} |", line.board, line.title.replace('|', "\\|"), line.count)
            .unwrap();
    }
    println!("{table}");
    if std::env::var_os("SHOPSTREAM_EVIDENCE").is_none() {
        return;
    }
    let _one_at_a_time = WRITING.lock().unwrap();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/evidence/dashboards.md");
    let page = fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    fs::write(path, format!("{before}{begin}\n{table}\n{end}{after}")).unwrap();
}
