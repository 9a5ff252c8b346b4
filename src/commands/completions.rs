//! `shopstream completions SHELL`: a completion script on standard output.

use clap::CommandFactory;
use clap_complete::Shell;

use super::Context;
use crate::cli::{Cli, example};

/// Arguments of `completions`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&[
    "shopstream completions bash > ~/.local/share/bash-completion/completions/shopstream",
    "shopstream completions fish > ~/.config/fish/completions/shopstream.fish",
]))]
pub struct Args {
    /// The shell to write for
    pub shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(args: &Args, context: &Context) -> color_eyre::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "shopstream", &mut script);
    context.printer.result(&String::from_utf8(script)?)
}
