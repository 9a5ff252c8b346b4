//! The fixed tables: customers, propensity, payment, demand, money, pools, habits. They are data files compiled in.

use serde::Deserialize;

use super::toml_file::TomlFile;
use crate::domain::{AgeGroup, CustomerStatus, Gender, Grade};
use crate::error::Failure;

const CUSTOMERS: &str = include_str!("data/customers.toml");
const DEMAND: &str = include_str!("data/demand.toml");

/// Who the customers are, how willing they are to buy, and how they pay (`data/customers.toml`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerTables {
    /// Distributions of a customer's attributes.
    pub shares: Shares,
    /// Regions, in the order of [`crate::domain::rows::Names::regions`].
    pub region: Vec<Region>,
    /// Points and factors of the propensity score.
    pub propensity: Propensity,
    /// How each age group pays.
    pub payment: PaymentWeights,
}

/// Distributions of a customer's attributes; weights, in the order of the enums.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// F, M.
    pub gender: [f64; 2],
    /// Age groups.
    pub age_group: [f64; 5],
    /// ACTIVE, DORMANT.
    pub status: [f64; 2],
    /// Probability of welcoming marketing mail.
    pub marketing_agree: f64,
    /// Years before as-of over which customers signed up.
    pub sign_up_years: u32,
    /// Youngest and oldest age of each group, in completed years on as-of.
    pub age_years: [[u32; 2]; 5],
}

/// A region of the country.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Its Korean name, as stored.
    pub name: String,
    /// Its share of customers.
    pub weight: f64,
    /// Whether delivery crosses the sea.
    #[serde(default)]
    pub island: bool,
}

/// The propensity score.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Propensity {
    age_group: [f64; 5],
    gender: [f64; 2],
    status: [f64; 2],
    marketing: [f64; 2],
    grade: [f64; 4],
    /// For those who welcome marketing mail, drawn at each refresh of the pool.
    pub marketing_boost: MarketingBoost,
    /// Something that makes one buy more, drawn at each refresh of the pool.
    pub life_event: LifeEvent,
    hours: [[f64; 24]; 5],
}

/// A factor that comes up with some probability.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketingBoost {
    /// The factor.
    pub factor: f64,
    /// Its probability.
    pub probability: f64,
}

/// Factors and their weights.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifeEvent {
    /// The factor on the score; a cart is the largest of (1, 2, 3) draws.
    pub factors: [f64; 3],
    /// How often each comes up.
    pub weights: [f64; 3],
}

impl Propensity {
    /// The points of somebody: age + gender + status + marketing + grade.
    #[must_use]
    pub fn points(&self, age: AgeGroup, gender: Gender, status: CustomerStatus, marketing: bool, grade: Grade) -> f64 {
        self.age_group[usize::from(age.code())]
            + self.gender[usize::from(gender.code())]
            + self.status[usize::from(status.code())]
            + self.marketing[usize::from(!marketing)]
            + self.grade[usize::from(grade.code())]
    }

    /// The factor of an age group in an hour (0–23) of business time.
    #[must_use]
    pub fn hour_factor(&self, age: AgeGroup, hour: usize) -> f64 {
        self.hours[usize::from(age.code())][hour % 24]
    }
}

/// How each age group pays.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentWeights {
    /// Card, NaverPay, KakaoPay, Bank; one row an age group.
    pub weights: [[f64; 4]; 5],
}

/// Demand, carts, money, pools and habits (`data/demand.toml`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemandTables {
    /// Orders by hour of business time.
    pub hours: [f64; 24],
    /// Monday to Sunday.
    pub weekdays: [f64; 7],
    /// How orders grow from January to December.
    pub growth: Growth,
    /// Weights of carts with 1, 2, … lines.
    pub cart_items: [f64; 10],
    /// COMPLETED, CANCELLED, REFUNDED.
    pub order_status: [f64; 3],
    /// Discounts and shipping.
    pub money: Money,
    /// Sizes of the pools.
    pub pool: PoolSizes,
    /// Who comes back.
    pub habits: HabitFigures,
    /// How much products are liked.
    pub appeal: AppealFigures,
}

/// Month i of 0–11 gets a share proportional to first + rise × (i/11)^bend.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Growth {
    first: f64,
    rise: f64,
    bend: f64,
}

impl Growth {
    /// The twelve months' weights.
    #[must_use]
    pub fn months(&self) -> [f64; 12] {
        std::array::from_fn(|i| self.first + self.rise * libm::pow(i as f64 / 11.0, self.bend))
    }
}

/// Discounts and shipping; amounts in KRW.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// A line's discount is uniform below this part of quantity × unit price.
    pub line_discount_permille: i64,
    /// What delivery costs.
    pub shipping_fee: i64,
    /// The subtotal from which it is free.
    pub free_shipping_from: i64,
    /// What delivery to an island costs on top, in any case.
    pub island_surcharge: i64,
}

/// Sizes of the pools.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolSizes {
    /// Customers who have bought, longest ago first.
    pub customers_bought: usize,
    /// Customers who never bought, newest first.
    pub customers_new: usize,
    /// Products by number of sales.
    pub products_sold: usize,
    /// Newest products.
    pub products_new: usize,
    /// Orders of the simulated year that one pool serves at most.
    pub orders_a_refresh: usize,
    /// Days at the start of the year without a purchase history to go by.
    pub first_days: usize,
}

impl PoolSizes {
    /// Customers in a full pool.
    #[must_use]
    pub const fn customers(&self) -> usize {
        self.customers_bought + self.customers_new
    }

    /// Products in a full pool.
    #[must_use]
    pub const fn products(&self) -> usize {
        self.products_sold + self.products_new
    }
}

/// Figures of the habits; see [`super::habits`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HabitFigures {
    /// Probability of coming back after an order.
    pub loyalty: Loyalty,
    /// Days until then.
    pub rhythm: Rhythm,
    /// Spread of a single visit around the rhythm.
    pub visit_spread: f64,
    /// Part of a day's orders that visits may serve.
    pub share_of_orders: f64,
}

/// Beta(alpha, beta), at most `most`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loyalty {
    /// First parameter.
    pub alpha: f64,
    /// Second parameter.
    pub beta: f64,
    /// Upper limit.
    pub most: f64,
}

/// days × exp(spread × Z − pull × (L − centre)), within least–most days.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rhythm {
    /// Typical number of days.
    pub days: f64,
    /// Spread among customers.
    pub spread: f64,
    /// How much sooner loyal customers come back.
    pub loyalty_pull: f64,
    /// The loyalty at which the pull is nil.
    pub loyalty_centre: f64,
    /// Lower limit, days.
    pub least: f64,
    /// Upper limit, days.
    pub most: f64,
}

/// exp(spread × Z), times `best_factor` for best sellers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppealFigures {
    /// Spread among products.
    pub spread: f64,
    /// Factor for `is_best`.
    pub best_factor: f64,
}

impl CustomerTables {
    /// The tables compiled in.
    ///
    /// # Errors
    /// When the file does not parse, which a test rules out.
    pub fn built_in() -> Result<Self, Failure> {
        TomlFile::new("customers.toml", CUSTOMERS).parse()
    }
}

impl DemandTables {
    /// The tables compiled in.
    ///
    /// # Errors
    /// When the file does not parse, which a test rules out.
    pub fn built_in() -> Result<Self, Failure> {
        TomlFile::new("demand.toml", DEMAND).parse()
    }
}
