//! What is counted of a year. Orders count whatever became of them; revenue is what was paid for completed ones, shipping
//! included. Days, weekdays and hours are those of business time (UTC+9).

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::files::facts::{ChangeFacts, ItemFacts, OrderFacts, UserFacts};
use crate::domain::{AgeGroup, Gender, Grade, OrderStatus, Payment, Timestamp};
use crate::generator::calendar::days_of_year;

/// Limits of the classes of order values, KRW, each a quarter of a power of ten: equally wide on a logarithmic axis.
pub const VALUE_LIMITS: [i64; 24] = [
    1_000,
    1_800,
    3_200,
    5_600,
    10_000,
    18_000,
    32_000,
    56_000,
    100_000,
    180_000,
    320_000,
    560_000,
    1_000_000,
    1_800_000,
    3_200_000,
    5_600_000,
    10_000_000,
    18_000_000,
    32_000_000,
    56_000_000,
    100_000_000,
    180_000_000,
    320_000_000,
    560_000_000,
];

/// Orders and what they brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sales {
    /// Orders of any status.
    pub orders: u64,
    /// Completed orders.
    pub completed: u64,
    /// What was paid for completed orders, KRW.
    pub revenue: i64,
    /// Lines of all orders.
    pub items: u64,
}

/// Lines of a category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sold {
    /// Lines of orders of any status.
    pub lines: u64,
    /// Pieces in them.
    pub pieces: u64,
    /// Line amounts of completed orders, KRW: without shipping.
    pub revenue: i64,
}

/// The figures of a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// The year.
    pub year: i32,
    /// By the scenario an order followed, and by day (0 is 1 January).
    pub scenarios: BTreeMap<String, Vec<Sales>>,
    /// By weekday (0 is Monday) and hour.
    pub hours: [[Sales; 24]; 7],
    /// By category and month.
    pub categories: BTreeMap<String, [Sold; 12]>,
    /// By number of lines in an order.
    pub baskets: BTreeMap<u16, Sales>,
    /// By class of what was paid: number of [`VALUE_LIMITS`] that it reaches.
    pub values: BTreeMap<usize, Sales>,
    /// By the buyer's region.
    pub regions: BTreeMap<String, Sales>,
    /// By the buyer's age group and gender.
    pub buyers: BTreeMap<(AgeGroup, Gender), Sales>,
    /// By the buyer's age group and how it was paid.
    pub payments: BTreeMap<(AgeGroup, Payment), Sales>,
    /// By the buyer's grade at that moment.
    pub grades: BTreeMap<Grade, Sales>,
    /// By what became of it.
    pub statuses: BTreeMap<OrderStatus, Sales>,
    /// Customers who placed an order in the year.
    pub customers_who_bought: u64,
    /// Sign-ups before the year, then in each of its months.
    pub sign_ups: [u64; 13],
    /// Customers by grade when the year began, those of BRONZE left out.
    pub opening_grades: BTreeMap<Grade, u64>,
    /// Changes of grade by day, from and to.
    pub grade_moves: BTreeMap<(usize, Grade, Grade), u64>,
}

/// A moment in the year's own terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// 0 is 1 January.
    pub day: usize,
    /// 0 is January.
    pub month: usize,
    /// 0 is Monday.
    pub weekday: usize,
    /// 0–23.
    pub hour: usize,
}

impl Sales {
    /// Counts others with these.
    pub fn add(&mut self, other: &Self) {
        self.orders += other.orders;
        self.completed += other.completed;
        self.revenue += other.revenue;
        self.items += other.items;
    }

    /// Revenue of a completed order, KRW; 0 where there is none.
    #[must_use]
    pub fn average(&self) -> i64 {
        self.revenue / i64::try_from(self.completed).unwrap_or(i64::MAX).max(1)
    }

    /// All of them together.
    pub fn total<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        all.into_iter().fold(Self::default(), |mut total, sales| {
            total.add(sales);
            total
        })
    }
}

/// The first moment of a year and the first after it, in business time.
#[must_use]
pub fn span_of_year(year: i32) -> (Timestamp, Timestamp) {
    let first = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(NaiveDate::MAX);
    (Timestamp::business_midnight(first(year)), Timestamp::business_midnight(first(year + 1)))
}

/// The class of an order's value: how many of [`VALUE_LIMITS`] it reaches.
#[must_use]
pub fn value_class(amount: i64) -> usize {
    VALUE_LIMITS.partition_point(|limit| *limit <= amount)
}

impl Figures {
    /// Nothing yet.
    #[must_use]
    pub fn new(year: i32) -> Self {
        Self {
            year,
            scenarios: BTreeMap::new(),
            hours: [[Sales::default(); 24]; 7],
            categories: BTreeMap::new(),
            baskets: BTreeMap::new(),
            values: BTreeMap::new(),
            regions: BTreeMap::new(),
            buyers: BTreeMap::new(),
            payments: BTreeMap::new(),
            grades: BTreeMap::new(),
            statuses: BTreeMap::new(),
            customers_who_bought: 0,
            sign_ups: [0; 13],
            opening_grades: BTreeMap::new(),
            grade_moves: BTreeMap::new(),
        }
    }

    /// A moment in the year's terms; `None` outside of it.
    #[must_use]
    pub fn moment(&self, at: Timestamp) -> Option<Moment> {
        let day = at.business_day();
        (day.year() == self.year).then(|| Moment {
            day: day.ordinal0() as usize,
            month: day.month0() as usize,
            weekday: day.weekday().num_days_from_monday() as usize,
            hour: at.business_hour(),
        })
    }

