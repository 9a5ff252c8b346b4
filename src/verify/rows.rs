//! The rows of the shop's own tables, streamed past the ledger: a row at a time, whatever the tables hold.

use chrono::{DateTime, NaiveDate, Utc};
use color_eyre::eyre::{Result, WrapErr};
use diesel::dsl::exists;
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use uuid::Uuid;

use super::Watch;
use super::content::{Digester, LineFields, OrderFields, ProductFields, UserFields};
use super::ledger::{Ledger, Met};
use super::report::Named;
use crate::db::schema::{order_items, orders, products, users};
use crate::domain::Timestamp;

/// Rows between two looks at the flag of interruption.
const TURN: u32 = 1 << 14;

/// From when on a row must have a message, were it produced at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Everything ever sent was read.
    Whole,
    /// What was sent from then on.
    Since(Timestamp),
    /// Nobody can tell.
    Unknown,
}

/// What the rows were that the ledger alone does not tell.
#[derive(Clone, Debug, Default)]
pub struct Strangers {
    /// Rows too many.
    pub doubled: Named,
    /// Rows that no message made.
    pub unknown: Named,
    /// The same, but from before what was read.
    pub older: u64,
}

impl Strangers {
    /// Notes how a row met the ledger.
    pub fn note(&mut self, met: Met, id: Uuid, created_at: Timestamp, kept: Kept) {
        let name = || id.to_string();
        match met {
            Met::First => {}
            Met::Again => self.doubled.push(name),
            Met::Stranger => match kept {
                Kept::Unknown => self.older += 1,
                Kept::Since(from) if created_at < from => self.older += 1,
                Kept::Whole | Kept::Since(_) => self.unknown.push(name),
            },
        }
    }
}

/// Looks at the flag now and then, and tells of the rows.
#[derive(Debug)]
pub struct Turns<'a> {
    watch: Watch<'a>,
    rows: u32,
}

impl<'a> Turns<'a> {
    /// Looks at this flag.
    #[must_use]
    pub const fn new(watch: Watch<'a>) -> Self {
        Self { watch, rows: 0 }
    }

    /// Another row.
    ///
    /// # Errors
    /// On an interruption.
    pub fn tick(&mut self) -> Result<()> {
        self.rows = self.rows.wrapping_add(1);
        if self.rows.is_multiple_of(TURN) {
            self.watch.interrupt.check()?;
            self.watch.follow.done(TURN.into());
        }
        Ok(())
    }
}

type OrderLabels = (String, String, String, String, String);

/// Orders and their lines, those of backfill or those that came through Kafka.
///
/// # Errors
/// When a query fails, or on an interruption.
pub fn orders(
    conn: &mut PgConnection,
    ledger: &mut Ledger,
    (backfilled, kept): (bool, Kept),
    watch: Watch<'_>,
) -> Result<Strangers> {
    use orders as o;
    let (mut strangers, mut digester, mut turns) = (Strangers::default(), Digester::default(), Turns::new(watch));
    let head = (
        (o::id, o::user_id, o::created_at, o::status, o::payment_method, o::item_count),
        (o::subtotal, o::discount_amount, o::shipping_fee, o::total_amount),
        (o::scenario, o::region, o::gender, o::age_group, o::grade),
    );
    type Row = ((Uuid, Uuid, DateTime<Utc>, String, String, i16), (i64, i64, i64, i64), OrderLabels);
    let rows = o::table.filter(o::run_id.is_not_null().eq(backfilled)).select(head);
    for row in rows.load_iter::<Row, PgRowByRowLoadingMode>(conn).wrap_err(CANNOT)? {
        let (head, amounts, labels) = row.wrap_err(CANNOT)?;
        let content = digester.order(&OrderFields {
            user_id: head.1,
            created_at: head.2.into(),
            item_count: head.5,
            subtotal: amounts.0,
            discount_amount: amounts.1,
            shipping_fee: amounts.2,
            total_amount: amounts.3,
            labels: [&head.3, &head.4, &labels.0, &labels.1, &labels.2, &labels.3, &labels.4],
        });
        strangers.note(ledger.meet(head.0, content), head.0, head.2.into(), kept);
        turns.tick()?;
    }
    lines(conn, ledger, backfilled, &mut digester, &mut turns)?;
    Ok(strangers)
}

