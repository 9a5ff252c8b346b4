//! The shop's own tables against their topics.

use color_eyre::eyre::{Result, WrapErr};
use diesel::prelude::*;

use super::Watch;
use super::content::{Digester, ProductFields, UserFields};
use super::ledger::{Ledger, Outcome};
use super::report::TopicReport;
use super::rows::{self, Kept, Strangers};
use super::topic::{Rows, Subject};
use crate::db::schema::{backfill_runs, orders};
use crate::stream::message::{OrderCreated, ProductCreated, UserCreated};

/// Audits users, products or orders; `is` tells whether the subject is the topic of this name.
pub(super) fn audit(conn: &mut PgConnection, subject: &Subject<'_>, is: impl Fn(&str) -> bool) -> Result<TopicReport> {
    let watch = subject.watch;
    if is("users") {
        let digest = |user: &UserCreated, digester: &mut Digester| digester.user(&UserFields::from(user));
        subject.audit("users".to_owned(), digest, |ledger, _| rows::users(conn, ledger, watch).map(seeded))
    } else if is("products") {
        let digest =
            |product: &ProductCreated, digester: &mut Digester| digester.product(&ProductFields::from(product));
        subject.audit("products".to_owned(), digest, |ledger, _| rows::products(conn, ledger, watch).map(seeded))
    } else {
        let digest = |order: &OrderCreated, digester: &mut Digester| digester.order_message(order);
        subject.audit("orders".to_owned(), digest, |ledger, kept| stored_orders(conn, ledger, kept, watch))
    }
}

/// Rows without a message are those of `seed`.
fn seeded(strangers: Strangers) -> Rows {
    let elsewhere = strangers.older;
    Rows { strangers: Strangers { older: 0, ..strangers }, elsewhere }
}

fn stored_orders(conn: &mut PgConnection, ledger: &mut Ledger, kept: Kept, watch: Watch<'_>) -> Result<Rows> {
    let mut strangers = rows::orders(conn, ledger, (false, kept), watch)?;
    let backfilled = orders::table.filter(orders::run_id.is_not_null()).count().get_result::<i64>(conn);
    let elsewhere = backfilled.wrap_err("cannot count the orders that were backfilled")?.unsigned_abs();
    // A year may have been sent through Kafka too; its orders are then stored once, by whoever came first. That is looked
    // for only where something seems to be missing: a year can have many millions of rows.
    if elsewhere > 0 && ledger.groups().any(|group| group.outcome() == Outcome::Missing) {
        let theirs = rows::orders(conn, ledger, (true, Kept::Unknown), watch)?;
        strangers.doubled.count += theirs.doubled.count;
        for id in theirs.doubled.first {
            strangers.doubled.name(|| id);
        }
        return Ok(Rows { strangers, elsewhere: theirs.older });
    }
    Ok(Rows { strangers, elsewhere })
}

/// Years whose backfill is under way, or was interrupted.
pub(super) fn unfinished_years(conn: &mut PgConnection) -> Result<Vec<i16>> {
    let years = backfill_runs::table.filter(backfill_runs::state.eq("running")).order(backfill_runs::year);
    years.select(backfill_runs::year).load(conn).wrap_err("cannot read backfill_runs")
}
