//! `shopstream man`: manual pages, made from the definitions that `--help` is made from.

use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use color_eyre::eyre::{Result, WrapErr};

use super::Context;
use crate::cli::{Cli, example};
use crate::error::Failure;
use crate::output::number;
use crate::spelling::did_you_mean;

/// Arguments of `man`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&[
    "shopstream man dlq replay | man -l -",
    "shopstream man --out ~/.local/share/man/man1",
]))]
pub struct Args {
    /// The command whose page is printed; without one, the program's own
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    command: Vec<String>,
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints a page, or writes all.
///
/// # Errors
/// When there is no such command, or a page cannot be written.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let root = definition();
    let Some(out) = &args.out else {
        return context.printer.result(&String::from_utf8(page(find(&root, &args.command)?)?)?);
    };
    let failed = |error: &std::io::Error| {
        Failure::new(format!("cannot write manual pages into {}: {error}", out.display()))
            .help("choose another folder with --out DIR")
    };
    fs::create_dir_all(out).map_err(|error| failed(&error))?;
    let mut written = 0_u32;
    for command in all(&root) {
        fs::write(file(out, command), page(command)?).map_err(|error| failed(&error))?;
        written += 1;
    }
    let pages = number::some(written, "manual page");
    context.printer.result(&format!("{pages} written into {}", out.display()))
}

/// The commands, with the options of all in each. The page of `help` would say nothing that is not in the others.
fn definition() -> clap::Command {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    root
}

fn find<'a>(root: &'a clap::Command, words: &[String]) -> Result<&'a clap::Command, Failure> {
    words.iter().try_fold(root, |command, word| {
        command.find_subcommand(word).ok_or_else(|| {
            let known = command.get_subcommands().map(clap::Command::get_name);
            let named = format!("{:?} is no command{}", word, did_you_mean(word, known));
            Failure::usage(named).help("`shopstream --help` lists the commands")
        })
    })
}

/// The command and everything below it.
fn all(command: &clap::Command) -> Vec<&clap::Command> {
    let below = command.get_subcommands().filter(|child| !child.is_hide_set()).flat_map(all);
    std::iter::once(command).chain(below).collect()
}

fn name(command: &clap::Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

fn file(folder: &Path, command: &clap::Command) -> PathBuf {
    folder.join(format!("{}.1", name(command)))
}

/// The page in roff.
fn page(command: &clap::Command) -> Result<Vec<u8>> {
    let man = Man::new(command.clone()).source(format!("shopstream {}", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    let rendered = man
        .render_title(&mut page)
        .and_then(|()| man.render_name_section(&mut page))
        .and_then(|()| man.render_synopsis_section(&mut page))
        .and_then(|()| man.render_description_section(&mut page))
        .and_then(|()| examples(command).to_writer(&mut page))
        .and_then(|()| man.render_options_section(&mut page))
        .and_then(|()| if command.has_subcommands() { man.render_subcommands_section(&mut page) } else { Ok(()) })
        .and_then(|()| exit_status().to_writer(&mut page));
    rendered.wrap_err("cannot make a manual page")?;
    Ok(in_ascii(&String::from_utf8(page)?).into_bytes())
}

/// Other characters as roff spells them, so that a page reads the same under every locale.
fn in_ascii(page: &str) -> String {
    let spelled = |c: char| if c.is_ascii() { c.to_string() } else { format!("\\[u{:04X}]", u32::from(c)) };
    page.chars().map(spelled).collect()
}

/// What `--help` opens with.
fn examples(command: &clap::Command) -> Roff {
    let mut section = Roff::new();
    let opening = command.get_before_help().map(ToString::to_string).unwrap_or_default();
    let lines: Vec<&str> = opening.lines().skip(1).map(str::trim).collect();
    if !lines.is_empty() {
        section.control("SH", ["EXAMPLES"]).control("nf", []);
        for line in lines {
            section.text([roman(line)]);
        }
        section.control("fi", []);
    }
    section
}

fn exit_status() -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["EXIT STATUS"]);
    for (status, when) in [
        ("0", "Done."),
        ("1", "The work failed, or what was examined is not as it should be."),
        ("2", "The command was called wrongly."),
        ("130, 143", "Ended by SIGINT or SIGTERM; a command that stays ends with 0."),
    ] {
        section.control("TP", []).text([roman(status)]).text([roman(when)]);
    }
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_a_page_of_its_own_name() {
        let root = definition();
        let mut names: Vec<&str> = all(&root).into_iter().map(name).collect();
        assert!(names.contains(&"shopstream") && names.contains(&"shopstream-dlq-replay"), "{names:?}");
        let pages = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), pages, "two commands share a page");
    }

    #[test]
    fn a_page_is_plain_ascii() {
        assert_eq!(in_ascii("1975–2100, ₩"), "1975\\[u2013]2100, \\[u20A9]");
    }

    #[test]
    fn a_misspelt_command_gets_a_suggestion() {
        let root = definition();
        let words = ["dlq".to_owned(), "replya".to_owned()];
        assert!(find(&root, &words).is_err_and(|failure| failure.to_string().contains("replay")));
    }
}
