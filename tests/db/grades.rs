//! The grades that SQL gives are those of the domain's rule.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use shopstream::db::grades::{GradesReport, GradesUpdate, Moved, update};
use shopstream::db::lock;
use shopstream::db::schema::{grade_changes, users};
use shopstream::domain::grade::{DEMOTE_EVERY_SECS, WINDOW_MONTHS};
use shopstream::domain::rows::{Counted, GradeChange, Order, User};
use shopstream::domain::{Grade, OrderStatus, Timestamp};
use uuid::Uuid;

use crate::support::*;

fn run(conn: &mut PgConnection, change: &GradesUpdate) -> GradesReport {
    update(conn, change).unwrap().expect("nobody else updates grades in this schema")
}

fn grades(conn: &mut PgConnection) -> BTreeMap<Uuid, Grade> {
    let rows: Vec<(Uuid, String)> = users::table.select((users::id, users::grade)).load(conn).unwrap();
    rows.into_iter().map(|(id, grade)| (id, grade.parse().unwrap())).collect()
}

/// A customer's life up to the update.
#[derive(Clone, Debug)]
struct History {
    grade: Grade,
    /// Seconds from the edge of the window (`true`: its start, `false`: its end), amount, items, status.
    orders: Vec<(bool, i64, i64, i16, OrderStatus)>,
    /// Seconds after the last instant at which a demotion no longer matters; whether it was one at all.
    changes: Vec<(i64, bool)>,
}

fn histories() -> impl Strategy<Value = Vec<History>> {
    let grade = prop::sample::select(Grade::ALL);
    let status = prop_oneof![8 => Just(OrderStatus::Completed), 1 => Just(OrderStatus::Cancelled), 1 => Just(OrderStatus::Refunded)];
    // Beside the start of the window: just outside, exactly on it, inside. The end itself does not count any more.
    let moment = prop_oneof![
        2 => (Just(true), -1i64..=1),
        2 => (Just(false), -1i64..=1),
        9 => (Just(true), 2i64..10_000_000),
    ];
    let amount = prop::sample::select(vec![0i64, 1, 33_334, 99_999, 100_000, 133_334, 166_666, 166_667, 1_000_000]);
    let order = (moment, amount, 1i16..=4, status)
        .prop_map(|((start, secs), amount, items, status)| (start, secs, amount, items, status));
    let size = prop_oneof![3 => 0usize..8, 2 => 13usize..18, 2 => 28usize..34];
    let orders = size.prop_flat_map(move |n| prop::collection::vec(order.clone(), n));
    // Totals that are exactly a threshold: n equal orders well inside the window.
    let thresholds = Grade::ALL[1..].iter().map(|grade| grade.thresholds()).map(|(amount, orders)| (orders, amount));
    let exact = prop::sample::select(thresholds.collect::<Vec<_>>());
    let exact = (exact, -1i64..=1, -1i64..=0).prop_map(|((orders, amount), won, missing)| {
        let orders = orders + missing;
        let first = amount + won - (orders - 1) * (amount / orders);
        let rest = std::iter::repeat_n(amount / orders, usize::try_from(orders - 1).unwrap());
        std::iter::once(first).chain(rest).map(|amount| (true, 86_400, amount, 1, OrderStatus::Completed)).collect()
    });
    let changes = prop::collection::vec((prop_oneof![-1i64..=1, -1_000_000..1_000_000i64], any::<bool>()), 0..3);
    let history = (grade, prop_oneof![orders, exact], changes).prop_map(|(grade, orders, changes)| History {
        grade,
        orders,
        changes,
    });
    prop::collection::vec(history, 1..12)
}

