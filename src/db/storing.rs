//! Rows that came through Kafka: which are there already, and the counters that follow from orders.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::schema::{orders, products, users};
use crate::domain::Timestamp;

/// Those of the orders that are stored.
///
/// # Errors
/// When the query fails.
pub fn known_orders(conn: &mut PgConnection, ids: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    orders::table.filter(orders::id.eq_any(ids)).select(orders::id).load(conn)
}

/// Those of the customers who are stored.
///
/// # Errors
/// When the query fails.
pub fn known_users(conn: &mut PgConnection, ids: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    users::table.filter(users::id.eq_any(ids)).select(users::id).load(conn)
}

/// Those of the products that are stored.
///
/// # Errors
/// When the query fails.
pub fn known_products(conn: &mut PgConnection, ids: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    products::table.filter(products::id.eq_any(ids)).select(products::id).load(conn)
}

/// What a batch of orders means for customers and products; kept in key order, in which rows are locked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    customers: BTreeMap<Uuid, Timestamp>,
    products: BTreeMap<Uuid, (i64, Timestamp)>,
}

impl Effects {
    /// A customer has ordered.
    pub fn ordered(&mut self, customer: Uuid, at: Timestamp) {
        let latest = self.customers.entry(customer).or_insert(at);
        *latest = at.max(*latest);
    }

    /// An item of a product was ordered.
    pub fn sold(&mut self, product: Uuid, at: Timestamp) {
        let (items, latest) = self.products.entry(product).or_insert((0, at));
        *items += 1;
        *latest = at.max(*latest);
    }

    /// Writes them: customers first, as everybody who locks both does.
    ///
    /// # Errors
    /// When a query fails.
    pub fn apply(&self, conn: &mut PgConnection) -> QueryResult<()> {
        let utc = |at: &Timestamp| -> DateTime<Utc> { at.to_utc() };
        if !self.customers.is_empty() {
            let ids: Vec<&Uuid> = self.customers.keys().collect();
            let times: Vec<_> = self.customers.values().map(utc).collect();
            diesel::sql_query(include_str!("sql/customers_ordered.sql"))
                .bind::<Array<SqlUuid>, _>(ids)
                .bind::<Array<Timestamptz>, _>(times)
                .execute(conn)?;
        }
        let sold: Vec<Sale> = self.products.iter().map(|(id, (items, at))| (*id, *items, utc(at))).collect();
        if !sold.is_empty() {
            products_sold(conn, &sold)?;
        }
        Ok(())
    }
}

/// A product, how many order items of it, and the latest order of them.
pub type Sale = (Uuid, i64, DateTime<Utc>);

/// Counts products that were sold.
///
/// # Errors
/// When the query fails.
pub fn products_sold(conn: &mut PgConnection, sold: &[Sale]) -> QueryResult<()> {
    diesel::sql_query(include_str!("sql/products_sold.sql"))
        .bind::<Array<SqlUuid>, _>(sold.iter().map(|sale| sale.0).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(sold.iter().map(|sale| sale.1).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(sold.iter().map(|sale| sale.2).collect::<Vec<_>>())
        .execute(conn)
        .map(drop)
}
