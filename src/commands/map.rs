//! What `shopstream` prints when it is called with nothing: where to start.

use clap::CommandFactory;

use crate::cli::{Cli, STYLES};
use crate::output::Printer;

/// First steps in the order in which a newcomer takes them: what for, and the words to type.
const STEPS: [(&str, &str); 11] = [
    ("A year of a shop as files; needs no service", "backfill --year 2025 --to parquet --out dataset"),
    ("A page of charts of that year, for a browser", "report --from dataset"),
    ("The shopping events of a year", "scenarios calendar --year 2025"),
    ("Create the tables in PostgreSQL", "migrate"),
    ("Fill them with customers and products", "seed --as-of 2026-01-01"),
    ("A year of orders into PostgreSQL", "backfill --year 2025"),
    (
        "What a look at everybody's grade at the end of that year would change",
        "grades update --as-of 2026-01-01 --dry-run",
    ),
    ("Everything for the live shop: tables, topics, customers and products, the cache", "init --as-of 2026-01-01"),
    ("The live shop, a terminal each, with cache refresh --every 50s and consume --topic orders", "produce"),
    ("Whether everything arrived", "verify --wait 1m"),
    ("Complete commands with the Tab key", "completions bash"),
];

/// Prints the map.
pub(super) fn run(printer: &Printer) -> color_eyre::Result<()> {
    let command = Cli::command();
    let literal = if printer.stdout_color() { *STYLES.get_literal() } else { Default::default() };
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut text = format!("{about}\n\nTo start with:\n");
    for (what, words) in STEPS {
        if is_known(&command, words) {
            text.push_str(&format!("\n  {what}\n    {literal}shopstream {words}{literal:#}\n"));
        }
    }
    text.push_str(&format!("\nAll commands and options: {literal}shopstream --help{literal:#}"));
    printer.result(&text)
}

/// Whether the first word is a command of this build.
fn is_known(command: &clap::Command, words: &str) -> bool {
    words.split(' ').next().is_some_and(|name| command.find_subcommand(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_of_the_map_is_a_valid_command_line() {
        let command = Cli::command();
        for (_, words) in STEPS.iter().filter(|(_, words)| is_known(&command, words)) {
            let line = format!("shopstream {words}");
            let parsed = command.clone().try_get_matches_from(line.split(' '));
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }
}
