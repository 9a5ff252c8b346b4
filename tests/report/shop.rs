//! A small year, as files and in PostgreSQL.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use shopstream::backfill::dataset::{Dataset as Files, FileFormat};
use shopstream::backfill::files::Outcome;
use shopstream::backfill::postgres::{Earlier, admit};
use shopstream::backfill::request::DEFAULT_SEED;
use shopstream::backfill::{Request, Shard, Unwatched};
use shopstream::follow::Follow;
use shopstream::generator::World;
use shopstream::interrupt::Interrupt;
use shopstream::report::Report;
use shopstream::report::files::Dataset;
use shopstream::report::postgres;
use shopstream::sink::compress::Compression;
use shopstream::sink::files::Existing;

pub use crate::support::YEAR;
use crate::support::{ScratchDb, later, sow, year_of};

const USERS: u32 = 1_900;
const PRODUCTS: u32 = 2_500;

pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| World::new(None, None).unwrap())
}

pub fn request(orders: u64) -> Request {
    year_of(orders, USERS, PRODUCTS)
}

pub fn shard(orders: u64, number: u32, of: u32) -> Request {
    Request { shard: Some(Shard { number, of }), ..request(orders) }
}

/// Writes the year as files.
pub fn write(request: &Request, format: FileFormat, compression: Compression, out: &Path) -> Outcome {
    let files = Files { request, format, compression, out };
    files.write(world(), Existing::Refuse, 2, &Unwatched, &Interrupt::never()).unwrap().outcome
}

/// The figures of a folder.
pub fn of_folder(folder: &Path) -> color_eyre::Result<Report> {
    let dataset = Dataset::open(folder)?;
    dataset.check_files()?;
    dataset.report(&|_| (), &Interrupt::never())
}

/// The year in a schema of its own.
pub struct Shop {
    pub db: ScratchDb,
}

impl Shop {
    pub fn backfilled(orders: u64) -> Self {
        let db = ScratchDb::migrated();
        sow(&db, world(), DEFAULT_SEED, USERS, PRODUCTS);
        let admitted = admit(world(), db.url(), &request(orders), Earlier::Refuse, later()).unwrap();
        admitted.run(2, &Unwatched, &Interrupt::never()).unwrap();
        Self { db }
    }

    pub fn report(&self, year: i32) -> color_eyre::Result<Report> {
        self.followed(year, &|_: &str| {})
    }

    pub fn followed(&self, year: i32, follow: &dyn Follow) -> color_eyre::Result<Report> {
        postgres::report(&mut self.db.connect(), year, &Interrupt::never(), follow)
    }

    /// A number out of the database.
    pub fn number(&self, sql: &str) -> i64 {
        self.db.number(sql)
    }

    pub fn execute(&self, sql: &str) {
        self.db.execute(sql);
    }
}

/// The program in a folder, with nothing of this machine's environment, or with a database.
pub fn run(folder: &Path, database: Option<&str>, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
    command.args(words).current_dir(folder).env_clear().env("COLUMNS", "100").stdin(Stdio::null());
    command.envs(database.map(|url| ("DATABASE_URL", url)));
    command.output().unwrap()
}
