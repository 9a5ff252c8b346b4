//! What the tables hold that somebody should know of.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::bench::sweep;
use crate::db::schema::{backfill_runs, consumer_offsets, products, users};
use crate::db::{lock, parked};
use crate::doctor::desk::{Desk, Heard};
use crate::doctor::finding::Finding;
use crate::output::number::some;

/// Looks at what can be read; what cannot is a missing privilege, and told as one.
pub(super) fn findings(conn: &mut PgConnection, tables: &[String], desk: &Desk) -> Vec<Finding> {
    type Look<'a> = &'a dyn Fn(&mut PgConnection) -> QueryResult<Vec<Finding>>;
    let looks: [(&[&str], Look<'_>); 5] = [
        (&["users", "products"], &population),
        (&["backfill_runs"], &runs),
        (&["consumer_offsets"], &expired),
        (&["parked_orders"], &|conn| parked(conn, desk)),
        (&[], &benches),
    ];
    let mut found = Vec::new();
    for (needed, look) in looks {
        if !needed.iter().all(|needed| tables.iter().any(|table| table == needed)) {
            continue;
        }
        match look(conn) {
            Ok(findings) => found.extend(findings),
            Err(diesel::result::Error::DatabaseError(_, said)) if said.message().contains("permission denied") => {}
            Err(error) => {
                let what = match needed {
                    [] => format!("the catalogue cannot be read: {error}"),
                    needed => format!("{} cannot be read: {error}", needed.join(" and ")),
                };
                found.push(Finding::warning("contents", what, "ask again; if it stays, look at the server's log"));
            }
        }
    }
    found
}

/// Whether there is anybody to buy, and anything to sell. Tables are not counted: they may be large.
fn population(conn: &mut PgConnection) -> QueryResult<Vec<Finding>> {
    let users = diesel::select(diesel::dsl::exists(users::table.select(users::id))).get_result::<bool>(conn)?;
    let products =
        diesel::select(diesel::dsl::exists(products::table.select(products::id))).get_result::<bool>(conn)?;
    let missing = match (users, products) {
        (true, true) => return Ok(vec![Finding::ok("population", "there are customers and products")]),
        (false, true) => "customers",
        (true, false) => "products",
        (false, false) => "customers and no products",
    };
    let what = format!("there are no {missing}: nothing can be ordered");
    Ok(vec![Finding::warning("population", what, "shopstream seed")])
}

/// Years that were begun and not finished.
fn runs(conn: &mut PgConnection) -> QueryResult<Vec<Finding>> {
    use backfill_runs as r;
    let years: Vec<(i16, Vec<i16>, String)> =
        r::table.order(r::year).select((r::year, r::months_done, r::state)).load(conn)?;
    let mut found = Vec::new();
    for (year, months, _) in years.iter().filter(|(.., state)| state != "complete") {
        let is = if months.len() == 1 { "is" } else { "are" };
        let done = format!("{} of 12 months of {year} {is} there", months.len());
        let finding = if lock::is_held(conn, &format!("backfill/{year}"))? {
            Finding::note("backfill", format!("{done}; a backfill is writing it now"))
        } else {
            let what = format!("{done}: a backfill began it and did not finish");
            Finding::warning("backfill", what, format!("shopstream backfill --year {year} --to postgres --resume"))
        };
        found.push(finding.about(year.to_string()));
    }
    if found.is_empty() {
        let complete = match years.len() {
            0 => "no year was written by backfill".to_owned(),
            _ => {
                let years: Vec<String> = years.iter().map(|(year, ..)| year.to_string()).collect();
                format!("complete: {}", years.join(", "))
            }
        };
        found.push(Finding::ok("backfill", complete));
    }
    Ok(found)
}

/// Messages that topics did not keep until they were read.
fn expired(conn: &mut PgConnection) -> QueryResult<Vec<Finding>> {
    use consumer_offsets as o;
    let mut lost: BTreeMap<String, i64> = BTreeMap::new();
    for (topic, expired) in
        o::table.filter(o::expired.gt(0)).select((o::topic, o::expired)).load::<(String, i64)>(conn)?
    {
        *lost.entry(topic).or_default() += expired;
    }
    let finding = |(topic, expired): (String, i64)| {
        let gone = some(expired, "message");
        let what = format!("{gone} left the topic by age or size before it was read: in no table");
        let mend = "let consumers run more often than the topic's retention.ms, or raise it; what is gone can only be sent again";
        Finding::warning("expired", what, mend).about(topic)
    };
    if lost.is_empty() {
        return Ok(vec![Finding::ok("expired", "no message left a topic unread")]);
    }
    Ok(lost.into_iter().map(finding).collect())
}

/// Orders that wait for their customer or a product. What ends their wait is judged when Kafka has told who reads the topics.
fn parked(conn: &mut PgConnection, desk: &Desk) -> QueryResult<Vec<Finding>> {
    let waiting = parked::waiting(conn)?;
    if waiting.is_empty() {
        return Ok(vec![Finding::ok("parked_orders", "no order waits for its customer or a product")]);
    }
    desk.say(Heard::Parked(waiting));
    Ok(Vec::new())
}

/// What a bench that was killed has left; nothing is said where there is none.
fn benches(conn: &mut PgConnection) -> QueryResult<Vec<Finding>> {
    let finding = |name: String| {
        let what = "a bench was killed before it removed this schema, and perhaps topics and keys of the same name";
        Finding::warning("bench", what, "shopstream bench --sweep").about(name)
    };
    Ok(sweep::abandoned(conn)?.into_iter().map(finding).collect())
}
