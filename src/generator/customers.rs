//! Customers: figures, names and addresses, each a function of (seed, index, as-of).

use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use uuid::Uuid;

use super::World;
use super::alias::AliasTable;
use super::rng::{Purpose, Stream};
use super::tables::CustomerTables;
use super::toml_file::TomlFile;
use crate::domain::date::{DAY_SECS, date_of_epoch_days, epoch_days, years_later};
use crate::domain::id::uuid_v7;
use crate::domain::rows::User;
use crate::domain::{AgeGroup, CustomerStatus, Gender, Grade, Timestamp};
use crate::error::Failure;

const NAMES: &str = include_str!("data/names.toml");
const ADDRESSES: &str = include_str!("data/addresses.toml");
/// Domains that RFC 2606 keeps free of real mailboxes.
const MAIL_DOMAINS: [&str; 3] = ["example.com", "example.org", "example.net"];
/// Nobody younger signs up.
const LEAST_AGE: i32 = 14;
/// An active customer was last seen within so many days of as-of.
const SEEN_WITHIN_DAYS: f64 = 60.0;
/// A dormant customer was last seen at least so many days before as-of.
const UNSEEN_DAYS: f64 = 180.0;

/// What the shop's mechanics need to know of a customer; times are whole seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Customer {
    /// UUIDv7 of the sign-up.
    pub id: Uuid,
    /// The index it was made from.
    pub index: u32,
    /// Day of birth, days since 1970.
    pub birth: i32,
    /// Sign-up.
    pub created: u32,
    /// Last visit.
    pub last_login: u32,
    /// 0–1; orders the first week's pool.
    pub random_seed: f64,
    /// Gender.
    pub gender: Gender,
    /// Active or dormant.
    pub status: CustomerStatus,
    /// Whether marketing mail is welcome.
    pub marketing: bool,
    /// Position of the region.
    pub region: u8,
}

/// Draws customers' attributes.
#[derive(Clone, Debug)]
pub struct CustomerSampler {
    gender: AliasTable,
    age_group: AliasTable,
    age_years: [[u32; 2]; 5],
    status: AliasTable,
    region: AliasTable,
    marketing_agree: f64,
    sign_up_years: i32,
    hours: AliasTable,
}

impl CustomerSampler {
    /// The sampler of the given tables; `hours` weighs the hours of sign-up.
    #[must_use]
    pub fn new(tables: &CustomerTables, hours: &[f64]) -> Self {
        let shares = &tables.shares;
        Self {
            gender: AliasTable::new(&shares.gender),
            age_group: AliasTable::new(&shares.age_group),
            age_years: shares.age_years,
            status: AliasTable::new(&shares.status),
            region: AliasTable::new(&tables.region.iter().map(|region| region.weight).collect::<Vec<_>>()),
            marketing_agree: shares.marketing_agree,
            sign_up_years: shares.sign_up_years as i32,
            hours: AliasTable::new(hours),
        }
    }

    /// The `index`-th customer of `seed`, signed up before 00:00 of business time on `as_of`.
    #[must_use]
    pub fn customer(&self, seed: u64, index: u32, as_of: NaiveDate) -> Customer {
        let stream = &mut Stream::new(seed, Purpose::Customer, u64::from(index));
        let gender = Gender::ALL[self.gender.draw(stream)];
        let [youngest, oldest] = self.age_years[self.age_group.draw(stream)];
        let age = stream.between(i64::from(youngest), i64::from(oldest)) as i32;
        let end = epoch_days(as_of);
        let birth = stream.between(
            i64::from(epoch_days(years_later(as_of, -age - 1))) + 1,
            i64::from(epoch_days(years_later(as_of, -age))) - 1,
        ) as i32;
        let origin = epoch_days(years_later(as_of, -self.sign_up_years));
        let first_day = epoch_days(years_later(date_of_epoch_days(birth), LEAST_AGE)).max(origin);
        let day = sign_up_day(stream, origin, first_day, end);
        let second = self.hours.draw(stream) as i64 * 3600 + stream.below(3600) as i64;
        let created = Timestamp::business_midnight(date_of_epoch_days(day)).plus_secs(second);
        let status = CustomerStatus::ALL[self.status.draw(stream)];
        let marketing = stream.chance(self.marketing_agree);
        let region = self.region.draw(stream) as u8;
        let random_seed = stream.unit();
        let as_of_secs = Timestamp::business_midnight(as_of).secs();
        let span = (as_of_secs - created.secs()) as f64;
        let u = stream.unit();
        let seen = match status {
            CustomerStatus::Active => span - (u * u * SEEN_WITHIN_DAYS * DAY_SECS as f64).min(span),
            CustomerStatus::Dormant => u * (span - UNSEEN_DAYS * DAY_SECS as f64).max(0.0),
        };
        Customer {
            id: uuid_v7(created, stream.bits(), stream.bits()),
            index,
            birth,
            created: created.secs() as u32,
            last_login: (created.secs() + seen as i64) as u32,
            random_seed,
            gender,
            status,
            marketing,
            region,
        }
    }
}

/// A day from `first` to the day before `end`, on a growth line that starts at `origin`: its density rises from zero.
fn sign_up_day(stream: &mut Stream, origin: i32, first: i32, end: i32) -> i32 {
    let length = f64::from(end - origin);
    let skipped = f64::from(first - origin) / length;
    let u = skipped * skipped + stream.unit() * (1.0 - skipped * skipped);
    (origin + (libm::sqrt(u) * length) as i32).clamp(first.min(end - 1), end - 1)
}

