//! The `shopstream` program: parses, dispatches, and turns the outcome into an exit status.

use shopstream::{cli, commands, interrupt};

fn main() {
    let status = match cli::parse() {
        Ok(cli) => commands::run(&cli),
        Err(status) => status,
    };
    interrupt::end(status);
}
