//! Figures out of PostgreSQL: a few commented queries on one connection, in one snapshot.

use chrono::{DateTime, Utc};
use color_eyre::eyre::{Result, WrapErr, eyre};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::query_builder::SqlQuery;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};
use std::str::FromStr;

use super::figures::{Sales, Sold, VALUE_LIMITS, span_of_year};
use super::{Figures, Report};
use crate::db::grades::{Flow, Level, Moved};
use crate::db::overview::Estimates;
use crate::db::runs;
use crate::domain::Timestamp;
use crate::error::Failure;
use crate::follow::Follow;
use crate::interrupt::Interrupt;
use crate::output::number;

/// The newest year that backfill wrote.
///
/// # Errors
/// A [`Failure`] when it wrote none; also when the query fails.
pub fn newest_year(conn: &mut PgConnection) -> Result<i32> {
    use crate::db::schema::backfill_runs as r;
    let newest: Option<i16> =
        r::table.select(diesel::dsl::max(r::year)).first(conn).wrap_err("cannot read backfill_runs")?;
    newest.map(i32::from).ok_or_else(|| {
        Failure::new("the database holds no year that backfill wrote")
            .help("write one with `shopstream backfill --year 2025`, name the year of live orders with --year, or the folder of a dataset with --from")
            .into()
    })
}

/// Counts a year: all orders in it, whichever way they came.
///
/// # Errors
/// A [`Failure`] when there are none; also when a query fails, or on an interruption.
pub fn report(conn: &mut PgConnection, year: i32, interrupt: &Interrupt, follow: &dyn Follow) -> Result<Report> {
    let estimates = Estimates::take(conn).wrap_err("cannot estimate the work")?;
    let parts = ["orders", "order_items", "users", "orders", "grade_changes"];
    follow.begins(&format!("counting the year {year} in PostgreSQL"), estimates.about(&parts), "rows");
    conn.build_transaction().read_only().repeatable_read().run(|conn| {
        // Grouping in memory spares sorting all orders once for each figure; compiling would take longer than it saves.
        conn.batch_execute(
            "SET LOCAL jit = off;
             SELECT set_config('work_mem', '64MB', true) WHERE pg_size_bytes(current_setting('work_mem')) < 64 << 20",
        )
        .wrap_err("cannot set up the snapshot")?;
        let run = runs::find(conn, year)?;
        let mut counting = Counting { conn, figures: Figures::new(year), interrupt, follow, estimates };
        counting.orders()?;
        if counting.figures.statuses.is_empty() {
            return Err(Failure::new(format!("the database holds no orders of {year}"))
                .help(format!("write the year with `shopstream backfill --year {year}`, or name another with --year"))
                .into());
        }
        counting.categories()?;
        counting.customers()?;
        counting.grades(run.is_none())?;
        let (origin, notes) = match run {
            Some(run) if run.complete => {
                (format!("PostgreSQL, where shopstream {} wrote the year", run.version), Vec::new())
            }
            Some(run) => (
                format!("PostgreSQL, where shopstream {} began to write the year", run.version),
                vec![format!(
                    "The backfill of {year} has not ended: {} there.",
                    number::part(run.months_done.len(), 12, "month")
                )],
            ),
            None => ("PostgreSQL, the live shop".to_owned(), Vec::new()),
        };
        Ok(Report { figures: counting.figures, origin, notes })
    })
}

#[derive(QueryableByName)]
struct OrderRow {
    #[diesel(sql_type = Text)]
    figure: String,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    other: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    number: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    hour: Option<i32>,
    #[diesel(sql_type = BigInt)]
    orders: i64,
    #[diesel(sql_type = BigInt)]
    completed: i64,
    #[diesel(sql_type = BigInt)]
    revenue: i64,
    #[diesel(sql_type = BigInt)]
    items: i64,
}

#[derive(QueryableByName)]
struct CategoryRow {
    #[diesel(sql_type = Text)]
    category: String,
    #[diesel(sql_type = Integer)]
    month: i32,
    #[diesel(sql_type = BigInt)]
    lines: i64,
    #[diesel(sql_type = BigInt)]
    pieces: i64,
    #[diesel(sql_type = BigInt)]
    revenue: i64,
}

#[derive(QueryableByName)]
struct SignUpRow {
    #[diesel(sql_type = Integer)]
    month: i32,
    #[diesel(sql_type = BigInt)]
    customers: i64,
}

#[derive(QueryableByName)]
struct Customers {
    #[diesel(sql_type = BigInt)]
    customers: i64,
}

#[derive(QueryableByName)]
struct MoveRow {
    #[diesel(sql_type = Integer)]
    day: i32,
    #[diesel(embed)]
    flow: Flow,
}

struct Counting<'a> {
    conn: &'a mut PgConnection,
    figures: Figures,
    interrupt: &'a Interrupt,
    follow: &'a dyn Follow,
    estimates: Estimates,
}