fn instants() -> impl Strategy<Value = Timestamp> {
    let days = prop::sample::select(vec![
        (2025, 8, 31),
        (2025, 8, 30),
        (2025, 8, 29),
        (2025, 8, 28),
        (2024, 8, 31),
        (2024, 8, 30),
        (2024, 8, 29),
        (2025, 12, 31),
        (2025, 3, 31),
        (2024, 2, 29),
        (2025, 1, 1),
    ]);
    // The first and the last microsecond of a business day, and UTC's midnight within it.
    let micros = prop::sample::select(vec![0i64, 1, 9 * 3_600_000_000, 86_400_000_000 - 1]);
    (days, micros).prop_map(|((y, m, d), micros)| Timestamp::from_micros(at(y, m, d).micros() + micros))
}

/// Rows of one history, and where the rule takes the customer.
struct Case {
    user: User,
    orders: Vec<Order>,
    changes: Vec<GradeChange>,
    next: Grade,
    amount: i64,
    count: i64,
}

/// Six months earlier, written without the code under test.
fn six_months_before(instant: Timestamp) -> Timestamp {
    let local = instant.to_utc().naive_utc() + chrono::Duration::hours(9);
    let earlier = local.checked_sub_months(chrono::Months::new(6)).unwrap() - chrono::Duration::hours(9);
    Timestamp::from(earlier.and_utc())
}

fn build(history: &History, change: &GradesUpdate) -> Case {
    let (start, end) = (six_months_before(change.as_of), change.as_of);
    let mut user = user(at(2015, 1, 1));
    user.grade = history.grade;
    let (mut amount, mut count) = (0, 0);
    let orders = history.orders.iter().map(|&(at_start, secs, sum, items, status)| {
        let when = if at_start { start.plus_secs(secs) } else { end.plus_secs(secs) };
        // A discount, so that subtotal and line amounts differ.
        let mut order = Order { status, item_count: items, ..order(user.id, when, sum) };
        (order.subtotal, order.discount_amount) = (sum + 700, 700);
        if status == OrderStatus::Completed && when >= start && when < end {
            amount += sum;
            count += if change.count == Counted::Items { i64::from(items) } else { 1 };
        }
        order
    });
    let orders = orders.collect();
    let mut last_demotion = None;
    let changes = history.changes.iter().map(|&(secs, down)| {
        let when = end.plus_secs(-change.demote_every_secs + secs);
        if down && when <= end {
            last_demotion = last_demotion.max(Some(when));
        }
        let (from, to) = if down { (Grade::Gold, Grade::Silver) } else { (Grade::Silver, Grade::Vip) };
        grade_change(user.id, when, from, to)
    });
    let changes = changes.collect();
    let earned = Grade::earned(amount, count);
    let next = history.grade.next(earned, last_demotion, end, change.demote_every_secs);
    Case { user, orders, changes, next, amount, count }
}

type Written = (Uuid, DateTime<Utc>, String, String, i64, i64, String, Option<Uuid>);

fn assert_case(conn: &mut PgConnection, cases: &[Case], change: &GradesUpdate) -> Result<(), TestCaseError> {
    for case in cases {
        store(conn, std::slice::from_ref(&case.user)).unwrap();
        store(conn, &case.orders).unwrap();
        store(conn, &case.changes).unwrap();
    }
    let before: i64 = grade_changes::table.count().get_result(conn).unwrap();
    let newest: Option<i64> =
        grade_changes::table.select(diesel::dsl::max(grade_changes::seq)).get_result(conn).unwrap();

    let told = run(conn, &GradesUpdate { dry_run: true, ..*change });
    prop_assert_eq!(grade_changes::table.count().get_result::<i64>(conn).unwrap(), before);
    let done = run(conn, change);
    prop_assert_eq!(&told, &done, "a dry run tells what is done");

    let expected: BTreeMap<_, _> = cases.iter().map(|case| (case.user.id, case.next)).collect();
    prop_assert_eq!(grades(conn), expected);
    let mut pyramid = [0; 4];
    cases.iter().for_each(|case| pyramid[usize::from(case.next.code())] += 1);
    prop_assert_eq!(done.distribution, pyramid);

    let written: Vec<Written> = grade_changes::table
        .filter(grade_changes::seq.gt(newest.unwrap_or(0)))
        .order(grade_changes::seq)
        .select((
            grade_changes::user_id,
            grade_changes::changed_at,
            grade_changes::from_grade,
            grade_changes::to_grade,
            grade_changes::amount_6m,
            grade_changes::orders_6m,
            grade_changes::counted,
            grade_changes::run_id,
        ))
        .load(conn)
        .unwrap();
    let mut moved: Vec<_> = cases.iter().filter(|case| case.next != case.user.grade).collect();
    moved.sort_by_key(|case| case.user.id);
    let expected: Vec<Written> = moved
        .iter()
        .map(|case| {
            let (from, to) = (case.user.grade.to_string(), case.next.to_string());
            let counted = change.count.to_string();
            (case.user.id, change.as_of.to_utc(), from, to, case.amount, case.count, counted, None)
        })
        .collect();
    prop_assert_eq!(written, expected);
    let risen = moved.iter().filter(|case| case.next > case.user.grade).count() as u64;
    let moved = moved.len() as u64;
    prop_assert_eq!((done.promoted(), done.demoted()), (risen, moved - risen));
    prop_assert_eq!(done.unchanged(), cases.len() as u64 - moved);
    Ok(())
}