    /// The sales of a scenario on a day, to be counted up.
    pub fn scenario_on(&mut self, scenario: &str, day: usize) -> Option<&mut Sales> {
        let length = days_of_year(self.year).len();
        if !self.scenarios.contains_key(scenario) {
            self.scenarios.insert(scenario.to_owned(), vec![Sales::default(); length]);
        }
        self.scenarios.get_mut(scenario)?.get_mut(day)
    }

    /// Counts an order; false when it is not of this year.
    pub fn add_order(&mut self, order: &OrderFacts) -> bool {
        let Some(at) = self.moment(order.created_at) else { return false };
        let completed = order.status == OrderStatus::Completed;
        let sales = Sales {
            orders: 1,
            completed: completed.into(),
            revenue: if completed { order.total_amount } else { 0 },
            items: order.item_count.into(),
        };
        if let Some(day) = self.scenario_on(&order.scenario, at.day) {
            day.add(&sales);
        }
        self.hours[at.weekday][at.hour].add(&sales);
        self.baskets.entry(order.item_count).or_default().add(&sales);
        self.values.entry(value_class(order.total_amount)).or_default().add(&sales);
        self.regions.entry(order.region.clone()).or_default().add(&sales);
        self.buyers.entry((order.age_group, order.gender)).or_default().add(&sales);
        self.payments.entry((order.age_group, order.payment_method)).or_default().add(&sales);
        self.grades.entry(order.grade).or_default().add(&sales);
        self.statuses.entry(order.status).or_default().add(&sales);
        true
    }

    /// Counts a line of an order.
    pub fn add_item(&mut self, item: ItemFacts, order: &OrderFacts) {
        let Some(at) = self.moment(order.created_at) else { return };
        let sold = &mut self.categories.entry(item.category).or_default()[at.month];
        sold.lines += 1;
        sold.pieces += u64::from(item.quantity);
        sold.revenue += if order.status == OrderStatus::Completed { item.line_amount } else { 0 };
    }

    /// Counts a customer; one who signed up after the year is none of it.
    pub fn add_user(&mut self, user: &UserFacts) {
        let (begins, ends) = span_of_year(self.year);
        if user.created_at >= ends {
            return;
        }
        let month = self.moment(user.created_at).map_or(0, |at| at.month + 1);
        self.sign_ups[month] += 1;
        self.customers_who_bought += u64::from(user.last_ordered_at.is_some_and(|last| last >= begins && last < ends));
    }

    /// Counts a change of grade; false when it is not of this year.
    pub fn add_change(&mut self, change: &ChangeFacts) -> bool {
        let Some(at) = self.moment(change.changed_at) else { return false };
        *self.grade_moves.entry((at.day, change.from_grade, change.to_grade)).or_default() += 1;
        true
    }

    /// The month (0 is January) of each day.
    #[must_use]
    pub fn months(&self) -> Vec<usize> {
        days_of_year(self.year).iter().map(|day| day.month0() as usize).collect()
    }

    /// Sales of each day.
    #[must_use]
    pub fn by_day(&self) -> Vec<Sales> {
        let mut all = vec![Sales::default(); days_of_year(self.year).len()];
        for days in self.scenarios.values() {
            all.iter_mut().zip(days).for_each(|(total, sales)| total.add(sales));
        }
        all
    }

    /// Sales of each month.
    #[must_use]
    pub fn by_month(&self) -> [Sales; 12] {
        let mut all = [Sales::default(); 12];
        for (month, sales) in self.months().into_iter().zip(self.by_day()) {
            all[month].add(&sales);
        }
        all
    }

    /// Sales of the year.
    #[must_use]
    pub fn total(&self) -> Sales {
        Sales::total(self.statuses.values())
    }

    /// Customers who had signed up by the end of the year.
    #[must_use]
    pub fn customers(&self) -> u64 {
        self.sign_ups.iter().sum()
    }

    /// Customers of each grade (BRONZE first) at the end of each day.
    ///
    /// Everybody begins as BRONZE; what is no customer's any more (an opening grade of somebody who was deleted) counts 0.
    #[must_use]
    pub fn grades_by_day(&self) -> Vec<[u64; 4]> {
        let mut counts = [0_i64; 4];
        for (grade, count) in &self.opening_grades {
            counts[usize::from(grade.code())] += i64::try_from(*count).unwrap_or(i64::MAX);
        }
        let mut signed_up = self.sign_ups[0];
        let months = self.months();
        let mut moves = self.grade_moves.iter().peekable();
        let of_day = |day: usize| {
            // Sign-ups are known by month.
            if day == 0 || months[day] != months[day - 1] {
                signed_up += self.sign_ups[months[day] + 1];
            }
            while let Some(((_, from, to), count)) = moves.next_if(|((at, _, _), _)| *at <= day) {
                let count = i64::try_from(*count).unwrap_or(i64::MAX);
                counts[usize::from(from.code())] -= count;
                counts[usize::from(to.code())] += count;
            }
            let above: u64 = counts[1..].iter().map(|&count| count.max(0).unsigned_abs()).sum();
            let mut today = counts.map(|count| count.max(0).unsigned_abs());
            today[0] = signed_up.saturating_sub(above);
            today
        };
        (0..months.len()).map(of_day).collect()
    }
}
