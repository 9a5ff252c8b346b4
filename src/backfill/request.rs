//! What a backfill is asked to make, and what follows from that alone: seeds, sizes, the run's id.

use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};
use color_eyre::eyre::Result;
use uuid::{Builder, Uuid};
use xxhash_rust::xxh3::Xxh3;

use crate::domain::Timestamp;
use crate::error::Failure;
use crate::generator::calendar::{FIRST_YEAR, LAST_YEAR};
use crate::generator::rng::{Purpose, key};
use crate::generator::year::{Population, YearParams};

/// Orders of a year when nothing else is asked for.
pub const DEFAULT_ORDERS: u64 = 50_000;
/// The seed when nothing else is asked for. Its shop of 2025 is a typical one: VIPs and the busiest customer are a few people,
/// and in some seeds' shops they are far from the mean.
pub const DEFAULT_SEED: u64 = 10;
/// Customers and products at least, when nothing else is asked for.
pub const LEAST_USERS: u32 = 10_000;
const LEAST_PRODUCTS: u32 = 20_000;
/// A customer for so many orders, and so many products for a customer.
const ORDERS_A_USER: u64 = 5;
const PRODUCTS_A_USER: u64 = 2;
/// Most orders, customers and products; positions are 32 bits wide.
const MOST: u64 = 2_000_000_000;
/// Years that as-of may lie in.
const AS_OF_YEARS: RangeInclusive<i32> = FIRST_YEAR + 1..=LAST_YEAR + 1;
/// Customers and products there must be on the year's first day.
const LEAST_AT_START: usize = 1_000;

/// Who makes the customers and products of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Makes {
    /// The run itself (`backfill --as-of`).
    ForItself,
    /// `seed --as-of`, before.
    InDatabase,
}

/// One of several independent shops that make one data set together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// 1 to `of`.
    pub number: u32,
    /// How many there are.
    pub of: u32,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::counted_from(1, text).ok_or_else(|| format!("{text:?} is not I/N with I from 1 to N, such as 1/4"))
    }
}

impl Shard {
    /// Reads `I/N` as a scheduler gives it that counts from 0, such as the index of a Kubernetes Indexed Job.
    ///
    /// # Errors
    /// When the text is not `I/N` with I from 0 to N − 1.
    pub fn of_index(text: &str) -> Result<Self, String> {
        Self::counted_from(0, text)
            .ok_or_else(|| format!("{text:?} is not I/N with I from 0 to one less than N, such as 0/4"))
    }

    fn counted_from(first: u32, text: &str) -> Option<Self> {
        let (number, of) = text.split_once('/')?;
        let number = number.parse::<u32>().ok()?.checked_sub(first)?.checked_add(1)?;
        let of = of.parse().ok()?;
        (number <= of).then_some(Self { number, of })
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

/// A backfill with everything decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The year on the business calendar.
    pub year: i32,
    /// Number of orders.
    pub orders: u64,
    /// Number of customers the run makes for itself.
    pub users: u32,
    /// Number of products the run makes for itself.
    pub products: u32,
    /// The seed asked for.
    pub seed: u64,
    /// The day until which customers sign up and products are made.
    pub as_of: NaiveDate,
    /// Whether customers come back by habit.
    pub habits: bool,
    /// Which of several shops.
    pub shard: Option<Shard>,
    /// XXH3 of the user's own catalogue.
    pub catalog: Option<u64>,
    /// XXH3 of the user's own scenarios.
    pub scenarios: Option<u64>,
}

/// What may be left open in a [`Request`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Sizes {
    /// Number of orders.
    pub orders: Option<u64>,
    /// Number of customers.
    pub users: Option<u64>,
    /// Number of products.
    pub products: Option<u64>,
    /// As-of.
    pub as_of: Option<NaiveDate>,
}

impl Request {
    /// A request for `year` with the defaults filled in: the shop grows with its orders.
    ///
    /// # Errors
    /// A [`Failure`] for a year or a size out of range.
    pub fn new(year: i32, seed: u64, sizes: Sizes) -> Result<Self, Failure> {
        check_year(year)?;
        let orders = sizes.orders.unwrap_or(DEFAULT_ORDERS);
        let users = sizes.users.unwrap_or((orders / ORDERS_A_USER).max(LEAST_USERS.into()));
        let products = sizes.products.unwrap_or(users.saturating_mul(PRODUCTS_A_USER).max(LEAST_PRODUCTS.into()));
        for (what, count) in [("--orders", orders), ("--users", users), ("--products", products)] {
            if !(1..=MOST).contains(&count) {
                return Err(Failure::usage(format!("{what} {count} is out of range"))
                    .help(format!("give 1 to {MOST}; larger data sets are made in shards (--shard I/N)")));
            }
        }
        let next_year = NaiveDate::from_ymd_opt(year + 1, 1, 1).unwrap_or(NaiveDate::MAX);
        let as_of = sizes.as_of.unwrap_or(next_year);
        check_as_of(as_of)?;
        Ok(Self {
            year,
            orders,
            users: users as u32,
            products: products as u32,
            seed,
            as_of,
            habits: true,
            shard: None,
            catalog: None,
            scenarios: None,
        })
    }

    /// The seed the rows are made from: each shard has its own.
    #[must_use]
    pub fn row_seed(&self) -> u64 {
        self.shard.map_or(self.seed, |shard| key(self.seed, Purpose::Shard, shard.number.into()))
    }

    /// What a shard's files have in their names before the ending: `-1-of-4`; nothing without shards.
    #[must_use]
    pub fn file_suffix(&self) -> String {
        self.shard.map_or_else(String::new, |shard| format!("-{}-of-{}", shard.number, shard.of))
    }