#[test]
fn sql_and_the_rule_in_memory_give_everybody_the_same_grade() {
    let scratch = ScratchDb::migrated();
    let conn = RefCell::new(scratch.connect());
    let demote_every = prop::sample::select(vec![DEMOTE_EVERY_SECS, 0, 1, 600]);
    let count = prop::sample::select(Counted::ALL);
    let mut runner = TestRunner::new(ProptestConfig { cases: 96, failure_persistence: None, ..Default::default() });
    let result =
        runner.run(&(histories(), instants(), demote_every, count), |(histories, as_of, demote_every_secs, count)| {
            let change = GradesUpdate { as_of, demote_every_secs, count, dry_run: false };
            let cases: Vec<_> = histories.iter().map(|history| build(history, &change)).collect();
            rolled_back(&mut conn.borrow_mut(), |conn| assert_case(conn, &cases, &change))
        });
    result.unwrap();
}

/// A customer with `orders` completed orders of `amount` KRW each, a day before `as_of`.
fn shopper(conn: &mut PgConnection, grade: Grade, as_of: Timestamp, orders: usize, amount: i64) -> Uuid {
    let user = User { grade, ..user(at(2020, 1, 1)) };
    let day_before = as_of.plus_secs(-86_400);
    store(conn, std::slice::from_ref(&user)).unwrap();
    store(conn, &(0..orders).map(|_| order(user.id, day_before, amount)).collect::<Vec<_>>()).unwrap();
    user.id
}

#[test]
fn promotion_jumps_demotion_walks_a_step_a_week_and_the_report_says_so() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    let as_of = at(2025, 8, 31);
    let rising = shopper(conn, Grade::Bronze, as_of, 30, 200_000);
    let falling = shopper(conn, Grade::Vip, as_of, 0, 0);
    shopper(conn, Grade::Silver, as_of, 5, 100_000);
    shopper(conn, Grade::Bronze, as_of, 4, 9_000_000);

    let report = run(conn, &GradesUpdate::new(as_of));
    let moved = |from, to| Moved { from, to, customers: 1 };
    assert_eq!(report.moved, [moved(Grade::Bronze, Grade::Vip), moved(Grade::Vip, Grade::Gold)]);
    assert_eq!(report.distribution, [1, 1, 1, 1]);
    assert_eq!((report.promoted(), report.demoted(), report.unchanged()), (1, 1, 2));
    let touched: Vec<(Uuid, DateTime<Utc>)> = users::table
        .filter(users::updated_at.ne(users::created_at))
        .order(users::id)
        .select((users::id, users::updated_at))
        .load(conn)
        .unwrap();
    let mut expected = [(rising, as_of.to_utc()), (falling, as_of.to_utc())];
    expected.sort();
    assert_eq!(touched, expected, "only those whose grade changes are touched");

    // Ten minutes later, and a second too early: nothing. A week later: the next step.
    for (secs, grade) in [(600, Grade::Gold), (DEMOTE_EVERY_SECS - 1, Grade::Gold), (DEMOTE_EVERY_SECS, Grade::Silver)]
    {
        run(conn, &GradesUpdate::new(as_of.plus_secs(secs)));
        assert_eq!(grades(conn)[&falling], grade, "{secs} s later");
    }
}

