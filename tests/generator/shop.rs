//! Shops and years that several tests look at, each made once.

use std::collections::HashMap;
use std::sync::OnceLock;

use chrono::NaiveDate;
use shopstream::backfill::request::DEFAULT_SEED;
use shopstream::domain::Timestamp;
use shopstream::domain::rows::{GradeChange, Order, OrderItem};
use shopstream::generator::World;
use shopstream::generator::year::{Batch, CustomerEnd, Population, ProductEnd, Year, YearParams};
use uuid::Uuid;

pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| World::new(None, None).unwrap())
}

pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

pub fn midnight(day: NaiveDate) -> Timestamp {
    Timestamp::business_midnight(day)
}

/// A year with everything it made.
pub struct Made {
    pub params: YearParams,
    pub population: Population,
    pub orders: Vec<Order>,
    pub items: Vec<OrderItem>,
    pub changes: Vec<GradeChange>,
    pub customer_ends: Vec<CustomerEnd>,
    pub product_ends: Vec<ProductEnd>,
}

impl Made {
    pub fn new(population: Population, params: YearParams) -> Self {
        let (mut orders, mut items, mut changes) = (Vec::new(), Vec::new(), Vec::new());
        let mut year = Year::new(world(), &population, params);
        let mut batch = Batch::default();
        while year.next(&mut batch) {
            orders.extend_from_slice(&batch.orders);
            items.extend_from_slice(&batch.items);
            changes.extend_from_slice(&batch.grade_changes);
        }
        let customer_ends = (0..population.customers.len()).map(|at| year.customer_end(at)).collect();
        let product_ends = (0..population.products.len()).map(|at| year.product_end(at)).collect();
        Self { params, orders, items, changes, customer_ends, product_ends, population }
    }

    /// Each order with its lines.
    pub fn carts(&self) -> impl Iterator<Item = (&Order, &[OrderItem])> {
        let mut at = 0;
        self.orders.iter().map(move |order| {
            let lines = &self.items[at..at + order.item_count as usize];
            at += lines.len();
            (order, lines)
        })
    }

    /// Positions of the customers by id.
    pub fn customers_by_id(&self) -> HashMap<Uuid, usize> {
        self.population.customers.iter().enumerate().map(|(at, customer)| (customer.id, at)).collect()
    }

    /// Positions of the products by id.
    pub fn products_by_id(&self) -> HashMap<Uuid, usize> {
        self.population.products.iter().enumerate().map(|(at, product)| (product.id, at)).collect()
    }
}

pub fn params(year: i32, orders: u64, seed: u64, habits: bool) -> YearParams {
    YearParams { year, orders, seed, habits, until: None, run_id: Some(Uuid::from_u128(7)) }
}

/// A seed's customers and products, as of the end of `year`.
pub fn population(year: i32, seed: u64, customers: u32, products: u32) -> Population {
    Population::generate(world(), seed, day(year + 1, 1, 1), customers, products)
}

/// The specification's own example, of the default seed: 50,000 orders of 10,000 customers and 20,000 products in 2025.
pub fn year_2025() -> &'static Made {
    static YEAR: OnceLock<Made> = OnceLock::new();
    YEAR.get_or_init(|| {
        Made::new(population(2025, DEFAULT_SEED, 10_000, 20_000), params(2025, 50_000, DEFAULT_SEED, true))
    })
}

/// The same with `--habits off`.
pub fn year_2025_without_habits() -> &'static Made {
    static YEAR: OnceLock<Made> = OnceLock::new();
    YEAR.get_or_init(|| {
        Made::new(population(2025, DEFAULT_SEED, 10_000, 20_000), params(2025, 50_000, DEFAULT_SEED, false))
    })
}