fn lines(
    conn: &mut PgConnection,
    ledger: &mut Ledger,
    backfilled: bool,
    digester: &mut Digester,
    turns: &mut Turns<'_>,
) -> Result<()> {
    use order_items as i;
    let of_these = orders::table.filter(orders::id.eq(i::order_id)).filter(orders::run_id.is_not_null().eq(backfilled));
    let rows = i::table.filter(exists(of_these));
    type Row = (Uuid, i16, Uuid, String, i16, i64, i64, i64);
    for row in rows.load_iter::<Row, PgRowByRowLoadingMode>(conn).wrap_err(CANNOT)? {
        let row = row.wrap_err(CANNOT)?;
        let content = digester.line(&LineFields {
            line_no: row.1,
            product_id: row.2,
            category: &row.3,
            quantity: row.4,
            unit_price: row.5,
            discount_amount: row.6,
            line_amount: row.7,
        });
        ledger.meet_part(row.0, content);
        turns.tick()?;
    }
    Ok(())
}

/// Customers.
///
/// # Errors
/// When a query fails, or on an interruption.
pub fn users(conn: &mut PgConnection, ledger: &mut Ledger, watch: Watch<'_>) -> Result<Strangers> {
    use users as u;
    let (mut strangers, mut digester, mut turns) = (Strangers::default(), Digester::default(), Turns::new(watch));
    type Texts = (String, String, String, String, String, String);
    type Row = (Uuid, Texts, NaiveDate, bool, f64, DateTime<Utc>);
    let texts = (u::name, u::gender, u::email, u::region, u::address, u::status);
    let rows = u::table.select((u::id, texts, u::birth_date, u::marketing_agree, u::random_seed, u::created_at));
    for row in rows.load_iter::<Row, PgRowByRowLoadingMode>(conn).wrap_err(CANNOT)? {
        let (id, texts, birth_date, marketing_agree, random_seed, created_at) = row.wrap_err(CANNOT)?;
        let content = digester.user(&UserFields {
            texts: [&texts.0, &texts.1, &texts.2, &texts.3, &texts.4, &texts.5],
            birth_date,
            marketing_agree,
            random_seed,
            created_at: created_at.into(),
        });
        // A seeded customer never had a message.
        strangers.note(ledger.meet(id, content), id, created_at.into(), Kept::Unknown);
        turns.tick()?;
    }
    Ok(strangers)
}

/// Products.
///
/// # Errors
/// When a query fails, or on an interruption.
pub fn products(conn: &mut PgConnection, ledger: &mut Ledger, watch: Watch<'_>) -> Result<Strangers> {
    use products as p;
    let (mut strangers, mut digester, mut turns) = (Strangers::default(), Digester::default(), Turns::new(watch));
    type Numbers = (i64, i64, i16, i32, i32);
    type Times = (DateTime<Utc>, DateTime<Utc>);
    type Row = (Uuid, (String, String, String, String), Numbers, f64, bool, Times);
    let texts = (p::category, p::brand, p::name, p::description);
    let numbers = (p::list_price, p::price, p::discount_rate, p::stock, p::review_count);
    let rows = p::table.select((p::id, texts, numbers, p::rating, p::is_best, (p::created_at, p::withdrawn_at)));
    for row in rows.load_iter::<Row, PgRowByRowLoadingMode>(conn).wrap_err(CANNOT)? {
        let (id, texts, numbers, rating, is_best, (created_at, withdrawn_at)) = row.wrap_err(CANNOT)?;
        let content = digester.product(&ProductFields {
            texts: [&texts.0, &texts.1, &texts.2, &texts.3],
            numbers: [numbers.0, numbers.1, numbers.2.into(), numbers.3.into(), numbers.4.into()],
            rating,
            is_best,
            created_at: created_at.into(),
            withdrawn_at: withdrawn_at.into(),
        });
        strangers.note(ledger.meet(id, content), id, created_at.into(), Kept::Unknown);
        turns.tick()?;
    }
    Ok(strangers)
}

const CANNOT: &str = "cannot read the rows that were stored";
