//! The seeded customers and products as the simulated year needs them. Rows that came another way (through Kafka, say)
//! stay out: which ids are seeded follows from `seed_runs` alone.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use color_eyre::eyre::{Context, Result};
use diesel::prelude::*;
use uuid::Uuid;

use super::schema::{products, users};
use super::seeding::seed_runs;
use crate::domain::date::epoch_days;
use crate::domain::{CustomerStatus, Gender};
use crate::error::Failure;
use crate::generator::World;
use crate::generator::customers::Customer;
use crate::generator::products::Product;
use crate::generator::year::Population;

/// Reads them, in the order of ids.
///
/// # Errors
/// A [`Failure`] when nothing was seeded, or from a catalogue that is not `world`'s.
pub fn seeded_population(conn: &mut PgConnection, world: &World) -> Result<Population> {
    let runs = seed_runs(conn)?;
    if runs.is_empty() {
        return Err(Failure::new("the database has no customers and products yet")
            .help("run `shopstream seed` first; `shopstream seed --as-of YEAR-01-01` for a past year")
            .into());
    }
    let mut seeded_users: HashSet<Uuid> = HashSet::new();
    let mut seeded_products: HashSet<Uuid> = HashSet::new();
    for run in &runs {
        let seed = run.seed as u64;
        seeded_users.extend((0..run.users as u32).map(|i| world.customer_sampler.customer(seed, i, run.as_of).id));
        seeded_products.extend((0..run.products as u32).map(|i| world.product(seed, i, run.as_of).id));
    }
    let mut population = Population {
        customers: read_users(conn, world, &seeded_users)?,
        products: read_products(conn, world, &seeded_products)?,
    };
    population.sort();
    Ok(population)
}

type UserRow = (Uuid, String, NaiveDate, String, String, bool, f64, DateTime<Utc>, DateTime<Utc>);

fn read_users(conn: &mut PgConnection, world: &World, seeded: &HashSet<Uuid>) -> Result<Vec<Customer>> {
    use users as u;
    let rows: Vec<UserRow> = u::table
        .select((
            u::id,
            u::gender,
            u::birth_date,
            u::region,
            u::status,
            u::marketing_agree,
            u::random_seed,
            u::created_at,
            u::last_login_at,
        ))
        .load(conn)
        .wrap_err("cannot read users")?;
    let customer = |(id, gender, birth, region, status, marketing, random_seed, created, login): UserRow| {
        let at = world.names.regions.iter().position(|name| *name == region);
        let at = at.ok_or_else(|| Failure::new(format!("customer {id} lives in the unknown region {region:?}")))?;
        Ok(Customer {
            id,
            index: 0,
            birth: epoch_days(birth),
            created: created.timestamp() as u32,
            last_login: login.timestamp() as u32,
            random_seed,
            gender: gender.parse::<Gender>()?,
            status: status.parse::<CustomerStatus>()?,
            marketing,
            region: at as u8,
        })
    };
    // Whatever else is in the table need not be understood.
    rows.into_iter().filter(|row| seeded.contains(&row.0)).map(customer).collect()
}

type ProductRow = (Uuid, String, i64, bool, DateTime<Utc>, DateTime<Utc>);

fn read_products(conn: &mut PgConnection, world: &World, seeded: &HashSet<Uuid>) -> Result<Vec<Product>> {
    use products as p;
    let rows: Vec<ProductRow> = p::table
        .select((p::id, p::category, p::price, p::is_best, p::created_at, p::withdrawn_at))
        .load(conn)
        .wrap_err("cannot read products")?;
    let product = |(id, category, price, is_best, created, withdrawn): ProductRow| {
        let at = world.names.categories.iter().position(|name| *name == category).ok_or_else(|| {
            Failure::new(format!("product {id} is of the category {category:?}, which the catalogue does not have"))
                .help("give the catalogue that the shop was seeded with: --catalog FILE (and its --scenarios FILE)")
        })?;
        Ok(Product {
            id,
            price,
            index: 0,
            created: created.timestamp() as u32,
            withdrawn: u32::try_from(withdrawn.timestamp()).unwrap_or(u32::MAX),
            category: at as u8,
            is_best,
        })
    };
    rows.into_iter().filter(|row| seeded.contains(&row.0)).map(product).collect()
}
