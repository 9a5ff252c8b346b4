//! Customers and products.

use std::sync::Arc;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Column, FieldVisitor, Kind, Names, Row, column, nullable};
use crate::domain::{CustomerStatus, Gender, Grade, Timestamp};

/// A registered shopper (`users`).
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// UUIDv7 of the sign-up.
    pub id: Uuid,
    /// Family and given name, without a space.
    pub name: String,
    /// Gender.
    pub gender: Gender,
    /// Day of birth.
    pub birth_date: NaiveDate,
    /// Unique address under a reserved example domain.
    pub email: String,
    /// Position in [`Names::regions`].
    pub region: u8,
    /// Road-name address.
    pub address: String,
    /// Grade.
    pub grade: Grade,
    /// Active or dormant.
    pub status: CustomerStatus,
    /// Whether marketing mail is welcome.
    pub marketing_agree: bool,
    /// 0–1; orders the first week's pool.
    pub random_seed: f64,
    /// Sign-up.
    pub created_at: Timestamp,
    /// Last visit.
    pub last_login_at: Timestamp,
    /// Last order of any status.
    pub last_ordered_at: Option<Timestamp>,
    /// Last change of the row.
    pub updated_at: Timestamp,
}

impl Row for User {
    const TABLE: &'static str = "users";
    const COLUMNS: &'static [Column] = &[
        column("id", Kind::Uuid),
        column("name", Kind::Text),
        column("gender", Kind::Label),
        column("birth_date", Kind::Date),
        column("email", Kind::Text),
        column("region", Kind::Label),
        column("address", Kind::Text),
        column("grade", Kind::Label),
        column("status", Kind::Label),
        column("marketing_agree", Kind::Bool),
        column("random_seed", Kind::Float64),
        column("created_at", Kind::Timestamp),
        column("last_login_at", Kind::Timestamp),
        nullable("last_ordered_at", Kind::Timestamp),
        column("updated_at", Kind::Timestamp),
    ];

    #[inline]
    fn visit<V: FieldVisitor>(&self, names: &Names, v: &mut V) {
        v.uuid(self.id);
        v.text(&self.name);
        v.label(self.gender.code(), self.gender.as_str());
        v.date(self.birth_date);
        v.text(&self.email);
        v.label(self.region, &names.regions[usize::from(self.region)]);
        v.text(&self.address);
        v.label(self.grade.code(), self.grade.as_str());
        v.label(self.status.code(), self.status.as_str());
        v.boolean(self.marketing_agree);
        v.float64(self.random_seed);
        v.timestamp(self.created_at);
        v.timestamp(self.last_login_at);
        match self.last_ordered_at {
            Some(at) => v.timestamp(at),
            None => v.null(),
        }
        v.timestamp(self.updated_at);
    }
}

/// Something on sale (`products`).
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// UUIDv7 of its creation.
    pub id: Uuid,
    /// Position in [`Names::categories`].
    pub category: u8,
    /// Invented brand.
    pub brand: Arc<str>,
    /// Name as the shop prints it.
    pub name: String,
    /// A sentence about it.
    pub description: String,
    /// Price before discount, KRW.
    pub list_price: i64,
    /// Price now, KRW.
    pub price: i64,
    /// Per cent off the list price, rounded; negative for a pricing mistake.
    pub discount_rate: i16,
    /// Pieces in stock; sales do not change it.
    pub stock: i32,
    /// 0–5 stars, one decimal.
    pub rating: f64,
    /// Number of reviews.
    pub review_count: i32,
    /// More than 1,000 reviews and rated over 4.5.
    pub is_best: bool,
    /// Order items stored for it.
    pub order_count: i64,
    /// First day on sale.
    pub created_at: Timestamp,
    /// When it leaves the shop; may lie ahead.
    pub withdrawn_at: Timestamp,
    /// Last change of the row.
    pub updated_at: Timestamp,
}

impl Row for Product {
    const TABLE: &'static str = "products";
    const COLUMNS: &'static [Column] = &[
        column("id", Kind::Uuid),
        column("category", Kind::Label),
        column("brand", Kind::Text),
        column("name", Kind::Text),
        column("description", Kind::Text),
        column("list_price", Kind::Int64),
        column("price", Kind::Int64),
        column("discount_rate", Kind::Int16),
        column("stock", Kind::Int32),
        column("rating", Kind::Float64),
        column("review_count", Kind::Int32),
        column("is_best", Kind::Bool),
        column("order_count", Kind::Int64),
        column("created_at", Kind::Timestamp),
        column("withdrawn_at", Kind::Timestamp),
        column("updated_at", Kind::Timestamp),
    ];

    #[inline]
    fn visit<V: FieldVisitor>(&self, names: &Names, v: &mut V) {
        v.uuid(self.id);
        v.label(self.category, &names.categories[usize::from(self.category)]);
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
        v.int64(self.order_count);
        v.timestamp(self.created_at);
        v.timestamp(self.withdrawn_at);
        v.timestamp(self.updated_at);
    }
}
