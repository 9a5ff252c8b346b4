//! A seeded shop in a schema of its own.

use std::process::{Command, Output};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Text;
use shopstream::backfill::postgres::{Earlier, Outcome, admit};
use shopstream::backfill::request::DEFAULT_SEED;
use shopstream::backfill::{Request, Unwatched};
use shopstream::db::seeding::SeedOutcome;
use shopstream::domain::Timestamp;
use shopstream::generator::World;
use shopstream::interrupt::Interrupt;

use crate::support::{ScratchDb, sow, year_of};
pub use crate::support::{YEAR, as_of, later};

/// 00:00 of business time on the `day`-th day of the year, 0 being 1 January.
pub fn midnight(day: u64) -> Timestamp {
    let first = NaiveDate::from_ymd_opt(YEAR, 1, 1).unwrap();
    Timestamp::business_midnight(first + chrono::Days::new(day))
}

pub struct Shop {
    pub world: World,
    pub db: ScratchDb,
    pub users: u32,
    pub products: u32,
}

impl Shop {
    /// A shop of the given size, seeded.
    pub fn seeded(users: u32, products: u32) -> Self {
        let shop = Self { world: World::new(None, None).unwrap(), db: ScratchDb::migrated(), users, products };
        shop.seed(DEFAULT_SEED, users, products);
        shop
    }

    pub fn seed(&self, number: u64, users: u32, products: u32) -> SeedOutcome {
        sow(&self.db, &self.world, number, users, products)
    }

    pub fn request(&self, orders: u64) -> Request {
        year_of(orders, self.users, self.products)
    }

    pub fn try_backfill(&self, orders: u64, earlier: Earlier, now: Timestamp) -> color_eyre::Result<Outcome> {
        let request = self.request(orders);
        admit(&self.world, self.db.url(), &request, earlier, now)?.run(2, &Unwatched, &Interrupt::never())
    }

    pub fn backfill(&self, orders: u64) -> Outcome {
        self.try_backfill(orders, Earlier::Refuse, later()).unwrap()
    }

    /// A number out of the database.
    pub fn number(&self, sql: &str) -> i64 {
        self.db.number(sql)
    }

    /// Changes something behind the program's back.
    pub fn execute(&self, sql: &str) {
        self.db.execute(sql);
    }

    /// A digest of all rows of all tables, whatever their order and sequence numbers.
    pub fn digest(&self) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Digest {
            #[diesel(sql_type = Text)]
            digest: String,
        }
        let tables = [
            "users",
            "products",
            "orders",
            "order_items",
            "(SELECT user_id, changed_at, from_grade, to_grade, amount_6m, orders_6m, counted, run_id FROM grade_changes)",
        ];
        let digest = |table: &&str| {
            let sql =
                format!("SELECT COALESCE(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS digest FROM {table} t");
            diesel::sql_query(sql).get_result::<Digest>(&mut self.db.connect()).unwrap().digest
        };
        tables.iter().map(digest).collect()
    }

    /// The program on this shop's schema.
    pub fn program(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
        command.args(words).env("DATABASE_URL", self.db.url()).env_remove("RUST_BACKTRACE");
        command
    }

    pub fn run(&self, words: &[&str]) -> Output {
        self.program(words).output().unwrap()
    }

    /// Everything the rows must agree with, each a query that counts what does not. The shop must be large enough that
    /// no withdrawn product is called back.
    pub fn assert_consistent(&self) {
        for (what, sql) in [
            (
                "orders before the buyer signed up",
                "SELECT count(*) FROM orders o JOIN users u ON u.id = o.user_id WHERE o.created_at < u.created_at",
            ),
            (
                "products sold before they were created, or withdrawn",
                "SELECT count(*) FROM order_items i JOIN orders o ON o.id = i.order_id JOIN products p ON p.id = i.product_id
                  WHERE o.created_at < p.created_at OR o.created_at >= p.withdrawn_at",
            ),
            (
                "orders whose sums are not their items'",
                "SELECT count(*) FROM orders o JOIN (
                     SELECT order_id, count(*) AS lines, max(line_no) AS last, sum(quantity * unit_price) AS gross,
                            sum(discount_amount) AS off, count(DISTINCT product_id) AS different
                       FROM order_items GROUP BY order_id) i ON i.order_id = o.id
                  WHERE (o.item_count, o.item_count, o.item_count, o.subtotal, o.discount_amount)
                        IS DISTINCT FROM (i.lines, i.last, i.different, i.gross, i.off)",
            ),
            (
                "orders without items",
                "SELECT count(*) FROM orders o WHERE NOT EXISTS (SELECT FROM order_items i WHERE i.order_id = o.id)",
            ),
            (
                "items at another price or category than the product's",
                "SELECT count(*) FROM order_items i JOIN products p ON p.id = i.product_id
                  WHERE (i.unit_price, i.category) <> (p.price, p.category)",
            ),
            (
                "customers whose last order is another",
                "SELECT count(*) FROM users u LEFT JOIN (
                     SELECT user_id, max(created_at) AS last FROM orders GROUP BY user_id) o ON o.user_id = u.id
                  WHERE u.last_ordered_at IS DISTINCT FROM o.last OR u.last_login_at < o.last",
            ),
            (
                "products whose items are another number",
                "SELECT count(*) FROM products p LEFT JOIN (
                     SELECT product_id, count(*) AS sold FROM order_items GROUP BY product_id) i ON i.product_id = p.id
                  WHERE p.order_count <> COALESCE(i.sold, 0)",
            ),
            (
                "customers whose grade is not that of their last grade change",
                "SELECT count(*) FROM users u LEFT JOIN (
                     SELECT DISTINCT ON (user_id) user_id, to_grade FROM grade_changes
                      ORDER BY user_id, changed_at DESC, seq DESC) g ON g.user_id = u.id
                  WHERE u.grade <> COALESCE(g.to_grade, 'BRONZE')",
            ),
            (
                "grade changes that do not follow the one before",
                "SELECT count(*) FROM (
                     SELECT from_grade, lag(to_grade, 1, 'BRONZE') OVER (PARTITION BY user_id ORDER BY changed_at, seq) AS was
                       FROM grade_changes) g
                  WHERE from_grade <> was",
            ),
            (
                "grade changes whose amounts are not those of the six months before",
                "SELECT count(*) FROM grade_changes g CROSS JOIN LATERAL (
                     SELECT COALESCE(sum(o.subtotal - o.discount_amount), 0) AS amount, count(*) AS orders
                       FROM orders o
                      WHERE o.user_id = g.user_id AND o.status = 'COMPLETED' AND o.created_at < g.changed_at
                        AND o.created_at >= (g.changed_at AT TIME ZONE INTERVAL '9 hours' - INTERVAL '6 months')
                                            AT TIME ZONE INTERVAL '9 hours') o
                  WHERE (g.amount_6m, g.orders_6m) <> (o.amount, o.orders)",
            ),
        ] {
            assert_eq!(self.number(sql), 0, "{what}");
        }
    }
}
