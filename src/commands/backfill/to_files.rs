//! The year into files, or nowhere.

use std::path::PathBuf;

use color_eyre::eyre::Result;

use super::report::{self, BarByMonth};
use super::{Args, Target};
use crate::backfill::files::{self, Outcome, columns_of};
use crate::backfill::{Request, Unwatched, Watch};
use crate::commands::Context;
use crate::error::Failure;
use crate::generator::World;
use crate::output::failure::with_remedy;
use crate::sink::compress::Compression;
use crate::sink::csv::Csv;
use crate::sink::files::{Existing, Folder};
use crate::sink::manifest::{FileEntry, Manifest, Parameters};
use crate::sink::ndjson::Ndjson;
use crate::sink::null::Null;
use crate::sink::parquet::Parquet;

pub(super) fn run(args: &Args, target: Target, world: &World, request: &Request, context: &Context) -> Result<()> {
    let bar = BarByMonth::new(&context.printer, request, world);
    let make = Make { world, request, jobs: args.threads(), bar: &bar, context };
    if target == Target::Null {
        let flags = [
            ("--out", args.out.is_some()),
            ("--compression", args.compression.is_some()),
            ("--replace", args.replace),
            ("--resume", args.resume),
        ];
        if let Some((flag, _)) = flags.iter().find(|(_, given)| *given) {
            return Err(Failure::usage(format!("{flag} means nothing with --to null, which writes nothing")).into());
        }
        let outcome = make.rows(&Null)?;
        bar.finish();
        return report::show(args.json, &outcome, None, request, world, &context.printer);
    }
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("shopstream-{}", request.year)));
    let compression =
        args.compression.unwrap_or(if target == Target::Parquet { Compression::Zstd } else { Compression::None });
    let (name, extension) = match target {
        Target::Csv => ("csv", format!("csv{}", compression.extension())),
        Target::Ndjson => ("ndjson", format!("ndjson{}", compression.extension())),
        Target::Parquet | Target::Postgres | Target::Null => ("parquet", "parquet".to_owned()),
    };
    let suffix = request.shard.map_or_else(String::new, |shard| format!("-{}-of-{}", shard.number, shard.of));
    let existing = if args.replace { Existing::Replace } else { Existing::Refuse };
    if args.resume
        && let Some(manifest) = Manifest::read(&out.join(format!("manifest{suffix}.json")))?
    {
        return already_complete(
            &manifest,
            &parameters(request, name, compression, &manifest.parameters.run_id),
            &out,
            context,
        );
    }
    let existing = if args.resume { Existing::Replace } else { existing };
    let folder = Folder::open(&out, &suffix, &extension, existing)?;
    let outcome = match target {
        Target::Csv => make.rows(&Csv { folder: &folder, compression }),
        Target::Ndjson => make.rows(&Ndjson { folder: &folder, compression }),
        Target::Parquet | Target::Postgres | Target::Null => make.rows(&Parquet { folder: &folder, compression }),
    };
    let failed = |error| {
        with_remedy(error, || {
            Failure::new(format!("the year {} was not written into {}", request.year, out.display()))
                .help("nothing of it was left behind; make room there, or choose another folder with --out DIR")
        })
    };
    let outcome = outcome.map_err(failed)?;
    let manifest = Manifest {
        generator: "shopstream".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        parameters: parameters(request, name, compression, &outcome.run_id.to_string()),
        files: outcome.tables.iter().filter_map(|table| FileEntry::of(table, columns_of(table.table))).collect(),
    };
    let manifest_path = folder.complete(&manifest).map_err(failed)?;
    bar.finish();
    report::show(args.json, &outcome, Some((&out, &manifest_path)), request, world, &context.printer)
}

/// What all formats share.
struct Make<'a> {
    world: &'a World,
    request: &'a Request,
    jobs: usize,
    bar: &'a BarByMonth,
    context: &'a Context,
}

impl Make<'_> {
    fn rows<F: crate::sink::Format>(&self, format: &F) -> Result<Outcome> {
        let watch: &dyn Watch = if self.bar.is_shown() { self.bar } else { &Unwatched };
        files::run(self.world, self.request, format, self.jobs, watch, &self.context.interrupt)
    }
}

fn parameters(request: &Request, format: &str, compression: Compression, run_id: &str) -> Parameters {
    let hex = |digest: Option<u64>| digest.map(|digest| format!("{digest:016x}"));
    Parameters {
        year: request.year,
        orders: request.orders,
        users: request.users,
        products: request.products,
        seed: request.seed,
        as_of: request.as_of.to_string(),
        habits: request.habits,
        shard: request.shard.map(|shard| shard.to_string()),
        catalog: hex(request.catalog),
        scenarios: hex(request.scenarios),
        format: format.to_owned(),
        compression: compression.to_string(),
        run_id: run_id.to_owned(),
    }
}

/// A complete dataset needs no finishing, if it is the one that is asked for.
fn already_complete(manifest: &Manifest, asked: &Parameters, out: &std::path::Path, context: &Context) -> Result<()> {
    let shown = out.display();
    if manifest.parameters != *asked || manifest.version != env!("CARGO_PKG_VERSION") {
        return Err(Failure::usage(format!("{shown} holds a complete dataset made from other parameters"))
            .help("choose another folder with --out DIR, or give --replace instead of --resume")
            .into());
    }
    if let Some(wrong) = manifest.first_wrong_file(out)? {
        return Err(Failure::new(format!("{shown} is not what its manifest says: {wrong}"))
            .help("give --replace instead of --resume to write it anew")
            .into());
    }
    context.printer.result(&format!("{shown} is complete already; its checksums are right"))
}