impl Counting<'_> {
    /// A query has gone through a table.
    fn done(&self, table: &str) {
        self.follow.done(self.estimates.rows(table));
    }

    fn span(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let (begins, ends) = span_of_year(self.figures.year);
        (Timestamp::to_utc(begins), Timestamp::to_utc(ends))
    }

    fn query(
        &self,
        sql: &'static str,
    ) -> Result<diesel::query_builder::BoxedSqlQuery<'static, diesel::pg::Pg, SqlQuery>> {
        self.interrupt.check()?;
        let (begins, ends) = self.span();
        Ok(diesel::sql_query(sql).into_boxed().bind::<Timestamptz, _>(begins).bind::<Timestamptz, _>(ends))
    }

    fn orders(&mut self) -> Result<()> {
        let query = self.query(include_str!("../db/sql/report_orders.sql"))?;
        let rows: Vec<OrderRow> = query
            .bind::<Array<BigInt>, _>(VALUE_LIMITS.to_vec())
            .load(self.conn)
            .wrap_err("cannot count the orders")?;
        self.done("orders");
        let figures = &mut self.figures;
        for row in rows {
            let sales = Sales {
                orders: count(row.orders),
                completed: count(row.completed),
                revenue: row.revenue,
                items: count(row.items),
            };
            let name = row.name.as_deref().unwrap_or_default();
            let other = row.other.as_deref().unwrap_or_default();
            let number = usize::try_from(row.number.unwrap_or(0))?;
            let place = match row.figure.as_str() {
                "scenario" => figures.scenario_on(name, number),
                "hour" => {
                    let hour = usize::try_from(row.hour.unwrap_or(0))?;
                    figures.hours.get_mut(number).and_then(|day| day.get_mut(hour))
                }
                "basket" => Some(figures.baskets.entry(u16::try_from(number)?).or_default()),
                "value" => Some(figures.values.entry(number).or_default()),
                "region" => Some(figures.regions.entry(name.to_owned()).or_default()),
                "buyer" => Some(figures.buyers.entry((label(name)?, label(other)?)).or_default()),
                "payment" => Some(figures.payments.entry((label(name)?, label(other)?)).or_default()),
                "grade" => Some(figures.grades.entry(label(name)?).or_default()),
                _ => Some(figures.statuses.entry(label(name)?).or_default()),
            };
            *place.ok_or_else(|| eyre!("{} {number} lies outside of the year", row.figure))? = sales;
        }
        Ok(())
    }

    fn categories(&mut self) -> Result<()> {
        let query = self.query(include_str!("../db/sql/report_categories.sql"))?;
        let rows: Vec<CategoryRow> = query.load(self.conn).wrap_err("cannot count the items")?;
        self.done("order_items");
        for row in rows {
            let months = self.figures.categories.entry(row.category).or_default();
            if let Some(sold) = months.get_mut(usize::try_from(row.month)?) {
                *sold = Sold { lines: count(row.lines), pieces: count(row.pieces), revenue: row.revenue };
            }
        }
        Ok(())
    }

    fn customers(&mut self) -> Result<()> {
        let query = self.query(include_str!("../db/sql/report_sign_ups.sql"))?;
        let rows: Vec<SignUpRow> = query.load(self.conn).wrap_err("cannot count the customers")?;
        self.done("users");
        for row in rows {
            if let Some(month) = self.figures.sign_ups.get_mut(usize::try_from(row.month)?) {
                *month = count(row.customers);
            }
        }
        let query = self.query(include_str!("../db/sql/report_buyers.sql"))?;
        let bought: Customers = query.get_result(self.conn).wrap_err("cannot count the buyers")?;
        self.done("orders");
        self.figures.customers_who_bought = count(bought.customers);
        Ok(())
    }

    fn grades(&mut self, is_live: bool) -> Result<()> {
        let query = self.query(include_str!("../db/sql/report_grade_moves.sql"))?;
        let moves: Vec<MoveRow> = query.load(self.conn).wrap_err("cannot count the grade changes")?;
        self.done("grade_changes");
        for row in moves {
            let Moved { from, to, customers } = row.flow.moved()?;
            self.figures.grade_moves.insert((usize::try_from(row.day)?, from, to), customers);
        }
        if is_live {
            let query = diesel::sql_query(include_str!("../db/sql/report_opening_grades.sql"));
            let opening: Vec<Level> = query
                .bind::<Timestamptz, _>(self.span().0)
                .load(self.conn)
                .wrap_err("cannot read the opening grades")?;
            for row in opening {
                let (grade, customers) = row.counted()?;
                self.figures.opening_grades.insert(grade, customers);
            }
        }
        Ok(())
    }
}

/// A count of rows is never negative.
const fn count(number: i64) -> u64 {
    number.unsigned_abs()
}

fn label<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(text: &str) -> Result<T> {
    text.parse().wrap_err("cannot read what was counted")
}
