//! Messages as the rows they make. Labels are written as they came: what regions, categories and scenarios there are is the
//! sender's business, so their code is not asked for.

use super::{OrderCreated, OrderLine, ProductCreated, UserCreated};
use crate::domain::rows::{Column, FieldVisitor, Names, Order, OrderItem, Product, Row, User};
use uuid::Uuid;

/// Code of a label that came by its text.
const NO_CODE: u8 = 0;

impl Row for UserCreated {
    const TABLE: &'static str = User::TABLE;
    const COLUMNS: &'static [Column] = User::COLUMNS;

    fn visit<V: FieldVisitor>(&self, _: &Names, v: &mut V) {
        v.uuid(self.id);
        v.text(&self.name);
        v.label(self.gender.code(), self.gender.as_str());
        v.date(self.birth_date);
        v.text(&self.email);
        v.label(NO_CODE, &self.region);
        v.text(&self.address);
        v.label(self.grade.code(), self.grade.as_str());
        v.label(self.status.code(), self.status.as_str());
        v.boolean(self.marketing_agree);
        v.float64(self.random_seed);
        v.timestamp(self.created_at);
        v.timestamp(self.last_login_at);
        v.null();
        v.timestamp(self.last_login_at);
    }
}

impl Row for ProductCreated {
    const TABLE: &'static str = Product::TABLE;
    const COLUMNS: &'static [Column] = Product::COLUMNS;

    fn visit<V: FieldVisitor>(&self, _: &Names, v: &mut V) {
        v.uuid(self.id);
        v.label(NO_CODE, &self.category);
        v.text(&self.brand);
        v.text(&self.name);
        v.text(&self.description);
        v.int64(self.list_price);
        v.int64(self.price);
        v.int16(self.discount_rate);
        v.int32(self.stock);
        v.float64(self.rating);
        v.int32(self.review_count);
        v.boolean(self.is_best);
        v.int64(0);
        v.timestamp(self.created_at);
        v.timestamp(self.withdrawn_at);
        v.timestamp(self.created_at);
    }
}

impl Row for OrderCreated {
    const TABLE: &'static str = Order::TABLE;
    const COLUMNS: &'static [Column] = Order::COLUMNS;

    fn visit<V: FieldVisitor>(&self, _: &Names, v: &mut V) {
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
        v.label(NO_CODE, &self.scenario);
        v.label(NO_CODE, &self.region);
        v.label(self.gender.code(), self.gender.as_str());
        v.label(self.age_group.code(), self.age_group.as_str());
        v.label(self.grade.code(), self.grade.as_str());
        v.null();
    }
}

/// A line with the order it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct ItemOf<'a> {
    /// Its order.
    pub order_id: Uuid,
    /// The line.
    pub line: &'a OrderLine,
}

impl Row for ItemOf<'_> {
    const TABLE: &'static str = OrderItem::TABLE;
    const COLUMNS: &'static [Column] = OrderItem::COLUMNS;

    fn visit<V: FieldVisitor>(&self, _: &Names, v: &mut V) {
        v.uuid(self.order_id);
        v.int16(self.line.line_no);
        v.uuid(self.line.product_id);
        v.label(NO_CODE, &self.line.category);
        v.int16(self.line.quantity);
        v.int64(self.line.unit_price);
        v.int64(self.line.discount_amount);
        v.int64(self.line.line_amount);
    }
}
