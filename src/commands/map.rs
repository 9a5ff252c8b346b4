//! What `shopstream` prints when it is called with nothing: where to start.

use clap::CommandFactory;

use crate::cli::{Cli, STYLES};
use crate::output::Printer;

/// First steps, in the order in which a newcomer takes them: what for, and the words to type.
const STEPS: [(&str, &[&str]); 3] = [
    (
        "A year of a shop as files; needs nothing but this program:",
        &["backfill --year 2025 --to parquet --out dataset", "report --from dataset"],
    ),
    (
        "The live shop, on PostgreSQL, Redis and Kafka; the last four stay:",
        &[
            "init",
            "doctor",
            "cache refresh --every 50s",
            "consume --topic orders",
            "consume --topic products",
            "produce",
        ],
    ),
    ("Whether it works, and whether everything arrived:", &["monitor", "verify --wait 1m"]),
];

/// Prints the map.
pub(super) fn run(printer: &Printer) -> color_eyre::Result<()> {
    let command = Cli::command();
    let literal = if printer.stdout_color() { *STYLES.get_literal() } else { Default::default() };
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut text = format!("{about}.\n");
    for (what, lines) in STEPS {
        text.push_str(&format!("\n{what}\n"));
        for words in lines {
            text.push_str(&format!("  {literal}shopstream {words}{literal:#}\n"));
        }
    }
    text.push_str(&format!("\nAll commands: {literal}shopstream --help{literal:#}"));
    printer.result(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_of_the_map_is_a_valid_command_line() {
        let command = Cli::command();
        for words in STEPS.iter().flat_map(|(_, lines)| lines.iter()) {
            let line = format!("shopstream {words}");
            let parsed = command.clone().try_get_matches_from(line.split(' '));
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn the_map_is_short() {
        let (printer, printed) = Printer::captured(crate::config::Verbosity::Normal);
        run(&printer).unwrap();
        let text = printed.stdout();
        assert!(text.lines().count() <= 20, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    }
}
