//! Asking PostgreSQL.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;

use super::rates::Rate;
use super::views::{GradeView, OrderView, PostgresView, TableView};
use super::watch::{CONNECTING, Probe};
use crate::config::secret::SecretUrl;
use crate::db;
use crate::db::address::DatabaseAddress;
use crate::db::{overview, rights};
use crate::domain::date::business_time;
use crate::error::Failure;
use crate::reach::MAY_HANG;

/// A query that takes longer is given up: a monitor must not be what a server in trouble suffers from.
const LIMITS: &str = "SET statement_timeout = '1500ms'; SET lock_timeout = '500ms';
                      SET default_transaction_read_only = on";
/// How often orders, and what changes seldom, are asked for.
const ORDERS_EVERY: Duration = Duration::from_secs(2);
const GRADES_EVERY: Duration = Duration::from_secs(15);
/// Orders shown at most.
const LAST_ORDERS: i64 = 60;

/// Asks PostgreSQL.
pub struct PostgresProbe {
    url: SecretUrl,
    conn: Option<PgConnection>,
    rates: HashMap<String, Rate>,
    view: PostgresView,
    orders_at: Option<Instant>,
    grades_at: Option<Instant>,
    requests: u64,
}

impl PostgresProbe {
    /// Asks the database at this URL.
    #[must_use]
    pub fn new(url: SecretUrl) -> Self {
        Self {
            url,
            conn: None,
            rates: HashMap::new(),
            view: PostgresView::default(),
            orders_at: None,
            grades_at: None,
            requests: 0,
        }
    }

    fn connect(&self) -> Result<PgConnection> {
        let mut conn = db::connect_within(self.url.expose(), CONNECTING)?;
        db::migrate::ensure_current(&mut conn)?;
        conn.batch_execute(LIMITS).wrap_err("cannot set the session's limits")?;
        Ok(conn)
    }

    fn look(&mut self, conn: &mut PgConnection) -> Result<()> {
        self.requests += 2;
        let server = overview::server(conn).wrap_err("the server's state cannot be read")?;
        let tables = overview::tables(conn).wrap_err("the tables' statistics cannot be read")?;
        let now = Instant::now();
        let users = tables.iter().find(|table| table.name == "users").cloned();
        let view = &mut self.view;
        view.version = server.version;
        view.connections = server.connections;
        view.max_connections = server.max_connections;
        view.oldest_transaction_secs = server.oldest_transaction_secs;
        view.tables.clear();
        for table in tables {
            let rate = self.rates.entry(table.name.clone()).or_default();
            rate.add(now, table.written.unsigned_abs());
            let (per_second, history) = (rate.per_second(), rate.history());
            view.tables.push(TableView { name: table.name, rows: table.rows, per_second, history });
        }
        let due = |at: Option<Instant>, every| at.is_none_or(|at: Instant| at.elapsed() >= every);
        if due(self.orders_at, ORDERS_EVERY) {
            self.requests += 2;
            let waiting = overview::waiting(conn).wrap_err("what waits cannot be read")?;
            view.parked_orders = waiting.parked_orders;
            view.expired_messages = waiting.expired_messages;
            let orders = overview::last_orders(conn, LAST_ORDERS).wrap_err("the last orders cannot be read")?;
            view.last_orders = orders.into_iter().map(order).collect();
            self.orders_at = Some(now);
        }
        if due(self.grades_at, GRADES_EVERY) {
            self.requests += 1;
            let pyramid = overview::pyramid(conn, users.as_ref()).wrap_err("the grades cannot be read")?;
            let grade =
                |(grade, customers): (crate::domain::Grade, i64)| GradeView { grade: grade.to_string(), customers };
            view.grades = pyramid.customers.into_iter().map(grade).collect();
            view.grades_estimated = pyramid.estimated;
            self.grades_at = Some(now);
        }
        Ok(())
    }
}

fn order(order: overview::LastOrder) -> OrderView {
    OrderView {
        created_at: business_time(order.created_at.into()),
        product: order.product,
        items: order.items,
        total_amount: order.total_amount,
        region: order.region,
        grade: order.grade,
        scenario: order.scenario,
    }
}

impl Probe for PostgresProbe {
    type View = PostgresView;

    fn ask(&mut self) -> Result<PostgresView> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.connect()?,
        };
        self.look(&mut conn).map_err(|report| rights::explained(report, self.url.expose()))?;
        self.conn = Some(conn);
        Ok(self.view.clone())
    }

    fn requests(&self) -> u64 {
        self.requests
    }

    fn silence(&self) -> Failure {
        // A URL that cannot be read fails before anybody could be silent.
        let address =
            DatabaseAddress::parse(self.url.expose()).map_or_else(|_| String::new(), |at| format!(" at {at}"));
        Failure::new(format!("PostgreSQL{address} does not answer"))
            .help(format!("{MAY_HANG}, or ask: shopstream doctor"))
    }
}
