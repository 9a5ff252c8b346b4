//! The `shopstream` program: parses, dispatches, and turns the outcome into an exit status.

use std::process::ExitCode;

use shopstream::{cli, commands};

fn main() -> ExitCode {
    match cli::parse() {
        Ok(cli) => commands::run(&cli),
        Err(exit) => exit,
    }
}
