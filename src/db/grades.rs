//! Recomputing everybody's grade, set-based and in one transaction.
//!
//! The rule is [`Grade::earned`] and [`Grade::next`]; the SQL beside this file follows it, and a property test holds
//! the two equal. The thresholds exist only in the domain and are handed to the SQL.

use color_eyre::eyre::WrapErr;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz};

use super::lock;
use super::overview::Estimates;
use crate::domain::grade::{DEMOTE_EVERY_SECS, WINDOW_MONTHS};
use crate::domain::rows::Counted;
use crate::domain::{Grade, Timestamp};
use crate::follow::Follow;
use crate::output::number;

/// How to recompute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GradesUpdate {
    /// The reference time: orders of the six months before it count.
    pub as_of: Timestamp,
    /// Least distance between two demotions of one customer, seconds.
    pub demote_every_secs: i64,
    /// What the thresholds' second figure counts.
    pub count: Counted,
    /// Only tell what would happen.
    pub dry_run: bool,
}

impl GradesUpdate {
    /// The default rule at `as_of`.
    #[must_use]
    pub const fn new(as_of: Timestamp) -> Self {
        Self { as_of, demote_every_secs: DEMOTE_EVERY_SECS, count: Counted::Orders, dry_run: false }
    }
}

/// Customers who went from one grade to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Moved {
    /// Grade before.
    pub from: Grade,
    /// Grade after.
    pub to: Grade,
    /// How many.
    pub customers: u64,
}

/// What an update did, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GradesReport {
    /// The reference time.
    pub as_of: Timestamp,
    /// Flows between grades; those without anybody are left out.
    pub moved: Vec<Moved>,
    /// Customers in each grade afterwards, in the order of [`Grade::ALL`].
    pub distribution: [u64; Grade::ALL.len()],
}

impl GradesReport {
    /// Customers whose grade rose.
    #[must_use]
    pub fn promoted(&self) -> u64 {
        self.moved.iter().filter(|moved| moved.to > moved.from).map(|moved| moved.customers).sum()
    }

    /// Customers whose grade fell.
    #[must_use]
    pub fn demoted(&self) -> u64 {
        self.moved.iter().filter(|moved| moved.to < moved.from).map(|moved| moved.customers).sum()
    }

    /// Customers whose grade stayed.
    #[must_use]
    pub fn unchanged(&self) -> u64 {
        self.distribution.iter().sum::<u64>() - self.promoted() - self.demoted()
    }
}

/// The reference time of the newest change of anybody's grade; `None` when there was none.
///
/// # Errors
/// When the query fails.
pub fn newest_change(conn: &mut PgConnection) -> color_eyre::Result<Option<Timestamp>> {
    use super::schema::grade_changes as g;
    let newest: Option<chrono::DateTime<chrono::Utc>> =
        g::table.select(diesel::dsl::max(g::changed_at)).first(conn).wrap_err("cannot read grade_changes")?;
    Ok(newest.map(Timestamp::from))
}

/// Recomputes all grades; `None` when another session is at it, which is then left alone.
///
/// Safe beside writers of orders: rows are locked in key order, and only those whose grade changes.
///
/// # Errors
/// When a query fails; nothing is changed then.
pub fn update(conn: &mut PgConnection, update: &GradesUpdate) -> color_eyre::Result<Option<GradesReport>> {
    update_followed(conn, update, &|_: &str| {})
}

/// The same for somebody who watches. Each part is one statement of the server's, which tells nothing while it runs: what can be
/// said is how much it has to do.
///
/// # Errors
/// As [`update`].
pub fn update_followed(
    conn: &mut PgConnection,
    update: &GradesUpdate,
    follow: &dyn Follow,
) -> color_eyre::Result<Option<GradesReport>> {
    let estimates = Estimates::take(conn).wrap_err("cannot estimate the work")?;
    let (users, orders) = (estimates.rows("users"), estimates.rows("orders"));
    let (users, orders) = (number::some(users, "customer"), number::some(orders, "order"));
    conn.transaction(|conn| {
        if !lock::try_lock(conn, lock::GRADES)? {
            return Ok(None);
        }
        follow.at(&format!("working out the grades of about {users} from six months of about {orders}"));
        find_candidates(conn, update).wrap_err("cannot work out the grades")?;
        let moved = flows(conn)?;
        if !update.dry_run && !moved.is_empty() {
            let changes: u64 = moved.iter().map(|moved| moved.customers).sum();
            follow.at(&format!("writing {}", number::some(changes, "change")));
            write(conn, update).wrap_err("cannot write the grades")?;
        }
        follow.at(&format!("counting about {users}"));
        let mut distribution = distribution(conn)?;
        if update.dry_run {
            for moved in &moved {
                distribution[usize::from(moved.from.code())] -= moved.customers;
                distribution[usize::from(moved.to.code())] += moved.customers;
            }
        }
        conn.batch_execute("DROP TABLE grade_step")?;
        Ok(Some(GradesReport { as_of: update.as_of, moved, distribution }))
    })
}

