//! One digest of a thing's content, the same whether it is taken from the message or from the rows it became.
//!
//! An order's digest is the sum of its own and its lines', so that rows may be met in any order: what is left when all of
//! them are taken off again is zero, or something was altered. What a shop changes itself (a grade, a last login, a
//! counter) is left out.

use chrono::NaiveDate;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

use crate::domain::Timestamp;
use crate::domain::date::epoch_days;
use crate::stream::message::{OrderCreated, OrderLine, ProductCreated, UserCreated};

/// The low bits of a digest stay free for the marks of [`super::ledger`].
pub const MARK_BITS: u32 = 8;

/// What an id is found by.
#[must_use]
pub fn id_digest(id: Uuid) -> u64 {
    xxh3_64(id.as_bytes())
}

/// Collects a thing's fields, and makes a digest of them; reusable.
#[derive(Debug, Default)]
pub struct Digester {
    bytes: Vec<u8>,
}

impl Digester {
    fn text(&mut self, text: &str) -> &mut Self {
        self.int(text.len() as i64).bytes.extend_from_slice(text.as_bytes());
        self
    }

    fn int(&mut self, number: impl Into<i64>) -> &mut Self {
        self.bytes.extend_from_slice(&number.into().to_le_bytes());
        self
    }

    fn float(&mut self, number: f64) -> &mut Self {
        self.bytes.extend_from_slice(&number.to_bits().to_le_bytes());
        self
    }

    fn uuid(&mut self, id: Uuid) -> &mut Self {
        self.bytes.extend_from_slice(id.as_bytes());
        self
    }

    fn time(&mut self, at: Timestamp) -> &mut Self {
        self.int(at.micros())
    }

    fn finish(&mut self) -> u64 {
        let digest = xxh3_64(&self.bytes) >> MARK_BITS << MARK_BITS;
        self.bytes.clear();
        digest
    }

    /// The digest of an order without its lines.
    pub fn order(&mut self, order: &OrderFields<'_>) -> u64 {
        self.uuid(order.user_id).time(order.created_at).int(order.item_count);
        for amount in [order.subtotal, order.discount_amount, order.shipping_fee, order.total_amount] {
            self.int(amount);
        }
        for label in order.labels {
            self.text(label);
        }
        self.finish()
    }

    /// The digest of one line of an order.
    pub fn line(&mut self, line: &LineFields<'_>) -> u64 {
        self.int(line.line_no).uuid(line.product_id).text(line.category).int(line.quantity);
        self.int(line.unit_price).int(line.discount_amount).int(line.line_amount).finish()
    }

    /// The digest of a customer.
    pub fn user(&mut self, user: &UserFields<'_>) -> u64 {
        for text in user.texts {
            self.text(text);
        }
        let birth = epoch_days(user.birth_date);
        self.int(birth).int(user.marketing_agree).float(user.random_seed).time(user.created_at).finish()
    }

    /// The digest of a product.
    pub fn product(&mut self, product: &ProductFields<'_>) -> u64 {
        for text in product.texts {
            self.text(text);
        }
        for number in product.numbers {
            self.int(number);
        }
        self.float(product.rating).int(product.is_best);
        self.time(product.created_at).time(product.withdrawn_at).finish()
    }

    /// The digest of an amount as PostgreSQL writes a number without trailing zeros: all that is compared of an order
    /// in somebody else's table.
    pub fn amount(&mut self, amount: &str) -> u64 {
        self.text(amount).finish()
    }

    /// The digest of everything an order's message says.
    pub fn order_message(&mut self, order: &OrderCreated) -> u64 {
        let head = self.order(&OrderFields::of(order));
        order.items.iter().fold(head, |sum, line| sum.wrapping_add(self.line(&LineFields::of(line))))
    }
}

