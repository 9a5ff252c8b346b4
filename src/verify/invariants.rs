//! What must hold within the database, whatever was produced: one commented query each, which finds what breaks it.

use color_eyre::eyre::{Result, WrapErr};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::Watch;
use super::report::{FIRST, InvariantReport, Named};
use crate::domain::Grade;
use crate::follow::Amount;

/// A rule, and the query for what breaks it (an id, and what was found).
struct Invariant {
    rule: &'static str,
    sql: &'static str,
    /// Whether the query takes the thresholds of the grades.
    thresholds: bool,
}

const fn rule(rule: &'static str, sql: &'static str) -> Invariant {
    Invariant { rule, sql, thresholds: false }
}

const INVARIANTS: [Invariant; 7] = [
    rule("orders add up to their items", include_str!("../db/sql/verify_totals.sql")),
    rule("order_count is the number of stored items", include_str!("../db/sql/verify_order_count.sql")),
    rule("last_ordered_at is the latest order", include_str!("../db/sql/verify_last_ordered.sql")),
    rule("nobody orders before signing up", include_str!("../db/sql/verify_sign_up.sql")),
    rule("a grade is that of its latest change", include_str!("../db/sql/verify_grades.sql")),
    rule("a change of grade begins where the last ended", include_str!("../db/sql/verify_grade_chain.sql")),
    Invariant {
        rule: "a change of grade follows from its figures",
        sql: include_str!("../db/sql/verify_grade_steps.sql"),
        thresholds: true,
    },
];

#[derive(QueryableByName)]
struct Broken {
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    found: String,
}

/// Looks at all of them, within the transaction at hand.
///
/// # Errors
/// When a query fails, or on an interruption.
pub fn check(conn: &mut PgConnection, watch: Watch<'_>) -> Result<Vec<InvariantReport>> {
    watch.follow.begins("checking the invariants", Amount::Exactly(INVARIANTS.len() as u64), "invariants");
    INVARIANTS
        .iter()
        .map(|invariant| {
            watch.interrupt.check()?;
            let broken = broken(conn, invariant).wrap_err_with(|| format!("cannot check that {}", invariant.rule))?;
            watch.follow.done(1);
            Ok(InvariantReport { rule: invariant.rule, broken })
        })
        .collect()
}

fn broken(conn: &mut PgConnection, invariant: &Invariant) -> QueryResult<Named> {
    let sql = format!(
        "WITH broken AS MATERIALIZED ({})
         SELECT (SELECT count(*) FROM broken) AS total, id, found FROM broken ORDER BY id, found LIMIT {FIRST}",
        invariant.sql
    );
    let mut query = diesel::sql_query(sql).into_boxed();
    if invariant.thresholds {
        for grade in [Grade::Silver, Grade::Gold, Grade::Vip] {
            let (amount, orders) = grade.thresholds();
            query = query.bind::<BigInt, _>(amount).bind::<BigInt, _>(orders);
        }
    }
    let rows: Vec<Broken> = query.load(conn)?;
    Ok(Named {
        count: rows.first().map_or(0, |row| row.total.unsigned_abs()),
        first: rows.into_iter().map(|row| format!("{}: {}", row.id, row.found)).collect(),
    })
}
