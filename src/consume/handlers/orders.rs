//! Orders: an order, its items, and the counters of whoever bought and whatever was bought.

use std::collections::HashSet;

use color_eyre::eyre::Result;
use diesel::PgConnection;
use diesel::prelude::*;
use uuid::Uuid;

use super::{Counters, Fate, Handler};
use crate::db::copy::{CopyBuffer, copy_in};
use crate::db::storing::{self, Effects};
use crate::domain::rows::Names;
use crate::stream::message::{ItemOf, Message, OrderCreated};

/// Ids remembered at most, of customers and of products each: 16 bytes and some.
const MOST_REMEMBERED: usize = 500_000;
/// Bytes of an order's row and of its items' rows, roughly.
const ORDER_BYTES: usize = 320;
const ITEMS_BYTES: usize = 500;

/// Carts become orders.
#[derive(Debug, Default)]
pub struct Orders {
    users: Remembered,
    products: Remembered,
}

/// Ids that are known to be in a table. Nobody deletes customers or products; should somebody, the foreign key tells.
#[derive(Debug, Default)]
struct Remembered(HashSet<Uuid>);

impl Remembered {
    /// Looks up those that are not remembered.
    fn learn(
        &mut self,
        conn: &mut PgConnection,
        ids: impl Iterator<Item = Uuid>,
        known: fn(&mut PgConnection, &[Uuid]) -> QueryResult<Vec<Uuid>>,
    ) -> QueryResult<()> {
        let ids: HashSet<Uuid> = ids.collect();
        if self.0.len() + ids.len() > MOST_REMEMBERED {
            self.0.clear();
        }
        let unknown: Vec<Uuid> = ids.into_iter().filter(|id| !self.0.contains(id)).collect();
        self.0.extend(known(conn, &unknown)?);
        Ok(())
    }
}

impl Handler for Orders {
    type Message = OrderCreated;
    const PARKS: bool = true;

    fn store(&mut self, conn: &mut PgConnection, batch: &[&OrderCreated], counters: Counters) -> Result<Vec<Fate>> {
        let ids: Vec<Uuid> = batch.iter().map(|order| order.id()).collect();
        let mut seen: HashSet<Uuid> = storing::known_orders(conn, &ids)?.into_iter().collect();
        let product_ids = batch.iter().flat_map(|order| &order.items).map(|line| line.product_id);
        self.users.learn(conn, batch.iter().map(|order| order.user_id), storing::known_users)?;
        self.products.learn(conn, product_ids, storing::known_products)?;

        let names = Names::default();
        let mut orders_copy = CopyBuffer::<OrderCreated>::with_capacity(batch.len() * ORDER_BYTES);
        let mut items_copy = CopyBuffer::<ItemOf<'_>>::with_capacity(batch.len() * ITEMS_BYTES);
        let mut effects = Effects::default();
        let mut fates = Vec::with_capacity(batch.len());
        for order in batch {
            if seen.contains(&order.id) {
                fates.push(Fate::Known);
                continue;
            }
            let missing = self.missing(order);
            if !missing.is_empty() {
                fates.push(Fate::Orphan(missing));
                continue;
            }
            seen.insert(order.id);
            orders_copy.push(order, &names);
            effects.ordered(order.user_id, order.created_at);
            for line in &order.items {
                items_copy.push(&ItemOf { order_id: order.id, line }, &names);
                effects.sold(line.product_id, order.created_at);
            }
            fates.push(Fate::Stored);
        }
        if orders_copy.rows() > 0 {
            copy_in::<OrderCreated, _>(conn, [&orders_copy])?;
            copy_in::<ItemOf<'_>, _>(conn, [&items_copy])?;
            // Last, for these rows are hot: whoever waits for them waits only for the end of the transaction.
            if counters == Counters::Update {
                effects.apply(conn)?;
            }
        }
        Ok(fates)
    }

    fn forget(&mut self) {
        self.users.0.clear();
        self.products.0.clear();
    }
}

impl Orders {
    fn missing(&self, order: &OrderCreated) -> Vec<Uuid> {
        let user = Some(order.user_id).filter(|id| !self.users.0.contains(id));
        let products = order.items.iter().map(|line| line.product_id).filter(|id| !self.products.0.contains(id));
        let missing: HashSet<Uuid> = user.into_iter().chain(products).collect();
        missing.into_iter().collect()
    }
}
