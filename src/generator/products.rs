//! Products: figures and texts, each a function of (seed, index, as-of).

use std::sync::Arc;

use chrono::NaiveDate;
use uuid::Uuid;

use super::World;
use super::catalog::Category;
use super::dist;
use super::rng::{Purpose, Stream};
use crate::domain::Timestamp;
use crate::domain::date::{DAY_SECS, years_later};
use crate::domain::id::uuid_v7;
use crate::domain::rows;

/// Products were created over so many years before as-of.
const CREATED_OVER_YEARS: i32 = 3;
/// A product stays on sale for so many days × exp(spread × Z).
const ON_SALE_DAYS: f64 = 270.0;
const ON_SALE_SPREAD: f64 = 0.6;
/// Part of the products that carry a discount, and of those whose list price is a mistake.
const DISCOUNTED: f64 = 0.40;
const MISPRICED: f64 = 0.01;
/// Part of the names with a promotional prefix, where a category has any.
const PROMOTED: f64 = 0.30;
/// Best sellers have more reviews and a better rating than this.
const BEST_REVIEWS: i32 = 1_000;
const BEST_RATING_TENTHS: i64 = 45;

/// What the shop's mechanics need to know of a product; times are whole seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// UUIDv7 of its creation.
    pub id: Uuid,
    /// Price, KRW.
    pub price: i64,
    /// The index it was made from.
    pub index: u32,
    /// First moment on sale.
    pub created: u32,
    /// First moment no longer on sale.
    pub withdrawn: u32,
    /// Position of the category.
    pub category: u8,
    /// Many reviews and a good rating.
    pub is_best: bool,
}

/// Everything about a product but its texts and its withdrawal.
struct Figures {
    id: Uuid,
    category: usize,
    price: i64,
    created: Timestamp,
    is_best: bool,
    brand: usize,
    list_price: i64,
    rating_tenths: i64,
    review_count: i32,
    stock: i32,
}

fn floor_100(amount: f64) -> i64 {
    (amount as i64) / 100 * 100
}

fn figures(world: &World, seed: u64, index: u32, as_of: NaiveDate) -> Figures {
    let stream = &mut Stream::new(seed, Purpose::Product, u64::from(index));
    let categories = &world.catalog.categories;
    let at = index as usize % categories.len();
    let category = &categories[at];
    let brand = stream.index(category.brands.len());
    let premium = brand < category.premium_brands;

    let [low, high] = category.price.map(|price| price as f64);
    let basic = low + dist::beta_2_5(stream) * (high - low);
    let factor = if premium { 1.3 + 0.5 * stream.unit() } else { 0.7 + 0.4 * stream.unit() };
    let price = floor_100((basic * factor).clamp(low, 1.5 * high));
    let kind = stream.unit();
    let u = stream.unit();
    let list_price = if kind < DISCOUNTED {
        floor_100(price as f64 * (1.1 + 0.5 * u))
    } else if kind < DISCOUNTED + MISPRICED {
        floor_100(price as f64 * (0.5 + 0.45 * u)).max(100)
    } else {
        price
    };

    let (rating_tenths, review_count) = if premium {
        (stream.between(40, 50), stream.between(50, 2_500) as i32)
    } else {
        (stream.between(30, 48), stream.between(0, 500) as i32)
    };
    let stock = stream.between(0, 500) as i32;
    let end = Timestamp::business_midnight(as_of).secs();
    let first = years_later(as_of, -CREATED_OVER_YEARS);
    let created = Timestamp::from_secs(stream.between(Timestamp::business_midnight(first).secs(), end - 1));
    let id = uuid_v7(created, stream.bits(), stream.bits());
    let is_best = review_count > BEST_REVIEWS && rating_tenths > BEST_RATING_TENTHS;
    Figures { id, category: at, price, created, is_best, brand, list_price, rating_tenths, review_count, stock }
}

/// Seconds for which a product stays on sale, by its id.
#[must_use]
pub fn on_sale_secs(id: Uuid) -> i64 {
    let days = ON_SALE_DAYS * dist::log_normal(&mut Stream::of_id(id, Purpose::Withdrawal), ON_SALE_SPREAD);
    (days * DAY_SECS as f64) as i64
}