/// An order without its lines.
#[derive(Clone, Copy, Debug)]
pub struct OrderFields<'a> {
    /// The buyer.
    pub user_id: Uuid,
    /// When it was placed.
    pub created_at: Timestamp,
    /// Number of lines.
    pub item_count: i16,
    /// KRW.
    pub subtotal: i64,
    /// KRW.
    pub discount_amount: i64,
    /// KRW.
    pub shipping_fee: i64,
    /// KRW.
    pub total_amount: i64,
    /// Status, payment method, scenario, region, gender, age group, grade.
    pub labels: [&'a str; 7],
}

impl<'a> OrderFields<'a> {
    fn of(order: &'a OrderCreated) -> Self {
        Self {
            user_id: order.user_id,
            created_at: order.created_at,
            item_count: order.item_count,
            subtotal: order.subtotal,
            discount_amount: order.discount_amount,
            shipping_fee: order.shipping_fee,
            total_amount: order.total_amount,
            labels: [
                order.status.as_str(),
                order.payment_method.as_str(),
                &order.scenario,
                &order.region,
                order.gender.as_str(),
                order.age_group.as_str(),
                order.grade.as_str(),
            ],
        }
    }
}

/// A line of an order.
#[derive(Clone, Copy, Debug)]
pub struct LineFields<'a> {
    /// Place within the order.
    pub line_no: i16,
    /// The product.
    pub product_id: Uuid,
    /// Its category.
    pub category: &'a str,
    /// Pieces.
    pub quantity: i16,
    /// KRW.
    pub unit_price: i64,
    /// KRW.
    pub discount_amount: i64,
    /// KRW.
    pub line_amount: i64,
}

impl<'a> LineFields<'a> {
    fn of(line: &'a OrderLine) -> Self {
        Self {
            line_no: line.line_no,
            product_id: line.product_id,
            category: &line.category,
            quantity: line.quantity,
            unit_price: line.unit_price,
            discount_amount: line.discount_amount,
            line_amount: line.line_amount,
        }
    }
}

/// What the shop never changes of a customer.
#[derive(Clone, Copy, Debug)]
pub struct UserFields<'a> {
    /// Name, gender, e-mail, region, address, status.
    pub texts: [&'a str; 6],
    /// Day of birth.
    pub birth_date: NaiveDate,
    /// Whether marketing mail is welcome.
    pub marketing_agree: bool,
    /// 0 to 1.
    pub random_seed: f64,
    /// Sign-up.
    pub created_at: Timestamp,
}

impl<'a> From<&'a UserCreated> for UserFields<'a> {
    fn from(user: &'a UserCreated) -> Self {
        let (gender, status) = (user.gender.as_str(), user.status.as_str());
        Self {
            texts: [&user.name, gender, &user.email, &user.region, &user.address, status],
            birth_date: user.birth_date,
            marketing_agree: user.marketing_agree,
            random_seed: user.random_seed,
            created_at: user.created_at,
        }
    }
}

/// What the shop never changes of a product.
#[derive(Clone, Copy, Debug)]
pub struct ProductFields<'a> {
    /// Category, brand, name, description.
    pub texts: [&'a str; 4],
    /// List price, price, discount rate, stock, reviews.
    pub numbers: [i64; 5],
    /// Stars.
    pub rating: f64,
    /// Whether it is marked as best.
    pub is_best: bool,
    /// First day on sale.
    pub created_at: Timestamp,
    /// When it leaves the shop.
    pub withdrawn_at: Timestamp,
}

impl<'a> From<&'a ProductCreated> for ProductFields<'a> {
    fn from(product: &'a ProductCreated) -> Self {
        let (rate, stock, reviews) = (product.discount_rate.into(), product.stock.into(), product.review_count.into());
        Self {
            texts: [&product.category, &product.brand, &product.name, &product.description],
            numbers: [product.list_price, product.price, rate, stock, reviews],
            rating: product.rating,
            is_best: product.is_best,
            created_at: product.created_at,
            withdrawn_at: product.withdrawn_at,
        }
    }
}
