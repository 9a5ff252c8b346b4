//! Everything the generator knows before a seed is chosen: tables, catalogue, scenarios, texts, and the samplers made
//! from them.

use super::alias::AliasTable;
use super::catalog::Catalog;
use super::customers::{CustomerSampler, PeopleTexts};
use super::pool::ClassFactors;
use super::scenarios::Scenarios;
use super::tables::{CustomerTables, DemandTables};
use super::toml_file::TomlFile;
use crate::domain::rows::Names;
use crate::error::Failure;

/// A user's own data file: its name for messages, and its text.
#[derive(Clone, Debug)]
pub struct OwnFile {
    /// How messages call it, usually its path.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// The shop's fixed figures and texts.
#[derive(Clone, Debug)]
pub struct World {
    /// Customers, propensity, payment.
    pub customers: CustomerTables,
    /// Demand, carts, money, pools, habits.
    pub demand: DemandTables,
    /// What is sold.
    pub catalog: Catalog,
    /// Shopping events.
    pub scenarios: Scenarios,
    /// Texts that rows refer to by position.
    pub names: Names,
    /// Draws customers.
    pub customer_sampler: CustomerSampler,
    pub(super) people: PeopleTexts,
    /// What a draw from the customers' pool weighs besides the score.
    pub class_factors: ClassFactors,
    pub(super) category_draws: Vec<AliasTable>,
    pub(super) cart_items: AliasTable,
    pub(super) order_status: AliasTable,
    pub(super) payment: Vec<AliasTable>,
    pub(super) hours: AliasTable,
}

impl World {
    /// The specification's shop, or one with the user's own catalogue or scenarios.
    ///
    /// # Errors
    /// A [`Failure`] that names the file, the line and the reason.
    pub fn new(catalog: Option<&OwnFile>, scenarios: Option<&OwnFile>) -> Result<Self, Failure> {
        let customers = CustomerTables::built_in()?;
        let demand = DemandTables::built_in()?;
        let catalog = match catalog {
            Some(own) => Catalog::parse(&TomlFile::new(&own.name, &own.text))?,
            None => Catalog::built_in()?,
        };
        let scenarios = match scenarios {
            Some(own) => Scenarios::parse(&TomlFile::new(&own.name, &own.text), &catalog.ids())?,
            None => Scenarios::built_in(&catalog.ids())?,
        };
        let people = PeopleTexts::built_in(&customers)?;
        let names = Names {
            categories: catalog.categories.iter().map(|category| category.name.clone()).collect(),
            scenarios: scenarios.all.iter().map(|scenario| scenario.id.clone()).collect(),
            regions: customers.region.iter().map(|region| region.name.clone()).collect(),
        };
        let category_draws = scenarios.all.iter().map(|scenario| {
            let frequency = |(at, weight): (usize, &f64)| weight * catalog.categories[at].frequency / 10.0;
            AliasTable::new(&scenario.categories.iter().enumerate().map(frequency).collect::<Vec<_>>())
        });
        Ok(Self {
            customer_sampler: CustomerSampler::new(&customers, &demand.hours),
            class_factors: ClassFactors::new(&scenarios, &customers.propensity),
            category_draws: category_draws.collect(),
            cart_items: AliasTable::new(&demand.cart_items),
            order_status: AliasTable::new(&demand.order_status),
            payment: customers.payment.weights.iter().map(|weights| AliasTable::new(weights)).collect(),
            hours: AliasTable::new(&demand.hours),
            people,
            names,
            scenarios,
            catalog,
            demand,
            customers,
        })
    }
}
