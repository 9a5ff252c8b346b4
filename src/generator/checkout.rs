//! A cart becomes an order: what is drawn last, and the row with its sums.

use uuid::Uuid;

use super::World;
use super::cart::CartLine;
use super::rng::Stream;
use crate::domain::id::uuid_v7;
use crate::domain::rows::{Order, OrderItem};
use crate::domain::{AgeGroup, Gender, Grade, OrderStatus, Payment, Timestamp};

/// Who buys, as the order remembers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuyerThen {
    /// Id of the customer.
    pub id: Uuid,
    /// Position of the region.
    pub region: u8,
    /// Gender.
    pub gender: Gender,
    /// Age group on that day.
    pub age_group: AgeGroup,
    /// Grade at that moment.
    pub grade: Grade,
}

impl World {
    /// The order of `cart` at `created_at`; draws its status, payment and id.
    #[inline]
    pub fn checkout(
        &self,
        buyer: BuyerThen,
        cart: &[CartLine],
        scenario: u8,
        created_at: Timestamp,
        run_id: Option<Uuid>,
        stream: &mut Stream,
    ) -> Order {
        let totals = self.totals(cart, buyer.region);
        let status = OrderStatus::ALL[self.order_status.draw(stream)];
        let payment_method = Payment::ALL[self.payment[usize::from(buyer.age_group.code())].draw(stream)];
        Order {
            id: uuid_v7(created_at, stream.bits(), stream.bits()),
            user_id: buyer.id,
            created_at,
            status,
            payment_method,
            item_count: cart.len() as i16,
            subtotal: totals.subtotal,
            discount_amount: totals.discount,
            shipping_fee: totals.shipping,
            total_amount: totals.total(),
            scenario,
            region: buyer.region,
            gender: buyer.gender,
            age_group: buyer.age_group,
            grade: buyer.grade,
            run_id,
        }
    }
}

impl CartLine {
    /// The line as the `line_no`-th item of an order.
    #[inline]
    #[must_use]
    pub const fn item(&self, order_id: Uuid, line_no: i16, product_id: Uuid) -> OrderItem {
        OrderItem {
            order_id,
            line_no,
            product_id,
            category: self.ware.category,
            quantity: self.quantity,
            unit_price: self.ware.price,
            discount_amount: self.discount,
            line_amount: self.amount(),
        }
    }
}