fn find_candidates(conn: &mut PgConnection, update: &GradesUpdate) -> QueryResult<()> {
    // A ceiling, not a reservation: a million customers take about 130 MB, and would otherwise go through files.
    conn.batch_execute(
        "SELECT set_config('work_mem', '128MB', true) WHERE pg_size_bytes(current_setting('work_mem')) < 128 << 20",
    )?;
    let mut query = diesel::sql_query(include_str!("sql/grades_candidates.sql"))
        .into_boxed()
        .bind::<Timestamptz, _>(update.as_of.minus_months(WINDOW_MONTHS).to_utc())
        .bind::<Timestamptz, _>(update.as_of.to_utc())
        .bind::<Timestamptz, _>(update.as_of.plus_secs(-update.demote_every_secs).to_utc())
        .bind::<Text, _>(update.count.as_str());
    for grade in [Grade::Silver, Grade::Gold, Grade::Vip] {
        let (amount, orders) = grade.thresholds();
        query = query.bind::<BigInt, _>(amount).bind::<BigInt, _>(orders);
    }
    query.execute(conn).map(drop)
}

fn write(conn: &mut PgConnection, update: &GradesUpdate) -> QueryResult<()> {
    diesel::sql_query(include_str!("sql/grades_lock.sql")).execute(conn)?;
    diesel::sql_query(include_str!("sql/grades_update.sql"))
        .bind::<Timestamptz, _>(update.as_of.to_utc())
        .bind::<Text, _>(update.count.as_str())
        .execute(conn)
        .map(drop)
}

/// A row of a query that counts customers by the grades between which they went.
#[derive(Debug, QueryableByName)]
pub(crate) struct Flow {
    #[diesel(sql_type = Text)]
    from_grade: String,
    #[diesel(sql_type = Text)]
    to_grade: String,
    #[diesel(sql_type = BigInt)]
    customers: i64,
}

impl Flow {
    /// What it says.
    ///
    /// # Errors
    /// When a grade is none that this program knows.
    pub(crate) fn moved(&self) -> color_eyre::Result<Moved> {
        Ok(Moved {
            from: self.from_grade.parse()?,
            to: self.to_grade.parse()?,
            customers: self.customers.unsigned_abs(),
        })
    }
}

fn flows(conn: &mut PgConnection) -> color_eyre::Result<Vec<Moved>> {
    let flows = diesel::sql_query(
        "SELECT from_grade, to_grade, count(*) AS customers FROM grade_step GROUP BY from_grade, to_grade
          ORDER BY grade_rank(from_grade), grade_rank(to_grade)",
    );
    flows.load::<Flow>(conn)?.iter().map(Flow::moved).collect()
}

/// A row of a query that counts customers by grade.
#[derive(Debug, QueryableByName)]
pub(crate) struct Level {
    #[diesel(sql_type = Text)]
    grade: String,
    #[diesel(sql_type = BigInt)]
    customers: i64,
}

impl Level {
    /// The grade, and how many have it.
    ///
    /// # Errors
    /// When the grade is none that this program knows.
    pub(crate) fn counted(&self) -> color_eyre::Result<(Grade, u64)> {
        Ok((self.grade.parse()?, self.customers.unsigned_abs()))
    }
}

/// Customers in each grade, in the order of [`Grade::ALL`].
///
/// # Errors
/// When the query fails.
pub fn distribution(conn: &mut PgConnection) -> color_eyre::Result<[u64; Grade::ALL.len()]> {
    let mut pyramid = [0; Grade::ALL.len()];
    let levels = diesel::sql_query("SELECT grade, count(*) AS customers FROM users GROUP BY grade");
    for level in levels.load::<Level>(conn)? {
        let (grade, customers) = level.counted()?;
        pyramid[usize::from(grade.code())] = customers;
    }
    Ok(pyramid)
}
