//! Customers and products: a row a message.

use std::collections::HashSet;

use color_eyre::eyre::Result;
use diesel::PgConnection;
use diesel::prelude::*;
use uuid::Uuid;

use super::{Counters, Fate, Handler};
use crate::db::copy::{CopyBuffer, CopyRow, copy_in};
use crate::db::storing;
use crate::domain::rows::Names;
use crate::stream::message::{Message, ProductCreated, UserCreated};

/// Sign-ups become customers.
#[derive(Debug, Default)]
pub struct Users;

/// New products become products.
#[derive(Debug, Default)]
pub struct Products;

impl Handler for Users {
    type Message = UserCreated;
    const PARKS: bool = false;

    fn store(&mut self, conn: &mut PgConnection, batch: &[&UserCreated], _: Counters) -> Result<Vec<Fate>> {
        store_rows(conn, batch, storing::known_users)
    }

    fn forget(&mut self) {}
}

impl Handler for Products {
    type Message = ProductCreated;
    const PARKS: bool = false;

    fn store(&mut self, conn: &mut PgConnection, batch: &[&ProductCreated], _: Counters) -> Result<Vec<Fate>> {
        store_rows(conn, batch, storing::known_products)
    }

    fn forget(&mut self) {}
}

fn store_rows<M: Message + CopyRow>(
    conn: &mut PgConnection,
    batch: &[&M],
    known: fn(&mut PgConnection, &[Uuid]) -> QueryResult<Vec<Uuid>>,
) -> Result<Vec<Fate>> {
    let ids: Vec<Uuid> = batch.iter().map(|message| message.id()).collect();
    let mut seen: HashSet<Uuid> = known(conn, &ids)?.into_iter().collect();
    let (names, mut buffer) = (Names::default(), CopyBuffer::<M>::default());
    let mut fates = Vec::with_capacity(batch.len());
    for message in batch {
        // The first of a batch counts; whatever comes again changes nothing.
        fates.push(if seen.insert(message.id()) {
            buffer.push(message, &names);
            Fate::Stored
        } else {
            Fate::Known
        });
    }
    if buffer.rows() > 0 {
        copy_in::<M, _>(conn, [&buffer])?;
    }
    Ok(fates)
}
