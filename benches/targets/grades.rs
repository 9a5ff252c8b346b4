//! Target 9: recomputing everybody's grade against the bare aggregate that it needs.

use color_eyre::eyre::Result;

use super::measure::{RUNS, Sample, of_samples, once};
use super::report::{Report, Wanted};
use super::shop::Shop;

/// Customers of the shop, and orders of its year: about 20 million items.
const CUSTOMERS: u32 = 1_000_000;
const ORDERS: &str = "5_660_000";

/// Target 9. Takes some minutes and 8 GB to make its shop.
pub fn run(report: &mut Report) -> Result<()> {
    let shop = Shop::open(CUSTOMERS, 1_000_000)?;
    once(&mut shop.program(&["backfill", "--year", "2025", "--to", "postgres", "--orders", ORDERS]))?;
    shop.database.settle(&["users", "orders"])?;
    let items = shop.number("SELECT count(*) AS n FROM order_items")?;
    // Summed once more, so that a million rows need not be printed.
    let aggregate = "SELECT sum(amount), sum(orders)
                       FROM (SELECT user_id, sum(subtotal - discount_amount) AS amount, count(*) AS orders FROM orders
                              WHERE status = 'COMPLETED' AND created_at >= '2025-07-01T00:00:00+09:00'
                                AND created_at < '2026-01-01T00:00:00+09:00'
                              GROUP BY user_id) standing"
        .to_owned();
    let update = || once(&mut shop.program(&["grades", "update", "--as-of", "2026-01-01", "--dry-run"]));
    let bare = || once(&mut shop.database.psql(std::slice::from_ref(&aggregate)));
    update()?;
    bare()?;
    let (mut ours, mut reference): (Vec<Sample>, Vec<Sample>) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(update()?);
        reference.push(bare()?);
    }
    let (ours, reference) = (of_samples(&ours), of_samples(&reference));
    report.add(
        "9",
        &format!("grades update, {CUSTOMERS} customers, {items} items (undone each time)"),
        format!("{:.2} s", ours.wall),
        format!("the bare aggregate: {:.2} s", reference.wall),
        ours.wall / reference.wall,
        Wanted::AtMost(1.5, "≤ 1.5 ×"),
    );
    Ok(())
}
