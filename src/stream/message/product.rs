//! A new product.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Message, check_money, check_text, check_time, require};
use crate::domain::Timestamp;
use crate::domain::rows::{Names, Product};

/// A product that has just come into the shop. Money is whole Korean won (KRW).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ProductCreated {
    /// UUIDv7 of its creation.
    pub id: Uuid,
    /// Category.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub category: String,
    /// Invented brand.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub brand: String,
    /// Name as the shop prints it.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub name: String,
    /// A sentence about it.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub description: String,
    /// Price before discount, KRW.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub list_price: i64,
    /// Price now, KRW.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub price: i64,
    /// Per cent off the list price; negative for a pricing mistake.
    #[cfg_attr(test, schemars(range(max = 100)))]
    pub discount_rate: i16,
    /// Pieces in stock.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub stock: i32,
    /// 0 to 5 stars.
    #[cfg_attr(test, schemars(range(min = 0.0, max = 5.0)))]
    pub rating: f64,
    /// Number of reviews.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub review_count: i32,
    /// More than 1,000 reviews and rated over 4.5.
    pub is_best: bool,
    /// First day on sale.
    pub created_at: Timestamp,
    /// When it leaves the shop; may lie ahead.
    pub withdrawn_at: Timestamp,
}

impl ProductCreated {
    /// The message that makes a row.
    #[must_use]
    pub fn of_row(product: Product, names: &Names) -> Self {
        Self {
            id: product.id,
            category: names.categories[usize::from(product.category)].clone(),
            brand: product.brand.as_ref().to_owned(),
            name: product.name,
            description: product.description,
            list_price: product.list_price,
            price: product.price,
            discount_rate: product.discount_rate,
            stock: product.stock,
            rating: product.rating,
            review_count: product.review_count,
            is_best: product.is_best,
            created_at: product.created_at,
            withdrawn_at: product.withdrawn_at,
        }
    }
}

impl Message for ProductCreated {
    const TYPE: &'static str = "shopstream.product.created.v1";

    fn id(&self) -> Uuid {
        self.id
    }

    fn key(&self) -> Uuid {
        self.id
    }

    fn time(&self) -> Timestamp {
        self.created_at
    }

    fn check(&self) -> Result<(), String> {
        let texts = [
            ("category", &self.category),
            ("brand", &self.brand),
            ("name", &self.name),
            ("description", &self.description),
        ];
        for (field, text) in texts {
            check_text(field, text)?;
        }
        check_time("created_at", self.created_at)?;
        check_time("withdrawn_at", self.withdrawn_at)?;
        check_money("list_price", self.list_price)?;
        check_money("price", self.price)?;
        require(self.list_price > 0, || format!("list_price is {}", self.list_price))?;
        let least_zero =
            [("price", self.price), ("stock", self.stock.into()), ("review_count", self.review_count.into())];
        for (field, value) in least_zero {
            require(value >= 0, || format!("{field} is {value}"))?;
        }
        require(self.discount_rate <= 100, || format!("discount_rate is {}", self.discount_rate))?;
        require((0.0..=5.0).contains(&self.rating), || format!("rating is {}", self.rating))?;
        require(self.withdrawn_at > self.created_at, || "withdrawn_at is not after created_at".to_owned())
    }
}
