//! The year into files, or nowhere.

use std::path::PathBuf;

use color_eyre::eyre::Result;

use super::Args;
use super::report::{self, BarByMonth};
use crate::backfill::dataset::{Dataset, FileFormat};
use crate::backfill::{Request, Unwatched, Watch, files};
use crate::commands::Context;
use crate::error::Failure;
use crate::generator::World;
use crate::output::failure::with_remedy;
use crate::sink::files::Existing;
use crate::sink::null::Null;

/// Makes the year and writes its files.
pub(super) fn run(args: &Args, format: FileFormat, world: &World, request: &Request, context: &Context) -> Result<()> {
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("shopstream-{}", request.year)));
    let compression = args.compression.unwrap_or(format.default_compression());
    let dataset = Dataset { request, format, compression, out: &out };
    if args.resume && dataset.is_complete()? {
        return context.printer.result(&format!("{} is complete already; its checksums are right", out.display()));
    }
    if args.replace && dataset.is_there()? {
        args.consent.to(&format!("this overwrites the dataset in {}", out.display()), "", context)?;
    }
    // What a broken run of files left is written anew.
    let existing = if args.replace || args.resume { Existing::Replace } else { Existing::Refuse };
    let bar = BarByMonth::new(&context.printer, request, world);
    let written = dataset.write(world, existing, args.threads(), watch(&bar), &context.interrupt);
    let written = written.map_err(|error| {
        with_remedy(error, || {
            Failure::new(format!("the year {} was not written into {}", request.year, out.display()))
                .help("nothing of it was left behind; make room there, or choose another folder with --out DIR")
        })
    })?;
    bar.finish();
    report::show(args.json, &written.outcome, Some((&out, &written.manifest_path)), request, world, &context.printer)
}

/// Makes the year and hashes every field.
pub(super) fn nowhere(args: &Args, world: &World, request: &Request, context: &Context) -> Result<()> {
    let flags = [
        ("--out", args.out.is_some()),
        ("--compression", args.compression.is_some()),
        ("--replace", args.replace),
        ("--resume", args.resume),
    ];
    if let Some((flag, _)) = flags.iter().find(|(_, given)| *given) {
        return Err(Failure::usage(format!("{flag} means nothing with --to null, which writes nothing")).into());
    }
    let bar = BarByMonth::new(&context.printer, request, world);
    let outcome = files::run(world, request, &Null, args.threads(), watch(&bar), &context.interrupt)?;
    bar.finish();
    report::show(args.json, &outcome, None, request, world, &context.printer)
}

fn watch(bar: &BarByMonth) -> &dyn Watch {
    if bar.is_shown() { bar } else { &Unwatched }
}