/// Per cent off the list price, rounded to the nearest; negative where the list price is below the price.
#[must_use]
pub fn discount_rate(list_price: i64, price: i64) -> i16 {
    let off = (list_price - price) * 100;
    let rounded = (2 * off + list_price * off.signum()) / (2 * list_price.max(1));
    rounded.clamp(-32_768, 100) as i16
}

impl World {
    /// The `index`-th product of `seed`, created before 00:00 of business time on `as_of`.
    #[must_use]
    pub fn product(&self, seed: u64, index: u32, as_of: NaiveDate) -> Product {
        let Figures { id, category, price, created, is_best, .. } = figures(self, seed, index, as_of);
        let withdrawn = created.secs() + on_sale_secs(id);
        Product {
            id,
            price,
            index,
            created: created.secs() as u32,
            withdrawn: withdrawn.min(i64::from(u32::MAX)) as u32,
            category: category as u8,
            is_best,
        }
    }

    /// The row of the `index`-th product of `seed`, never sold yet.
    #[must_use]
    pub fn product_row(&self, seed: u64, index: u32, as_of: NaiveDate) -> rows::Product {
        self.row_of_product(seed, &self.product(seed, index, as_of), as_of)
    }

    /// The row of a product made from the same seed and as-of, never sold yet.
    #[must_use]
    pub fn row_of_product(&self, seed: u64, product: &Product, as_of: NaiveDate) -> rows::Product {
        let figures = figures(self, seed, product.index, as_of);
        let category = &self.catalog.categories[figures.category];
        let brand = &category.brands[figures.brand];
        let stream = &mut Stream::new(seed, Purpose::ProductText, product.index.into());
        let (name, description) = texts(category, brand, stream);
        let created_at = Timestamp::from_secs(product.created.into());
        rows::Product {
            id: product.id,
            category: product.category,
            brand: Arc::clone(brand),
            name,
            description,
            list_price: figures.list_price,
            price: product.price,
            discount_rate: discount_rate(figures.list_price, product.price),
            stock: figures.stock,
            rating: figures.rating_tenths as f64 / 10.0,
            review_count: figures.review_count,
            is_best: product.is_best,
            order_count: 0,
            created_at,
            withdrawn_at: Timestamp::from_secs(product.withdrawn.into()),
            updated_at: created_at,
        }
    }

    /// How much a product is liked, by its id: the weight with which it is drawn within its category.
    #[must_use]
    pub fn appeal(&self, id: Uuid, is_best: bool) -> f64 {
        let figures = &self.demand.appeal;
        let liked = dist::log_normal(&mut Stream::of_id(id, Purpose::Appeal), figures.spread);
        if is_best { liked * figures.best_factor } else { liked }
    }
}

/// Name and description of a product.
fn texts(category: &Category, brand: &str, stream: &mut Stream) -> (String, String) {
    // Lines are as likely as they have names to offer.
    let sizes = category.lines.iter().map(|line| line.nouns.len() * line.options.len());
    let mut at = stream.index(sizes.sum());
    let mut words = ("", "");
    for line in &category.lines {
        let size = line.nouns.len() * line.options.len();
        if at < size {
            words = (&line.nouns[at / line.options.len()], &line.options[at % line.options.len()]);
            break;
        }
        at -= size;
    }
    let (noun, option) = words;
    let quality = pick_text(&category.qualities, stream);
    let promoted = !category.promotions.is_empty() && stream.chance(PROMOTED);
    let promotion = if promoted { pick_text(&category.promotions, stream) } else { "" };
    let name = [promotion, if promoted { " " } else { "" }, brand, " ", quality, " ", noun, " ", option].concat();
    let description = match stream.pick(&category.descriptions) {
        Some(template) => template.fill(brand, quality, noun, option),
        None => String::new(),
    };
    (name, description)
}

fn pick_text<'a>(list: &'a [String], stream: &mut Stream) -> &'a str {
    stream.pick(list).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discount_rates_round_to_the_nearest_per_cent() {
        assert_eq!(discount_rate(20_000, 15_000), 25);
        assert_eq!(discount_rate(30_000, 20_000), 33);
        assert_eq!(discount_rate(60_000, 50_000), 17);
        assert_eq!(discount_rate(50_000, 50_000), 0);
        assert_eq!(discount_rate(10_000, 15_000), -50);
    }
}