#[test]
fn an_update_as_of_the_past_does_not_take_updated_at_back() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    let late = at(2025, 10, 1).to_utc();
    let id = shopper(conn, Grade::Gold, at(2025, 8, 31), 0, 0);
    diesel::update(users::table).set(users::updated_at.eq(late)).execute(conn).unwrap();
    run(conn, &GradesUpdate::new(at(2025, 8, 31)));
    let row: (String, DateTime<Utc>) =
        users::table.find(id).select((users::grade, users::updated_at)).get_result(conn).unwrap();
    assert_eq!(row, ("SILVER".to_owned(), late));
}

#[test]
fn of_two_updaters_at_once_one_acts_and_the_other_says_that_it_did_not() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    let change = GradesUpdate::new(at(2025, 8, 31));
    shopper(conn, Grade::Bronze, change.as_of, 30, 200_000);

    // The first is in the middle of its transaction.
    let first = &mut scratch.connect();
    first
        .transaction::<_, diesel::result::Error, _>(|first| {
            assert!(lock::try_lock(first, lock::GRADES)?);
            assert_eq!(update(conn, &change).unwrap(), None);
            Ok(())
        })
        .unwrap();
    // It has ended: the lock went with its transaction.
    assert_eq!(run(conn, &change).promoted(), 1);

    // Another shop in the same database is not in the way.
    let other = ScratchDb::migrated();
    first
        .transaction::<_, diesel::result::Error, _>(|first| {
            assert!(lock::try_lock(first, lock::GRADES)?);
            assert!(update(&mut other.connect(), &change).unwrap().is_some());
            Ok(())
        })
        .unwrap();
}

#[test]
fn many_updaters_at_once_write_each_change_once() {
    let scratch = ScratchDb::migrated();
    let change = GradesUpdate::new(at(2025, 8, 31));
    let conn = &mut scratch.connect();
    for _ in 0..50 {
        shopper(conn, Grade::Bronze, change.as_of, 30, 200_000);
    }
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| update(&mut scratch.connect(), &change).unwrap());
        }
    });
    assert_eq!(grade_changes::table.count().get_result::<i64>(conn).unwrap(), 50);
}

#[test]
fn a_writer_who_holds_a_customer_delays_the_update_and_neither_is_lost() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    let change = GradesUpdate::new(at(2025, 8, 31));
    let id = shopper(conn, Grade::Bronze, change.as_of, 30, 200_000);
    let ordered = change.as_of.to_utc();
    let (held, is_held) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let consumer = &mut scratch.connect();
            consumer.transaction::<_, diesel::result::Error, _>(|consumer| {
                diesel::update(users::table.find(id)).set(users::last_ordered_at.eq(ordered)).execute(consumer)?;
                held.send(()).unwrap();
                std::thread::sleep(Duration::from_millis(200));
                Ok(())
            })
        });
        is_held.recv().unwrap();
        assert_eq!(run(conn, &change).promoted(), 1);
    });
    let row: (String, Option<DateTime<Utc>>) =
        users::table.find(id).select((users::grade, users::last_ordered_at)).get_result(conn).unwrap();
    assert_eq!(row, ("VIP".to_owned(), Some(ordered)));
}

#[test]
fn the_window_is_six_calendar_months_of_business_time() {
    let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
    for (now, start) in [(day(2025, 8, 31), day(2025, 2, 28)), (day(2024, 8, 31), day(2024, 2, 29))] {
        let now = Timestamp::business_midnight(now);
        assert_eq!(now.minus_months(WINDOW_MONTHS), Timestamp::business_midnight(start));
        assert_eq!(six_months_before(now), Timestamp::business_midnight(start));
    }
}