    /// The id of a run: it follows from what the rows are made from, never from the clock.
    #[must_use]
    pub fn run_id(&self, population: &Population) -> Uuid {
        let mut digest = Xxh3::with_seed(key(self.row_seed(), Purpose::Run, self.year as u64));
        digest.update(&self.orders.to_le_bytes());
        digest.update(&[u8::from(self.habits)]);
        for own in [self.catalog, self.scenarios] {
            digest.update(&own.unwrap_or(0).to_le_bytes());
        }
        for customer in &population.customers {
            digest.update(customer.id.as_bytes());
        }
        for product in &population.products {
            digest.update(product.id.as_bytes());
        }
        Builder::from_custom_bytes(digest.digest128().to_be_bytes()).into_uuid()
    }

    /// The generator's parameters.
    #[must_use]
    pub fn year_params(&self, run_id: Uuid, until: Option<Timestamp>) -> YearParams {
        YearParams {
            year: self.year,
            orders: self.orders,
            seed: self.row_seed(),
            habits: self.habits,
            until,
            run_id: Some(run_id),
        }
    }

    /// Where a year that is not over yet must stop: at `now`. `None` for a year that is.
    ///
    /// # Errors
    /// A [`Failure`] for a year that has not begun, with `why` its place takes none.
    pub fn until(&self, now: Timestamp, why: &str) -> Result<Option<Timestamp>, Failure> {
        let first = |year| NaiveDate::from_ymd_opt(year, 1, 1).map(Timestamp::business_midnight).unwrap_or_default();
        if first(self.year) >= now {
            return Err(Failure::usage(format!("the year {} has not begun; {why}", self.year))
                .help("choose a year that has begun, or write it to files with --to parquet"));
        }
        Ok((first(self.year + 1) > now).then_some(now))
    }

    /// Checks that there are customers and products enough on the year's first day.
    ///
    /// # Errors
    /// A [`Failure`] with the `--as-of` that would do.
    pub fn check_population(&self, population: &Population, makes: Makes) -> Result<(), Failure> {
        let first = NaiveDate::from_ymd_opt(self.year, 1, 1).unwrap_or(NaiveDate::MIN);
        let (users, products) = population.present(Timestamp::business_midnight(first));
        let (least, what) = if users < products { (users, "customers") } else { (products, "products") };
        if least >= LEAST_AT_START {
            return Ok(());
        }
        let failure = Failure::usage(format!(
            "there would be {least} {what} on 1 January {}; a year needs {LEAST_AT_START}",
            self.year
        ));
        let all = population.customers.len().min(population.products.len());
        // At the turn of the next year most of the shop was there a year before; at the year's own turn all of it was.
        let late = self.as_of.year() > self.year + 1 && makes == Makes::ForItself;
        let as_of = if late { self.year + 1 } else { self.year };
        Err(failure.help(match makes {
            _ if all < LEAST_AT_START => format!("make at least {LEAST_AT_START} of each (--users, --products)"),
            _ if !AS_OF_YEARS.contains(&as_of) => "make more of each (--users, --products)".to_owned(),
            Makes::ForItself => format!("give --as-of {as_of}-01-01, so that the shop is there when the year begins"),
            Makes::InDatabase => format!(
                "put another shop beside it that is there then: shopstream seed --seed {} --as-of {as_of}-01-01",
                self.seed.wrapping_add(1)
            ),
        }))
    }
}

/// Checks that a year has a calendar.
///
/// # Errors
/// A [`Failure`] that names the range.
pub fn check_year(year: i32) -> Result<(), Failure> {
    if (FIRST_YEAR..=LAST_YEAR).contains(&year) {
        return Ok(());
    }
    Err(Failure::usage(format!("there is no calendar for the year {year}"))
        .help(format!("give a year from {FIRST_YEAR} to {LAST_YEAR}")))
}

/// Checks that a shop can be made for this day: there must be room for the years before it, and moments are kept in 32
/// bits.
///
/// # Errors
/// A [`Failure`] that names the range.
pub fn check_as_of(as_of: NaiveDate) -> Result<(), Failure> {
    if AS_OF_YEARS.contains(&as_of.year()) {
        return Ok(());
    }
    Err(Failure::usage(format!("--as-of {as_of} is out of range")).help(format!(
        "give a day of {} to {}",
        AS_OF_YEARS.start(),
        AS_OF_YEARS.end()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_counts_shards_from_0() {
        for (text, number) in [("0/4", 1), ("3/4", 4), ("0/1", 1)] {
            assert_eq!(Shard::of_index(text).unwrap().number, number);
        }
        for wrong in ["4/4", "-1/4", "0/0", "", "0", "4294967295/4294967295"] {
            assert!(Shard::of_index(wrong).is_err_and(|error| error.contains("from 0")), "{wrong:?}");
        }
    }

    #[test]
    fn a_shard_is_one_of_n() {
        assert_eq!("2/4".parse(), Ok(Shard { number: 2, of: 4 }));
        for wrong in ["3/2", "0/2", "1", "1/0", "a/b", "-1/2", "1/2/3"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_shop_grows_with_its_orders() {
        let of = |orders| Request::new(2025, 42, Sizes { orders: Some(orders), ..Sizes::default() }).unwrap();
        assert_eq!((of(100).users, of(100).products), (10_000, 20_000));
        assert_eq!((of(1_000_000).users, of(1_000_000).products), (200_000, 400_000));
        assert!(Request::new(2025, 42, Sizes { orders: Some(0), ..Sizes::default() }).is_err());
        assert!(Request::new(1974, 42, Sizes::default()).is_err());
        assert!(Request::new(2101, 42, Sizes::default()).is_err());
    }
}
