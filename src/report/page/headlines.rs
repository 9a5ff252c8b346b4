//! The numbers on top of the page.

use std::fmt::Write;

use color_eyre::eyre::Result;

use super::escape;
use crate::output::number;
use crate::report::chart::share;
use crate::report::{Figures, events, money};

pub(super) fn write(page: &mut String, figures: &Figures) -> Result<()> {
    let total = figures.total();
    let bought = figures.customers_who_bought;
    let top = events::top(figures, |_| true);
    let of_customers = number::share(share(bought, figures.customers()));
    let headlines = [
        ("Revenue", money::short(total.revenue), number::won(total.revenue)),
        (
            "Orders",
            number::count(total.orders),
            format!("{} of them completed", number::share(share(total.completed, total.orders))),
        ),
        ("Items", number::count(total.items), format!("{:.2} per order", share(total.items, total.orders))),
        ("Average order", money::short(total.average()), format!("{}, completed orders", number::won(total.average()))),
        (
            "Customers who bought",
            number::count(bought),
            format!("{of_customers} of {} who signed up", number::count(figures.customers())),
        ),
        (
            "Top scenario",
            top.map_or_else(|| "–".to_owned(), |(name, _)| name.to_owned()),
            top.map_or_else(String::new, |(_, sales)| {
                format!("{}, {}", number::some(sales.orders, "order"), money::short(sales.revenue))
            }),
        ),
    ];
    page.push_str("<dl class=\"headlines\">\n");
    for (what, value, exact) in headlines {
        let name = if what == "Top scenario" { " name" } else { "" };
        writeln!(
            page,
            "<div><dt>{what}</dt><dd class=\"value{name}\">{}</dd><dd class=\"exact\">{}</dd></div>",
            escape(&value),
            escape(&exact)
        )?;
    }
    page.push_str("</dl>\n");
    Ok(())
}
