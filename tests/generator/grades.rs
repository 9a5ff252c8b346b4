//! Grades of a year, worked out again from its rows in the plainest way.

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, Months, NaiveDate};
use shopstream::domain::rows::{Counted, GradeChange};
use shopstream::domain::{Grade, OrderStatus, Timestamp};
use shopstream::generator::year::YearParams;
use uuid::Uuid;

use crate::shop::{Made, day, midnight, params, population, year_2025, year_2025_without_habits};

/// The grade that both the amount and the number of orders reach.
fn earned(amount: i64, orders: i64) -> Grade {
    if amount >= 5_000_000 && orders >= 30 {
        Grade::Vip
    } else if amount >= 2_000_000 && orders >= 15 {
        Grade::Gold
    } else if amount >= 500_000 && orders >= 5 {
        Grade::Silver
    } else {
        Grade::Bronze
    }
}

/// At each 7th day: everybody's completed orders of the six calendar months before, promotion at once, demotion by one
/// step and no sooner than 7 days after the last.
fn again(made: &Made) -> Vec<GradeChange> {
    let completed: Vec<(Timestamp, Uuid, i64)> = made
        .carts()
        .filter(|(order, _)| order.status == OrderStatus::Completed)
        .map(|(order, lines)| (order.created_at, order.user_id, lines.iter().map(|line| line.line_amount).sum()))
        .collect();
    let mut standing: HashMap<Uuid, (Grade, Option<NaiveDate>)> = HashMap::new();
    let mut changes = Vec::new();
    let first = day(made.params.year, 1, 1);
    let updates = first.iter_days().step_by(7).skip(1).take_while(|today| *today < day(made.params.year + 1, 1, 1));
    for today in updates.take_while(|today| made.params.until.is_none_or(|until| midnight(*today) < until)) {
        let (from, to) = (midnight(today - Months::new(6)), midnight(today));
        let mut sums: BTreeMap<Uuid, (i64, i64)> = standing.keys().map(|&id| (id, (0, 0))).collect();
        for (_, user, amount) in completed.iter().filter(|(at, _, _)| *at >= from && *at < to) {
            let sum = sums.entry(*user).or_default();
            *sum = (sum.0 + amount, sum.1 + 1);
        }
        for (user_id, (amount_6m, orders_6m)) in sums {
            let earned = earned(amount_6m, orders_6m);
            let (grade, demoted) = standing.entry(user_id).or_insert((Grade::Bronze, None));
            let from_grade = *grade;
            if earned > from_grade {
                *grade = earned;
            } else if earned < from_grade && demoted.is_none_or(|last| last + Days::new(7) <= today) {
                *grade = Grade::ALL[usize::from(from_grade.code()) - 1];
                *demoted = Some(today);
            }
            if *grade != from_grade {
                changes.push(GradeChange {
                    user_id,
                    changed_at: to,
                    from_grade,
                    to_grade: *grade,
                    amount_6m,
                    orders_6m,
                    counted: Counted::Orders,
                    run_id: made.params.run_id,
                });
            }
        }
    }
    changes
}

/// The year's grade changes are those, and each order carries its buyer's grade at that moment.
pub fn check(made: &Made) {
    let again = again(made);
    for (ours, theirs) in made.changes.iter().zip(&again) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(made.changes.len(), again.len());
    let mut changes = made.changes.iter().peekable();
    let mut grades: HashMap<Uuid, Grade> = HashMap::new();
    for order in &made.orders {
        while let Some(change) = changes.next_if(|change| change.changed_at <= order.created_at) {
            grades.insert(change.user_id, change.to_grade);
        }
        assert_eq!(order.grade, grades.get(&order.user_id).copied().unwrap_or(Grade::Bronze), "{order:?}");
    }
}

#[test]
fn the_years_grade_changes_equal_a_naive_recomputation_from_the_rows() {
    check(year_2025());
    check(year_2025_without_habits());
}

#[test]
fn the_year_tries_every_kind_of_grade_change() {
    let steps: Vec<i32> = year_2025()
        .changes
        .iter()
        .map(|change| i32::from(change.to_grade.code()) - i32::from(change.from_grade.code()))
        .collect();
    for step in [-1, 1] {
        assert!(steps.contains(&step), "no change of {step}");
    }
    assert!(steps.iter().all(|step| *step >= -1 && *step != 0), "demotion goes step by step");
    assert!(year_2025().changes.iter().all(|change| change.counted == Counted::Orders));
    assert!(year_2025().changes.len() > 1_000, "{}", year_2025().changes.len());
}

#[test]
fn a_shop_of_few_busy_customers_promotes_over_several_steps_at_once() {
    // Half a million orders of 1,500 customers: some reach GOLD in their first week. January is enough of it.
    let until = Some(midnight(day(2025, 2, 1)));
    let made = Made::new(population(2025, 2, 1_500, 3_000), YearParams { until, ..params(2025, 500_000, 2, true) });
    check(&made);
    let steps = |change: &GradeChange| change.to_grade.code().saturating_sub(change.from_grade.code());
    assert!(made.changes.iter().any(|change| steps(change) >= 2));
}
