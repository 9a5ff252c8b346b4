//! The year that tests of a whole year write, and the shop it is written for.

use chrono::{NaiveDate, TimeZone, Utc};
use shopstream::backfill::Request;
use shopstream::backfill::request::{DEFAULT_SEED, Sizes};
use shopstream::db::seeding::{SeedOutcome, SeedRequest, seed};
use shopstream::domain::Timestamp;
use shopstream::generator::World;
use shopstream::interrupt::Interrupt;

use super::ScratchDb;

/// The year every test writes.
pub const YEAR: i32 = 2025;

/// A moment long after the year.
pub fn later() -> Timestamp {
    Timestamp::from(Utc.with_ymd_and_hms(2026, 11, 1, 0, 0, 0).unwrap())
}

/// The day after the year.
pub fn as_of() -> NaiveDate {
    NaiveDate::from_ymd_opt(YEAR + 1, 1, 1).unwrap()
}

/// Puts customers and products of a seed into a schema.
pub fn sow(db: &ScratchDb, world: &World, number: u64, users: u32, products: u32) -> SeedOutcome {
    let request = SeedRequest { seed: number, users, products, as_of: Some(as_of()), default_as_of: as_of() };
    seed(&mut db.connect(), world, &request, &|_| (), &Interrupt::never()).unwrap()
}

/// The year with so many orders, for a shop of this size.
pub fn year_of(orders: u64, users: u32, products: u32) -> Request {
    let sizes = Sizes {
        orders: Some(orders),
        users: Some(users.into()),
        products: Some(products.into()),
        as_of: Some(as_of()),
    };
    Request::new(YEAR, DEFAULT_SEED, sizes).unwrap()
}
