//! The pools: the thousand customers and the thousand products that the shop currently deals with.
//!
//! The definition is the SQL beside this file; its cost follows the size of the pool, not of the tables.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Text, Timestamptz};
use uuid::Uuid;

use crate::cache::members::{
    CachedCustomer, CachedProduct, CustomerMember, CustomerPart, Pools, ProductMember, ProductPart,
};
use crate::domain::Timestamp;
use crate::generator::tables::PoolSizes;

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

/// Both pools at `now` with all that producers need of each member, read from one snapshot of the database.
///
/// # Errors
/// When a query fails.
pub fn members(conn: &mut PgConnection, now: Timestamp, sizes: &PoolSizes) -> color_eyre::Result<Pools> {
    conn.build_transaction().read_only().repeatable_read().run(|conn| {
        Ok(Pools { customers: customer_members(conn, now, sizes)?, products: product_members(conn, now, sizes)? })
    })
}

#[derive(QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct CustomerRow {
    #[diesel(embed)]
    member: Member,
    #[diesel(sql_type = Text)]
    gender: String,
    #[diesel(sql_type = Date)]
    birth_date: NaiveDate,
    #[diesel(sql_type = Text)]
    region: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Bool)]
    marketing_agree: bool,
    #[diesel(sql_type = Text)]
    grade: String,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

fn customer_members(
    conn: &mut PgConnection,
    now: Timestamp,
    sizes: &PoolSizes,
) -> color_eyre::Result<Vec<CustomerMember>> {
    let query = concat_sql(
        include_str!("sql/pool_customers.sql"),
        "SELECT id, part, gender, birth_date, region, status, marketing_agree, grade, created_at
           FROM pool JOIN users USING (id)",
    );
    let rows = diesel::sql_query(query)
        .bind::<Timestamptz, _>(now.to_utc())
        .bind::<BigInt, _>(places(sizes.customers_bought))
        .bind::<BigInt, _>(places(sizes.customers_new))
        .load::<CustomerRow>(conn)?;
    let member = |row: CustomerRow| {
        let member = CachedCustomer {
            id: row.member.id,
            gender: row.gender.parse()?,
            birth_date: row.birth_date,
            region: row.region,
            status: row.status.parse()?,
            marketing_agree: row.marketing_agree,
            grade: row.grade.parse()?,
            created_at: row.created_at.into(),
        };
        Ok(CustomerMember { member, part: row.member.part.parse()? })
    };
    rows.into_iter().map(member).collect()
}

#[derive(QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct ProductRow {
    #[diesel(embed)]
    member: Member,
    #[diesel(sql_type = Text)]
    category: String,
    #[diesel(sql_type = BigInt)]
    price: i64,
    #[diesel(sql_type = Bool)]
    is_best: bool,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    withdrawn_at: DateTime<Utc>,
}

fn product_members(
    conn: &mut PgConnection,
    now: Timestamp,
    sizes: &PoolSizes,
) -> color_eyre::Result<Vec<ProductMember>> {
    let query = concat_sql(
        include_str!("sql/pool_products.sql"),
        "SELECT id, part, category, price, is_best, created_at, withdrawn_at FROM pool JOIN products USING (id)",
    );
    let rows = diesel::sql_query(query)
        .bind::<Timestamptz, _>(now.to_utc())
        .bind::<BigInt, _>(places(sizes.products_sold))
        .bind::<BigInt, _>(places(sizes.products_new))
        .load::<ProductRow>(conn)?;
    let member = |row: ProductRow| {
        let part: ProductPart = row.member.part.parse()?;
        let member = CachedProduct {
            id: row.member.id,
            category: row.category,
            price: row.price,
            is_best: row.is_best,
            created_at: row.created_at.into(),
            until: (part != ProductPart::CalledBack).then(|| row.withdrawn_at.into()),
        };
        Ok(ProductMember { member, part })
    };
    rows.into_iter().map(member).collect()
}

/// A query over the pool that another query finds.
fn concat_sql(pool: &str, query: &str) -> String {
    format!("WITH pool AS (\n{pool}\n)\n{query}")
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
