//! Discounts, shipping, payment and what becomes of orders.

use shopstream::domain::rows::OrderItem;
use shopstream::generator::cart::CartLine;
use shopstream::generator::pool::Ware;

use crate::carts;
use crate::shop::{world, year_2025};
use crate::spec;
use crate::stats::{assert_fits, assert_other_distribution, assert_refuses, assert_same_distribution, tally, uniform};

#[test]
fn line_discounts_are_uniform_below_ten_per_cent() {
    let mut rates = Vec::new();
    carts::draw("baseline", 0, 12_000, |cart| {
        for line in cart {
            assert!(line.discount >= 0 && 10 * line.discount <= line.gross(), "{line:?}");
            assert_eq!(line.gross(), line.ware.price * i64::from(line.quantity));
            // Whole won: below this a won is more than the test can see.
            if line.gross() > 100_000 {
                rates.push(line.discount as f64 / line.gross() as f64);
            }
        }
    });
    assert_same_distribution("discount", rates.clone(), uniform(0.0, 0.1, 100_000));
    assert_other_distribution("discount", rates, uniform(0.0, 0.096, 100_000));
}

fn line(category: &str, price: i64, quantity: i16, discount: i64) -> CartLine {
    let category = spec::CATEGORIES.iter().position(|known| known.0 == category).unwrap() as u8;
    let ware = Ware { key: 0, category, price, appeal: 1.0, until: u32::MAX };
    CartLine { ware, position: 0, quantity, discount }
}

#[test]
fn shipping_costs_3000_up_to_50000_and_3000_more_to_jeju() {
    let region = |name| world().names.regions.iter().position(|known| known == name).unwrap() as u8;
    let fee = |cart: &[CartLine], name| world().totals(cart, region(name)).shipping;
    for (cart, seoul, jeju) in [
        (vec![line("화지/제지", 10_000, 1, 0)], 3_000, 6_000),
        (vec![line("화지/제지", 49_900, 1, 0)], 3_000, 6_000),
        (vec![line("화지/제지", 25_000, 2, 0)], 0, 3_000),
        // The subtotal counts, before discounts.
        (vec![line("화지/제지", 25_000, 2, 4_999)], 0, 3_000),
        (vec![line("생활가전", 2_000_000, 1, 0)], 0, 3_000),
        (vec![line("항공", 50_000, 1, 0)], 0, 0),
        (vec![line("숙박", 80_000, 1, 0), line("티켓/패스", 10_000, 1, 0)], 0, 0),
        (vec![line("티켓/패스", 10_000, 1, 0)], 0, 0),
        (vec![line("티켓/패스", 10_000, 1, 0), line("화지/제지", 10_000, 1, 0)], 3_000, 6_000),
        (vec![line("티켓/패스", 45_000, 1, 0), line("화지/제지", 10_000, 1, 0)], 0, 3_000),
    ] {
        assert_eq!((fee(&cart, "서울"), fee(&cart, "제주")), (seoul, jeju), "{cart:?}");
    }
}

/// The specification's shipping fee of an order.
pub fn shipping(lines: &[OrderItem], region: &str) -> i64 {
    if lines.iter().all(|line| !spec::CATEGORIES[usize::from(line.category)].4) {
        return 0;
    }
    let subtotal: i64 = lines.iter().map(|line| line.unit_price * i64::from(line.quantity)).sum();
    (if subtotal < 50_000 { 3_000 } else { 0 }) + (if region == "제주" { 3_000 } else { 0 })
}

#[test]
fn the_years_orders_are_shipped_by_these_rules() {
    let mut fees = std::collections::BTreeMap::<i64, u32>::new();
    for (order, lines) in year_2025().carts() {
        let region = &world().names.regions[usize::from(order.region)];
        assert_eq!(order.shipping_fee, shipping(lines, region), "{order:?}");
        *fees.entry(order.shipping_fee).or_default() += 1;
    }
    assert_eq!(fees.keys().copied().collect::<Vec<_>>(), [0, 3_000, 6_000], "{fees:?}");
}

#[test]
fn each_age_group_pays_in_its_own_way() {
    for (age, weights) in spec::PAYMENT.iter().enumerate() {
        let of = year_2025().orders.iter().filter(|order| order.age_group.as_str() == spec::AGES[age]);
        let seen = tally(4, of.map(|order| usize::from(order.payment_method.code())));
        assert_fits(spec::AGES[age], &seen, weights);
        assert_refuses(spec::AGES[age], &seen, &spec::PAYMENT[(age + 2) % 5]);
    }
    let names = shopstream::domain::Payment::ALL.iter().map(|payment| payment.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["Card", "NaverPay", "KakaoPay", "Bank"]);
}

#[test]
fn of_a_thousand_orders_960_are_kept_25_cancelled_and_15_refunded() {
    let seen = tally(3, year_2025().orders.iter().map(|order| usize::from(order.status.code())));
    assert_fits("status", &seen, &spec::ORDER_STATUS);
    assert_refuses("status", &seen, &[95.5, 2.5, 2.0]);
    let names = shopstream::domain::OrderStatus::ALL.iter().map(|status| status.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["COMPLETED", "CANCELLED", "REFUNDED"]);
}
