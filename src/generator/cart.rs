//! What is in a cart, and what it costs. Money is whole KRW throughout.

use super::World;
use super::pool::{Ware, WarePool};
use super::rng::Stream;
use super::tables::Money;

/// Most lines of one order.
pub const MOST_LINES: usize = 10;
/// Draws after which a line takes any product left, should scenario and pool hardly fit.
const PATIENCE: usize = 200;

/// One product line of a cart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CartLine {
    /// The product.
    pub ware: Ware,
    /// Position of the product in the pool.
    pub position: u32,
    /// Pieces.
    pub quantity: i16,
    /// Discount on the line.
    pub discount: i64,
}

impl CartLine {
    /// Quantity × unit price.
    #[must_use]
    pub const fn gross(&self) -> i64 {
        self.ware.price * self.quantity as i64
    }

    /// What the line costs: gross less discount.
    #[must_use]
    pub const fn amount(&self) -> i64 {
        self.gross() - self.discount
    }
}

/// The sums of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Sum of quantity × unit price.
    pub subtotal: i64,
    /// Sum of the lines' discounts.
    pub discount: i64,
    /// Shipping.
    pub shipping: i64,
}

impl Totals {
    /// What the customer pays.
    #[must_use]
    pub const fn total(&self) -> i64 {
        self.subtotal - self.discount + self.shipping
    }
}

impl World {
    /// Fills `cart` with distinct products of the pool that are sold at `now` (Unix seconds).
    ///
    /// `life_event` 0–2 makes it the largest of so many draws more. Fewer lines come out only when the pool holds fewer
    /// products.
    pub fn draw_cart(
        &self,
        pool: &WarePool,
        scenario: u8,
        life_event: u8,
        now: u32,
        stream: &mut Stream,
        cart: &mut Vec<CartLine>,
    ) {
        cart.clear();
        let lines = (0..=life_event).map(|_| self.cart_items.draw(stream)).max().unwrap_or(0) + 1;
        for _ in 0..lines.min(MOST_LINES) {
            let free = |position: u32, cart: &[CartLine]| {
                pool.members()[position as usize].until > now && cart.iter().all(|line| line.position != position)
            };
            let categories = &self.category_draws[usize::from(scenario)];
            let drawn = (0..PATIENCE)
                .filter_map(|_| pool.draw(categories.draw(stream), stream))
                .find(|&position| free(position, cart));
            let Some(position) = drawn.or_else(|| (0..pool.members().len() as u32).find(|&p| free(p, cart))) else {
                break;
            };
            let ware = pool.members()[position as usize];
            let quantity = self.draw_quantity(scenario, ware.category, stream);
            let gross = ware.price * i64::from(quantity);
            let discount = draw_discount(gross, &self.demand.money, stream);
            cart.push(CartLine { ware, position, quantity, discount });
        }
    }

    /// Pieces of an item: by the scenario where it says, capped by the category's own largest quantity.
    #[inline]
    fn draw_quantity(&self, scenario: u8, category: u8, stream: &mut Stream) -> i16 {
        let category = &self.catalog.categories[usize::from(category)];
        let drawn = match &self.scenarios.all[usize::from(scenario)].quantity {
            Some(table) => table.draw(stream).min(category.quantity_weights.len() - 1),
            None => category.quantity.draw(stream),
        };
        drawn as i16 + 1
    }

    /// The sums of a cart delivered to a region (a position).
    #[must_use]
    pub fn totals(&self, cart: &[CartLine], region: u8) -> Totals {
        let money = &self.demand.money;
        let subtotal = cart.iter().map(CartLine::gross).sum();
        let shipped = cart.iter().any(|line| self.catalog.categories[usize::from(line.ware.category)].shipped);
        let island = self.customers.region[usize::from(region)].island;
        Totals {
            subtotal,
            discount: cart.iter().map(|line| line.discount).sum(),
            shipping: if shipped { shipping_fee(money, subtotal, island) } else { 0 },
        }
    }
}

/// Uniform in [0, permille/1000) of the gross, rounded down to whole KRW, in integers.
#[inline]
fn draw_discount(gross: i64, money: &Money, stream: &mut Stream) -> i64 {
    let most = i128::from(gross) * i128::from(money.line_discount_permille);
    // Shifting first leaves a quotient of 64 bits, which is quicker than one of 128, and the same.
    ((most * i128::from(stream.bits() >> 32)) >> 32) as i64 / 1_000
}

/// What delivery costs.
#[must_use]
pub const fn shipping_fee(money: &Money, subtotal: i64, island: bool) -> i64 {
    let basic = if subtotal >= money.free_shipping_from { 0 } else { money.shipping_fee };
    if island { basic + money.island_surcharge } else { basic }
}