impl Customer {
    /// The age group on `day`.
    #[must_use]
    pub fn age_group(&self, day: NaiveDate) -> AgeGroup {
        AgeGroup::on(day, date_of_epoch_days(self.birth))
    }
}

/// Korean names and addresses.
#[derive(Clone, Debug)]
pub struct PeopleTexts {
    families: Vec<Family>,
    family: AliasTable,
    cohorts: Vec<Cohort>,
    /// Places of each region, by position of the region, and the table that draws them.
    places: Vec<(Vec<Place>, AliasTable)>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    hangul: String,
    roman: String,
    weight: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cohort {
    born: [i32; 2],
    female: Vec<String>,
    male: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    region: String,
    at: String,
    weight: f64,
    roads: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameFile {
    family: Vec<Family>,
    cohort: Vec<Cohort>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressFile {
    place: Vec<Place>,
}

impl PeopleTexts {
    /// The names and addresses compiled in, for the regions of `tables`.
    ///
    /// # Errors
    /// When a file does not parse, which a test rules out.
    pub fn built_in(tables: &CustomerTables) -> Result<Self, Failure> {
        let names: NameFile = TomlFile::new("names.toml", NAMES).parse()?;
        let addresses: AddressFile = TomlFile::new("addresses.toml", ADDRESSES).parse()?;
        let places = tables.region.iter().map(|region| {
            let here: Vec<Place> = addresses.place.iter().filter(|p| p.region == region.name).cloned().collect();
            let weights: Vec<f64> = here.iter().map(|place| place.weight).collect();
            (here, AliasTable::new(&weights))
        });
        Ok(Self {
            family: AliasTable::new(&names.family.iter().map(|family| family.weight).collect::<Vec<_>>()),
            places: places.collect(),
            families: names.family,
            cohorts: names.cohort,
        })
    }

    fn given_name(&self, customer: &Customer, stream: &mut Stream) -> &str {
        let born = date_of_epoch_days(customer.birth).year();
        let cohort = self.cohorts.iter().find(|c| born <= c.born[1]).or(self.cohorts.last());
        let Some(cohort) = cohort else { return "" };
        let list = if customer.gender == Gender::Female { &cohort.female } else { &cohort.male };
        // The lists begin with the commonest names; the square favours those.
        let u = stream.unit();
        list.get((u * u * list.len() as f64) as usize).map_or("", String::as_str)
    }

    fn address(&self, customer: &Customer, stream: &mut Stream) -> String {
        let (places, table) = &self.places[usize::from(customer.region)];
        let Some(place) = places.get(table.draw(stream)) else { return String::new() };
        let road = stream.pick(&place.roads).map_or("", String::as_str);
        let mut text = format!("{} {road} {}", place.at, 1 + stream.below(220));
        let kind = stream.unit();
        // Most Koreans live in flats; writing to a String cannot fail.
        let _ = if kind < 0.62 {
            write!(text, ", {}동 {}{:02}호", 101 + stream.below(24), 1 + stream.below(25), 1 + stream.below(6))
        } else if kind < 0.80 {
            write!(text, ", {}{:02}호", 1 + stream.below(5), 1 + stream.below(5))
        } else if kind < 0.90 {
            write!(text, "-{}", 1 + stream.below(30))
        } else {
            Ok(())
        };
        text
    }
}

/// A mail address out of a name and the random part of a UUIDv7 in base 36: unlike the id, it is fit for a mailbox.
fn email(name: &str, id: Uuid, domain: &str) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut rest = id.as_u64_pair().1 & ((1 << 62) - 1);
    let mut code = [b'0'; 12];
    for place in code.iter_mut().rev() {
        *place = DIGITS[(rest % 36) as usize];
        rest /= 36;
    }
    let mut address = String::with_capacity(name.len() + code.len() + domain.len() + 2);
    address.push_str(name);
    address.push('.');
    address.extend(code.map(char::from));
    address.push('@');
    address.push_str(domain);
    address
}

impl World {
    /// The row of a customer who has not bought yet.
    #[must_use]
    pub fn user_row(&self, seed: u64, customer: &Customer) -> User {
        let stream = &mut Stream::new(seed, Purpose::CustomerText, u64::from(customer.index));
        let family = &self.people.families[self.people.family.draw(stream)];
        let name = [&family.hangul, self.people.given_name(customer, stream)].concat();
        let address = self.people.address(customer, stream);
        let domain = stream.pick(&MAIL_DOMAINS).copied().unwrap_or(MAIL_DOMAINS[0]);
        let last_login_at = Timestamp::from_secs(i64::from(customer.last_login));
        User {
            id: customer.id,
            name,
            gender: customer.gender,
            birth_date: date_of_epoch_days(customer.birth),
            email: email(&family.roman, customer.id, domain),
            region: customer.region,
            address,
            grade: Grade::Bronze,
            status: customer.status,
            marketing_agree: customer.marketing,
            random_seed: customer.random_seed,
            created_at: Timestamp::from_secs(i64::from(customer.created)),
            last_login_at,
            last_ordered_at: None,
            updated_at: last_login_at,
        }
    }
}
