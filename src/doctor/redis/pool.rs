//! What is in the cache: the pool and its age, visits that wait, the scenario switched on by hand.

use std::time::Duration;

use chrono::Utc;
use redis::{Connection, RedisResult};

use crate::cache::members::PoolMeta;
use crate::cache::scenario::{self, ByHand};
use crate::cache::{Cache, read, visits};
use crate::doctor::desk::Desk;
use crate::doctor::finding::Finding;
use crate::domain::Timestamp;
use crate::domain::date::business_time;
use crate::output::number::{self, some};

const REFRESH: &str = "shopstream cache refresh --every 50s";

pub(super) fn look(cache: &Cache, redis: &mut Connection, desk: &Desk) -> RedisResult<()> {
    let now = Timestamp::from(Utc::now());
    let (meta, sizes) = (read::meta(cache, redis)?, read::sizes(cache, redis)?);
    desk.found(pool(&meta, sizes, now));
    let waiting = visits::waiting(cache, redis)?;
    desk.found(Finding::ok("visits", format!("{} of returning customers waiting", some(waiting, "visit"))));
    desk.found(by_hand(scenario::by_hand(cache, redis)?.as_ref(), now));
    Ok(())
}

/// `sizes` are the members of both pools as they are counted now.
fn pool(meta: &PoolMeta, sizes: (u64, u64), now: Timestamp) -> Finding {
    let (users, products) = sizes;
    let members = format!("{} and {}", some(users, "customer"), some(products, "product"));
    if users == 0 || products == 0 {
        let what = match (meta.generation, users, products) {
            (0, 0, 0) => "there is no pool: producers wait for one".to_owned(),
            (0, ..) => format!("the pool is not whole: {members}, nothing known of them"),
            (generation, ..) => {
                format!("pool {generation} has lost its members ({members}): producers wait")
            }
        };
        return Finding::problem("pool", what, REFRESH);
    }
    let age = Duration::from_millis(u64::try_from(meta.age_ms(now)).unwrap_or(0));
    let what = format!("{members}, generation {}, refreshed {} ago", meta.generation, number::duration(age));
    match meta.interval_ms {
        0 if meta.is_old(now) => Finding::note("pool", format!("{what} by hand; nobody keeps it fresh")).mend(REFRESH),
        0 => Finding::ok("pool", format!("{what} by hand")),
        interval => {
            let every = number::duration(Duration::from_millis(interval));
            if meta.is_old(now) {
                let what = format!("{what}, although every {every} was asked for: the cache worker has stopped");
                return Finding::warning("pool", what, REFRESH);
            }
            Finding::ok("pool", format!("{what}, every {every}"))
        }
    }
}

fn by_hand(on: Option<&ByHand>, now: Timestamp) -> Finding {
    let Some(ByHand { id, left }) = on else {
        return Finding::ok("scenario", "the calendar is in force; none is switched on by hand");
    };
    let until = if left.is_zero() {
        "without an end".to_owned()
    } else {
        format!("until {}", business_time(now.plus_secs(i64::try_from(left.as_secs()).unwrap_or(0))))
    };
    Finding::note("scenario", format!("{id} is switched on by hand, {until}")).mend("shopstream scenarios deactivate")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    const NOW: i64 = 1_800_000_000_000;

    fn level(interval_ms: u64, age_ms: i64, sizes: (u64, u64)) -> Level {
        let meta = PoolMeta { generation: 3, refreshed_at_ms: NOW - age_ms, interval_ms, ..PoolMeta::default() };
        pool(&meta, sizes, Timestamp::from_micros(NOW * 1_000)).level
    }

    #[test]
    fn a_pool_is_old_by_its_own_interval() {
        assert_eq!(level(50_000, 150_000, (1_000, 1_000)), Level::Ok);
        assert_eq!(level(50_000, 150_001, (1_000, 1_000)), Level::Warning);
        assert_eq!(level(600_000, 150_001, (1_000, 1_000)), Level::Ok);
    }

    #[test]
    fn a_pool_refreshed_by_hand_may_be_old() {
        assert_eq!(level(0, 100_000, (1_000, 1_000)), Level::Ok);
        assert_eq!(level(0, 200_000, (1_000, 1_000)), Level::Note);
    }

    #[test]
    fn a_pool_without_members_is_a_problem_however_fresh() {
        assert_eq!(level(50_000, 1_000, (0, 1_000)), Level::Problem);
        assert_eq!(level(50_000, 1_000, (1_000, 0)), Level::Problem);
        let none = pool(&PoolMeta::default(), (0, 0), Timestamp::from_micros(NOW * 1_000));
        assert_eq!(none.what, "there is no pool: producers wait for one");
    }
}
