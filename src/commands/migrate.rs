//! `shopstream migrate`: the tables in PostgreSQL, made, listed, taken back.

use serde_json::json;

use super::Context;
use super::consent::Consent;
use crate::cli::example;
use crate::db::migrate;
use crate::output::Table;

/// Arguments of `migrate`.
#[derive(clap::Args, Debug)]
#[command(before_help = example(&["shopstream migrate", "shopstream migrate --status"]))]
#[command(mut_arg("yes", |arg| arg.requires("revert")))]
pub struct Args {
    /// List the migrations and whether the database has them; change nothing
    #[arg(long)]
    pub status: bool,

    /// Take the latest migration back; asks first when rows would be lost
    #[arg(long, conflicts_with = "status")]
    pub revert: bool,

    /// Whether to ask.
    #[command(flatten)]
    pub consent: Consent,

    /// Print the result as JSON
    #[arg(long, requires = "status")]
    pub json: bool,
}

/// Applies what is missing, or does what the flags ask for.
///
/// # Errors
/// When the database cannot be reached, was migrated by a newer program, or refuses.
pub fn run(args: &Args, context: &Context) -> color_eyre::Result<()> {
    if args.status {
        status(args.json, context)
    } else if args.revert {
        revert(args.consent, context)
    } else {
        apply(context)
    }
}

fn apply(context: &Context) -> color_eyre::Result<()> {
    let activity = context.printer.activity("migrate", "applying migrations");
    let applied = migrate::apply(&mut context.connect()?)?;
    drop(activity);
    for name in &applied {
        context.printer.result(&format!("applied {name}"))?;
    }
    if applied.is_empty() {
        context.printer.result("the database is up to date")?;
    }
    Ok(())
}

fn status(as_json: bool, context: &Context) -> color_eyre::Result<()> {
    let status = migrate::status(&mut context.connect()?)?;
    if as_json {
        let known: Vec<_> =
            status.known.iter().map(|known| json!({ "name": known.name, "applied": known.applied })).collect();
        return context.printer.json(&json!({
            "current": status.is_current(),
            "migrations": known,
            "unknown_versions": status.unknown,
        }));
    }
    let mut table = Table::new(["migration", "applied"]);
    for known in &status.known {
        table.row([known.name.as_str().into(), if known.applied { "yes" } else { "no" }.into()]);
    }
    for version in &status.unknown {
        table.row([format!("{version} (of a newer shopstream)").into(), "yes".into()]);
    }
    context.printer.table(&table)
}

fn revert(consent: Consent, context: &Context) -> color_eyre::Result<()> {
    let conn = &mut context.connect()?;
    if !consent.yes {
        let lost = migrate::loss_by_revert(conn)?;
        if !lost.is_empty() {
            consent.to(&format!("this drops tables that hold rows: {}", lost.join(", ")), "", context)?;
        }
    }
    match migrate::revert_last(conn)? {
        Some(name) => context.printer.result(&format!("reverted {name}")),
        None => context.printer.result("there is no migration to revert"),
    }
}
