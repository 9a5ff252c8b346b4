//! The customers and products that a year is made with.

use chrono::NaiveDate;

use crate::domain::Timestamp;
use crate::generator::World;
use crate::generator::customers::Customer;
use crate::generator::products::Product;

/// The shop's customers and products, each in the order of ids.
#[derive(Clone, Debug, Default)]
pub struct Population {
    /// Customers.
    pub customers: Vec<Customer>,
    /// Products.
    pub products: Vec<Product>,
}

impl Population {
    /// The first `customers` customers and `products` products of a seed.
    #[must_use]
    pub fn generate(world: &World, seed: u64, as_of: NaiveDate, customers: u32, products: u32) -> Self {
        let mut all = Self {
            customers: (0..customers).map(|index| world.customer_sampler.customer(seed, index, as_of)).collect(),
            products: (0..products).map(|index| world.product(seed, index, as_of)).collect(),
        };
        all.sort();
        all
    }

    /// Puts both into the order of ids, on which every draw of a year depends.
    pub fn sort(&mut self) {
        // As numbers the ids have the same order, and compare faster than as bytes.
        self.customers.sort_unstable_by_key(|customer| customer.id.as_u128());
        self.products.sort_unstable_by_key(|product| product.id.as_u128());
    }

    /// How many customers and products there are at `now`.
    #[must_use]
    pub fn present(&self, now: Timestamp) -> (usize, usize) {
        let by = |created: u32| i64::from(created) <= now.secs();
        (
            self.customers.iter().filter(|customer| by(customer.created)).count(),
            self.products.iter().filter(|product| by(product.created)).count(),
        )
    }
}
