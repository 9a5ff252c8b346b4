//! `shopstream doctor`: what is wrong, and how to mend it.

mod print;

use color_eyre::eyre::Result;

use super::Context;
use crate::cli::example;
use crate::doctor;
use crate::error::Failure;
use crate::output::number;

/// Arguments of `doctor`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&["shopstream doctor", "shopstream doctor --json | jq '.findings[] | select(.mend)'"]))]
pub struct Args {
    /// Print the result as JSON: findings and configuration
    #[arg(long)]
    pub json: bool,
}

/// Examines every service, and prints what was found and the configuration in force.
///
/// # Errors
/// When a problem was found; warnings are none.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    context.printer.detail("examining every service; this takes up to 10 s");
    let activity = context.printer.activity("doctor", "examining every service, up to 10 s");
    let report = doctor::examine(&context.settings, &context.interrupt)?;
    drop(activity);
    if args.json {
        context.printer.json(&report)?;
    } else {
        print::print(&report, &context.printer)?;
    }
    match report.counts.problems {
        0 => Ok(()),
        problems => {
            let what = number::verb(problems as u64, "problem", ("was", "were"));
            let help = "what to do stands below each; docs/doctor.md says what is checked";
            Err(Failure::new(format!("{what} found")).help(help).into())
        }
    }
}
