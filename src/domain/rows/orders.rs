//! Orders and their items.

use uuid::Uuid;

use super::{Column, FieldVisitor, Kind, Names, Row, column, nullable};
use crate::domain::{AgeGroup, Gender, Grade, OrderStatus, Payment, Timestamp};

/// One checkout (`orders`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
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
    /// Number of lines, 1–10.
    pub item_count: i16,
    /// Sum of quantity × unit price, KRW.
    pub subtotal: i64,
    /// Sum of the lines' discounts, KRW.
    pub discount_amount: i64,
    /// Shipping, KRW.
    pub shipping_fee: i64,
    /// Subtotal − discount + shipping, KRW.
    pub total_amount: i64,
    /// Position in [`Names::scenarios`] of the scenario it followed.
    pub scenario: u8,
    /// The buyer's region then, a position in [`Names::regions`].
    pub region: u8,
    /// The buyer's gender.
    pub gender: Gender,
    /// The buyer's age group on that day.
    pub age_group: AgeGroup,
    /// The buyer's grade at that moment.
    pub grade: Grade,
    /// The backfill that wrote it; `None` when it came through Kafka.
    pub run_id: Option<Uuid>,
}

impl Row for Order {
    const TABLE: &'static str = "orders";
    const COLUMNS: &'static [Column] = &[
        column("id", Kind::Uuid),
        column("user_id", Kind::Uuid),
        column("created_at", Kind::Timestamp),
        column("status", Kind::Label),
        column("payment_method", Kind::Label),
        column("item_count", Kind::Int16),
        column("subtotal", Kind::Int64),
        column("discount_amount", Kind::Int64),
        column("shipping_fee", Kind::Int64),
        column("total_amount", Kind::Int64),
        column("scenario", Kind::Label),
        column("region", Kind::Label),
        column("gender", Kind::Label),
        column("age_group", Kind::Label),
        column("grade", Kind::Label),
        nullable("run_id", Kind::Uuid),
    ];

    #[inline]
    fn visit<V: FieldVisitor>(&self, names: &Names, v: &mut V) {
        v.uuid(self.id);
        v.uuid(self.user_id);
        v.timestamp(self.created_at);
        v.label(self.status.code(), self.status.as_str());
        v.label(self.payment_method.code(), self.payment_method.as_str());
        v.int16(self.item_count);
        v.int64(self.subtotal);
        v.int64(self.discount_amount);
        v.int64(self.shipping_fee);
        v.int64(self.total_amount);
        v.label(self.scenario, &names.scenarios[usize::from(self.scenario)]);
        v.label(self.region, &names.regions[usize::from(self.region)]);
        v.label(self.gender.code(), self.gender.as_str());
        v.label(self.age_group.code(), self.age_group.as_str());
        v.label(self.grade.code(), self.grade.as_str());
        match self.run_id {
            Some(id) => v.uuid(id),
            None => v.null(),
        }
    }
}

/// One product line of an order (`order_items`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderItem {
    /// Its order.
    pub order_id: Uuid,
    /// 1–10 within the order.
    pub line_no: i16,
    /// The product.
    pub product_id: Uuid,
    /// The product's category, a position in [`Names::categories`].
    pub category: u8,
    /// Pieces, at least 1.
    pub quantity: i16,
    /// The product's price, KRW.
    pub unit_price: i64,
    /// Discount on the line, KRW.
    pub discount_amount: i64,
    /// Quantity × unit price − discount, KRW.
    pub line_amount: i64,
}

impl Row for OrderItem {
    const TABLE: &'static str = "order_items";
    const COLUMNS: &'static [Column] = &[
        column("order_id", Kind::Uuid),
        column("line_no", Kind::Int16),
        column("product_id", Kind::Uuid),
        column("category", Kind::Label),
        column("quantity", Kind::Int16),
        column("unit_price", Kind::Int64),
        column("discount_amount", Kind::Int64),
        column("line_amount", Kind::Int64),
    ];

    #[inline]
    fn visit<V: FieldVisitor>(&self, names: &Names, v: &mut V) {
        v.uuid(self.order_id);
        v.int16(self.line_no);
        v.uuid(self.product_id);
        v.label(self.category, &names.categories[usize::from(self.category)]);
        v.int16(self.quantity);
        v.int64(self.unit_price);
        v.int64(self.discount_amount);
        v.int64(self.line_amount);
    }
}
