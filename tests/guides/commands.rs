//! Every command that a page shows is one of the program's, and every command of the program is in README's table.

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use shopstream::cli::Cli;

use crate::page::{Block, Page, all, root};
use crate::shell;

/// The command lines in a block.
pub fn lines(block: &Block) -> String {
    match block.language.as_str() {
        "sh" => block.text.clone(),
        "console" => {
            let typed = block.text.lines().filter_map(|line| line.strip_prefix("$ "));
            typed.map(|line| format!("{line}\n")).collect()
        }
        _ => String::new(),
    }
}

fn is_shopstream(words: &[String]) -> bool {
    words.first().is_some_and(|word| word == "shopstream" || word.ends_with("/shopstream"))
}

#[test]
fn every_command_in_a_block_is_understood() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let targets: Vec<&str> =
        makefile.lines().filter_map(|line| line.split_once(": ##")).map(|(target, _)| target).collect();
    let (mut wrong, mut understood) = (Vec::new(), 0);
    for page in all() {
        for block in &page.blocks {
            for words in shell::commands(&lines(block)) {
                let problem = if is_shopstream(&words) {
                    understood += 1;
                    match Cli::try_parse_from(&words) {
                        Err(error) if !matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
                            Some(error.to_string())
                        }
                        _ => None,
                    }
                } else if words[0] == "make" {
                    let asked = words[1..].iter().find(|word| !word.contains('=') && !targets.contains(&word.as_str()));
                    asked.map(|target| format!("the Makefile has no target {target}"))
                } else {
                    None
                };
                wrong.extend(problem.map(|problem| format!("{}: {}\n{problem}", page.at(block.line), words.join(" "))));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(understood > 80, "only {understood} commands were found");
}

#[test]
fn every_command_in_a_sentence_has_the_flags_it_is_said_to_have() {
    let (mut wrong, mut understood) = (Vec::new(), 0);
    for page in all() {
        for (line, code) in
            page.code.iter().filter(|(_, code)| code.starts_with("shopstream ") && !code.contains("COMMAND"))
        {
            for words in shell::commands(code).into_iter().filter(|words| is_shopstream(words)) {
                understood += 1;
                // What is left out or a placeholder is the sentence's business; a name that is not there is not.
                let unknown = [ErrorKind::UnknownArgument, ErrorKind::InvalidSubcommand];
                if let Err(error) = Cli::try_parse_from(&words)
                    && unknown.contains(&error.kind())
                {
                    wrong.push(format!("{}: {code}\n{error}", page.at(*line)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(understood > 40, "only {understood} commands were found");
}

#[test]
fn both_readmes_list_every_command() {
    let commands = Cli::command();
    for name in ["README.md", "README.ko.md"] {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        let cells: Vec<&str> =
            text.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1)).collect();
        for command in commands.get_subcommands().filter(|command| !command.is_hide_set()) {
            for child in command.get_subcommands().filter(|child| !child.is_hide_set() && child.get_name() != "help") {
                // `topics create`, or `scenarios list`, `show`: the family's name stands once.
                let listed =
                    |cell: &&str| cell.contains(&format!("`{}", command.get_name())) && cell.contains(child.get_name());
                assert!(cells.iter().any(listed), "{name} does not list {} {}", command.get_name(), child.get_name());
            }
            let listed = |cell: &&str| cell.contains(&format!("`{}", command.get_name()));
            assert!(cells.iter().any(listed), "{name} does not list {}", command.get_name());
        }
    }
}

#[test]
fn every_block_has_a_language_and_json_is_json() {
    let known = ["sh", "console", "sql", "toml", "json", "yaml", "python", "text", "mermaid", "rust", ""];
    for page in all() {
        for block in &page.blocks {
            let place = page.at(block.line);
            assert!(known.contains(&block.language.as_str()), "{place}: a block of {:?}", block.language);
            if block.language == "json" {
                let parsed: Result<serde_json::Value, _> = serde_json::from_str(&block.text);
                assert!(parsed.is_ok(), "{place}: {parsed:?}");
            }
        }
    }
}

#[test]
fn a_page_with_a_wrong_flag_is_found() {
    let block = Page::read(std::path::Path::new("README.md")).blocks.remove(0);
    let wrong = Block { text: "shopstream seed --as-off 2026-01-01\n".to_owned(), ..block };
    let words = shell::commands(&lines(&wrong)).remove(0);
    assert!(is_shopstream(&words));
    assert_eq!(Cli::try_parse_from(&words).unwrap_err().kind(), ErrorKind::UnknownArgument);
}
