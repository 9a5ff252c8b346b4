//! The pools: the thousand customers and the thousand products that the shop currently deals with.
//!
//! The definition is the SQL beside this file; its cost follows the size of the pool, not of the tables.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz};
use uuid::Uuid;

use crate::domain::Timestamp;
use crate::domain::labels::label_enum;
use crate::generator::tables::PoolSizes;

label_enum! {
    /// Why a customer is in the pool.
    CustomerPart {
        /// Has bought, long ago.
        Bought = "bought",
        /// Never bought, and is new.
        New = "new",
    }
}

label_enum! {
    /// Why a product is in the pool.
    ProductPart {
        /// One of the most sold.
        Sold = "sold",
        /// One of the newest of the rest.
        Newest = "newest",
        /// Withdrawn, but too few are on sale.
        CalledBack = "called back",
    }
}

#[derive(QueryableByName)]
struct Member {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    part: String,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: Uuid,
}

/// The pool of customers who have signed up by `now`, part by part, each in its order.
///
/// # Errors
/// When the query fails.
pub fn customers(
    conn: &mut PgConnection,
    now: Timestamp,
    sizes: &PoolSizes,
) -> color_eyre::Result<Vec<(Uuid, CustomerPart)>> {
    let members = diesel::sql_query(include_str!("sql/pool_customers.sql"))
        .bind::<Timestamptz, _>(now.to_utc())
        .bind::<BigInt, _>(places(sizes.customers_bought))
        .bind::<BigInt, _>(places(sizes.customers_new))
        .load::<Member>(conn)?;
    members.into_iter().map(|member| Ok((member.id, member.part.parse()?))).collect()
}

/// The pool of products at `now`, part by part, each in its order.
///
/// # Errors
/// When the query fails.
pub fn products(
    conn: &mut PgConnection,
    now: Timestamp,
    sizes: &PoolSizes,
) -> color_eyre::Result<Vec<(Uuid, ProductPart)>> {
    let members = diesel::sql_query(include_str!("sql/pool_products.sql"))
        .bind::<Timestamptz, _>(now.to_utc())
        .bind::<BigInt, _>(places(sizes.products_sold))
        .bind::<BigInt, _>(places(sizes.products_new))
        .load::<Member>(conn)?;
    members.into_iter().map(|member| Ok((member.id, member.part.parse()?))).collect()
}

/// The `size` customers with the lowest `random_seed` of all who have signed up by `now`.
///
/// # Errors
/// When the query fails.
pub fn first_week(conn: &mut PgConnection, now: Timestamp, size: u32) -> color_eyre::Result<Vec<Uuid>> {
    let ids = diesel::sql_query(include_str!("sql/pool_first_week.sql"))
        .bind::<Timestamptz, _>(now.to_utc())
        .bind::<BigInt, _>(i64::from(size))
        .load::<Id>(conn)?;
    Ok(ids.into_iter().map(|row| row.id).collect())
}

/// A number of places as PostgreSQL takes it.
fn places(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
