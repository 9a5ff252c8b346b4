//! An order: the whole cart in one message.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Message, check_money, check_text, check_time, require};
use crate::domain::rows::{Names, Order, OrderItem};
use crate::domain::{AgeGroup, Gender, Grade, OrderStatus, Payment, Timestamp};
use crate::generator::cart::MOST_LINES;

/// One checkout, with a snapshot of the buyer at that moment. Money is whole Korean won (KRW).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OrderCreated {
    /// UUIDv7 of the checkout.
    pub id: Uuid,
    /// The buyer.
    pub user_id: Uuid,
    /// When it was placed.
    pub created_at: Timestamp,
    /// What became of it.
    pub status: OrderStatus,
    /// How it was paid.
    pub payment_method: Payment,
    /// Number of lines, 1 to 10.
    #[cfg_attr(test, schemars(range(min = 1, max = 10)))]
    pub item_count: i16,
    /// Sum of quantity × unit price, KRW.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub subtotal: i64,
    /// Sum of the lines' discounts, KRW.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub discount_amount: i64,
    /// Shipping, KRW.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub shipping_fee: i64,
    /// What was paid, KRW: subtotal − discount_amount + shipping_fee.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub total_amount: i64,
    /// Id of the scenario it followed.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub scenario: String,
    /// The buyer's region, by its Korean name.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub region: String,
    /// The buyer's gender.
    pub gender: Gender,
    /// The buyer's age group on that day.
    pub age_group: AgeGroup,
    /// The buyer's grade at that moment.
    pub grade: Grade,
    /// The cart.
    #[cfg_attr(test, schemars(length(min = 1, max = 10)))]
    pub items: Vec<OrderLine>,
}

/// One product line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OrderLine {
    /// Place within the order, 1 to 10.
    #[cfg_attr(test, schemars(range(min = 1, max = 10)))]
    pub line_no: i16,
    /// The product.
    pub product_id: Uuid,
    /// The product's category.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub category: String,
    /// Pieces, at least 1.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub quantity: i16,
    /// The product's price, KRW.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub unit_price: i64,
    /// Discount on the line, KRW.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub discount_amount: i64,
    /// quantity × unit_price − discount_amount, KRW.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub line_amount: i64,
}

impl OrderCreated {
    /// The message that makes an order's rows.
    #[must_use]
    pub fn of_rows(order: &Order, items: &[OrderItem], names: &Names) -> Self {
        let line = |item: &OrderItem| OrderLine {
            line_no: item.line_no,
            product_id: item.product_id,
            category: names.categories[usize::from(item.category)].clone(),
            quantity: item.quantity,
            unit_price: item.unit_price,
            discount_amount: item.discount_amount,
            line_amount: item.line_amount,
        };
        Self {
            id: order.id,
            user_id: order.user_id,
            created_at: order.created_at,
            status: order.status,
            payment_method: order.payment_method,
            item_count: order.item_count,
            subtotal: order.subtotal,
            discount_amount: order.discount_amount,
            shipping_fee: order.shipping_fee,
            total_amount: order.total_amount,
            scenario: names.scenarios[usize::from(order.scenario)].clone(),
            region: names.regions[usize::from(order.region)].clone(),
            gender: order.gender,
            age_group: order.age_group,
            grade: order.grade,
            items: items.iter().map(line).collect(),
        }
    }
}

impl Message for OrderCreated {
    const TYPE: &'static str = "shopstream.order.created.v1";

    fn id(&self) -> Uuid {
        self.id
    }

    fn key(&self) -> Uuid {
        self.user_id
    }

    fn time(&self) -> Timestamp {
        self.created_at
    }

    fn check(&self) -> Result<(), String> {
        check_time("created_at", self.created_at)?;
        check_text("scenario", &self.scenario)?;
        check_text("region", &self.region)?;
        let lines = self.items.len();
        require((1..=MOST_LINES).contains(&lines), || format!("an order has 1 to {MOST_LINES} items, not {lines}"))?;
        require(usize::try_from(self.item_count) == Ok(lines), || {
            format!("item_count is {}, with {lines} items", self.item_count)
        })?;
        let mut seen = [false; MOST_LINES + 1];
        // Sums of untrusted numbers: they must not wrap around to something plausible.
        let (mut subtotal, mut discount) = (0_i128, 0_i128);
        for line in &self.items {
            let at = usize::try_from(line.line_no).ok().filter(|at| (1..=MOST_LINES).contains(at));
            let at = at.ok_or_else(|| format!("line_no {} is not within 1 to {MOST_LINES}", line.line_no))?;
            require(!std::mem::replace(&mut seen[at], true), || format!("line_no {at} is there twice"))?;
            line.check()?;
            subtotal += line.gross();
            discount += i128::from(line.discount_amount);
        }
        check_money("shipping_fee", self.shipping_fee)?;
        check_money("subtotal", self.subtotal)?;
        let sums = [
            ("subtotal", self.subtotal, subtotal),
            ("discount_amount", self.discount_amount, discount),
            ("total_amount", self.total_amount, subtotal - discount + i128::from(self.shipping_fee)),
        ];
        for (field, given, sum) in sums {
            require(i128::from(given) == sum, || format!("{field} is {given}; the rest makes it {sum}"))?;
        }
        Ok(())
    }
}

impl OrderLine {
    fn gross(&self) -> i128 {
        i128::from(self.quantity) * i128::from(self.unit_price)
    }

    fn check(&self) -> Result<(), String> {
        let at = self.line_no;
        check_text("category", &self.category)?;
        require(self.quantity >= 1, || format!("quantity of line {at} is {}", self.quantity))?;
        for (field, value) in [
            ("unit_price", self.unit_price),
            ("discount_amount", self.discount_amount),
            ("line_amount", self.line_amount),
        ] {
            require(value >= 0, || format!("{field} of line {at} is {value}"))?;
        }
        let sum = self.gross() - i128::from(self.discount_amount);
        require(i128::from(self.line_amount) == sum, || {
            format!("line_amount of line {at} is {}; the rest makes it {sum}", self.line_amount)
        })
    }
}
