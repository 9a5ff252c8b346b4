//! What holds of every order of every year, with no exception. `year.rs` asks it of the specification's own example,
//! `properties.rs` of years at random.

use std::collections::{HashMap, HashSet};

use chrono::Datelike;
use shopstream::domain::rows::OrderItem;
use shopstream::domain::{Grade, Timestamp};
use uuid::Uuid;

use crate::grades;
use crate::money::shipping;
use crate::shop::{Made, midnight, world};

/// Everything below.
pub fn check(made: &Made) {
    months(made);
    money(made);
    causality(made);
    ends(made);
    grades::check(made);
}

/// Exactly as many orders as asked for, month by month, in order of time.
pub fn months(made: &Made) {
    assert_eq!(made.orders.len() as u64, made.params.orders);
    let mut months = vec![0; 12];
    for order in &made.orders {
        let day = order.created_at.business_day();
        assert_eq!(day.year(), made.params.year);
        months[day.month0() as usize] += 1;
    }
    assert_eq!(months, world().month_plan(made.params.orders));
    assert!(made.orders.is_sorted_by_key(|order| order.created_at));
    let ids: HashSet<Uuid> = made.orders.iter().map(|order| order.id).collect();
    assert_eq!(ids.len(), made.orders.len(), "an order id comes twice");
}

/// Sums, line numbers and distinct products.
pub fn money(made: &Made) {
    let mut lines_seen = 0;
    for (order, lines) in made.carts() {
        lines_seen += lines.len();
        assert!((1..=10).contains(&order.item_count), "{order:?}");
        assert!(lines.iter().all(|line| line.order_id == order.id), "{order:?}");
        assert!(lines.iter().zip(1..).all(|(line, number)| line.line_no == number), "{lines:?}");
        let products: HashSet<Uuid> = lines.iter().map(|line| line.product_id).collect();
        assert_eq!(products.len(), lines.len(), "a product comes twice in {lines:?}");
        for line in lines {
            let gross = i64::from(line.quantity) * line.unit_price;
            assert!(line.quantity >= 1 && line.unit_price > 0);
            assert!(line.discount_amount >= 0 && 10 * line.discount_amount <= gross, "{line:?}");
            assert_eq!(line.line_amount, gross - line.discount_amount, "{line:?}");
        }
        let sum = |of: fn(&OrderItem) -> i64| lines.iter().map(of).sum::<i64>();
        assert_eq!(order.subtotal, sum(|line| i64::from(line.quantity) * line.unit_price));
        assert_eq!(order.discount_amount, sum(|line| line.discount_amount));
        assert_eq!(order.total_amount, order.subtotal - order.discount_amount + order.shipping_fee);
        assert_eq!(order.shipping_fee, shipping(lines, &world().names.regions[usize::from(order.region)]));
        assert_eq!(order.run_id, made.params.run_id);
        assert_eq!(order.id.get_version_num(), 7);
        assert_eq!((order.id.as_u128() >> 80) as i64, order.created_at.micros() / 1_000);
    }
    assert_eq!(lines_seen, made.items.len());
}

/// Nobody orders before signing up; nothing sells before it is made or after it is withdrawn, but for what was called
/// back at midnight for want of others; buyers and products exist and are described as they are.
pub fn causality(made: &Made) {
    let (customers, products) = (made.customers_by_id(), made.products_by_id());
    for (order, lines) in made.carts() {
        let customer = &made.population.customers[customers[&order.user_id]];
        assert!(i64::from(customer.created) <= order.created_at.secs(), "{order:?} precedes its buyer");
        let age_group = customer.age_group(order.created_at.business_day());
        assert_eq!((order.region, order.gender, order.age_group), (customer.region, customer.gender, age_group));
        for line in lines {
            let product = &made.population.products[products[&line.product_id]];
            assert_eq!((line.category, line.unit_price), (product.category, product.price));
            let now = order.created_at.secs();
            assert!(i64::from(product.created) <= now, "{line:?} precedes its product");
            if i64::from(product.withdrawn) <= now {
                let refresh = midnight(order.created_at.business_day()).secs();
                let on_sale = |p: &&shopstream::generator::products::Product| {
                    i64::from(p.created) <= refresh && i64::from(p.withdrawn) > refresh
                };
                let others = made.population.products.iter().filter(on_sale).count();
                assert!(others < 1_000, "{line:?} follows its withdrawal, with {others} others on sale");
                assert!(i64::from(product.withdrawn) <= refresh, "{line:?}: withdrawn today, so not called back today");
            }
        }
    }
}

/// Counters, last orders and grades at the end agree with the rows.
pub fn ends(made: &Made) {
    let mut last: HashMap<Uuid, Timestamp> = HashMap::new();
    for order in &made.orders {
        last.insert(order.user_id, order.created_at);
    }
    let mut grade: HashMap<Uuid, (Grade, Timestamp)> = HashMap::new();
    for change in &made.changes {
        grade.insert(change.user_id, (change.to_grade, change.changed_at));
    }
    for (customer, end) in made.population.customers.iter().zip(&made.customer_ends) {
        assert_eq!(end.last_ordered, last.get(&customer.id).copied());
        assert_eq!(end.grade, grade.get(&customer.id).map_or(Grade::Bronze, |(grade, _)| *grade));
        assert_eq!(end.last_graded, grade.get(&customer.id).map(|(_, at)| *at));
    }
    let mut sold: HashMap<Uuid, u32> = HashMap::new();
    for line in &made.items {
        *sold.entry(line.product_id).or_default() += 1;
    }
    for (product, end) in made.population.products.iter().zip(&made.product_ends) {
        assert_eq!(end.order_count, sold.get(&product.id).copied().unwrap_or(0));
    }
}
