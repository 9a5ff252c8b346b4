//! The pools that buyers and products are drawn from. How members get in is the year's and the cache's business
//! ([`super::year::selection`], `db/sql/pool_*.sql`); how they are drawn is the same for both, and stands here.

use uuid::Uuid;

use super::World;
use super::alias::{AliasTable, draw_cumulative};
use super::rng::{Purpose, Stream, key_of_id, mix, unit_of_bits};
use crate::domain::{AgeGroup, CustomerStatus, Gender, Grade};

/// Gender × age group: members of one class differ only by their own weight.
const CLASSES: usize = 10;

/// A customer in the pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Buyer {
    /// The caller's own number for the customer.
    pub key: u32,
    /// Gender.
    pub gender: Gender,
    /// Age group at the refresh.
    pub age_group: AgeGroup,
    /// Points of the propensity score.
    pub points: f64,
    /// What was drawn for the member at the refresh.
    pub mood: Mood,
}

/// What is drawn for each member at each refresh of the pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mood {
    /// Factor for those who welcome marketing mail.
    pub boost: f64,
    /// 0–2: none, a small, a large life event.
    pub life_event: u8,
}

impl World {
    /// The mood of a customer at a refresh; `refresh` numbers the refreshes of a year or of the live cache.
    #[inline]
    #[must_use]
    pub fn mood(&self, seed: u64, refresh: u64, id: Uuid, marketing: bool) -> Mood {
        let propensity = &self.customers.propensity;
        let bits = mix(key_of_id(id, Purpose::Mood) ^ mix(seed ^ mix(refresh)));
        let boosted = marketing && unit_of_bits(bits << 32) < propensity.marketing_boost.probability;
        let weights = &propensity.life_event.weights;
        let at = unit_of_bits(bits) * (weights[0] + weights[1] + weights[2]);
        Mood {
            boost: if boosted { propensity.marketing_boost.factor } else { 1.0 },
            life_event: if at < weights[0] { 0 } else { 1 + u8::from(at >= weights[0] + weights[1]) },
        }
    }

    /// The propensity points of a customer.
    #[must_use]
    pub fn points(&self, age: AgeGroup, gender: Gender, status: CustomerStatus, marketing: bool, grade: Grade) -> f64 {
        self.customers.propensity.points(age, gender, status, marketing, grade)
    }

    /// Score without the hour's factor: points × marketing boost × life event.
    #[must_use]
    pub fn score(&self, buyer: &Buyer) -> f64 {
        let events = &self.customers.propensity.life_event.factors;
        buyer.points * buyer.mood.boost * events[usize::from(buyer.mood.life_event)]
    }
}

fn class_of(gender: Gender, age: AgeGroup) -> usize {
    usize::from(gender.code()) * 5 + usize::from(age.code())
}

/// The factors of each class in each hour of each scenario: hour × gender weight / 50 × age weight / 20.
#[derive(Clone, Debug)]
pub struct ClassFactors(Vec<[[f64; CLASSES]; 24]>);

impl ClassFactors {
    pub(super) fn new(scenarios: &super::scenarios::Scenarios, propensity: &super::tables::Propensity) -> Self {
        let of_scenario = |scenario: &super::scenarios::Scenario| {
            std::array::from_fn(|hour| {
                std::array::from_fn(|class| {
                    let age = AgeGroup::ALL[class % 5];
                    propensity.hour_factor(age, hour)
                        * (scenario.gender[class / 5] / 50.0)
                        * (scenario.ages[class % 5] / 20.0)
                })
            })
        };
        Self(scenarios.all.iter().map(of_scenario).collect())
    }
}

/// The customers' pool: draws the next buyer by propensity, in constant time.
#[derive(Clone, Debug, Default)]
pub struct BuyerPool {
    members: Vec<Buyer>,
    classes: [Class; CLASSES],
}

#[derive(Clone, Debug, Default)]
struct Class {
    members: Vec<u32>,
    weights: Vec<f64>,
    sum: f64,
    table: AliasTable,
}

impl BuyerPool {
    /// Takes new members, keeping its memory.
    pub fn refill(&mut self, world: &World, members: impl IntoIterator<Item = Buyer>) {
        self.members.clear();
        self.members.extend(members);
        for class in &mut self.classes {
            class.members.clear();
            class.weights.clear();
        }
        for (at, member) in self.members.iter().enumerate() {
            let class = &mut self.classes[class_of(member.gender, member.age_group)];
            class.members.push(at as u32);
            class.weights.push(world.score(member));
        }
        for class in &mut self.classes {
            class.sum = class.weights.iter().sum();
            class.table.rebuild(class.weights.iter().copied());
        }
    }

    /// The members, in the order they came in.
    #[must_use]
    pub fn members(&self) -> &[Buyer] {
        &self.members
    }

    /// Draws a buyer with probability proportional to score × hour × scenario weights; `None` from an empty pool.
    #[inline]
    pub fn draw(&self, factors: &ClassFactors, scenario: u8, hour: usize, stream: &mut Stream) -> Option<&Buyer> {
        let factors = &factors.0[usize::from(scenario)][hour];
        let mut totals = [0.0; CLASSES];
        let mut sum = 0.0;
        for (class, total) in totals.iter_mut().enumerate() {
            sum += self.classes[class].sum * factors[class];
            *total = sum;
        }
        if sum <= 0.0 {
            // A scenario that nobody in the pool fits: everybody is as likely.
            return stream.pick(&self.members);
        }
        let class = &self.classes[draw_cumulative(&totals, stream)];
        class.members.get(class.table.draw(stream)).and_then(|&at| self.members.get(at as usize))
    }
}

/// A product in the pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ware {
    /// The caller's own number for the product.
    pub key: u32,
    /// Position of its category.
    pub category: u8,
    /// Price, KRW.
    pub price: i64,
    /// Weight within its category.
    pub appeal: f64,
    /// First second (Unix) at which it is no longer sold; `u32::MAX` for one called back for want of others.
    pub until: u32,
}

/// The products' pool: draws within a category by appeal, in constant time.
#[derive(Clone, Debug, Default)]
pub struct WarePool {
    members: Vec<Ware>,
    categories: Vec<Shelf>,
}

#[derive(Clone, Debug, Default)]
struct Shelf {
    members: Vec<u32>,
    table: AliasTable,
}

impl WarePool {
    /// Takes new members, keeping its memory.
    pub fn refill(&mut self, categories: usize, members: impl IntoIterator<Item = Ware>) {
        self.members.clear();
        self.members.extend(members);
        self.categories.resize_with(categories, Shelf::default);
        for shelf in &mut self.categories {
            shelf.members.clear();
        }
        for (at, ware) in self.members.iter().enumerate() {
            self.categories[usize::from(ware.category)].members.push(at as u32);
        }
        for shelf in &mut self.categories {
            shelf.table.rebuild(shelf.members.iter().map(|&at| self.members[at as usize].appeal));
        }
    }

    /// The members, in the order they came in.
    #[must_use]
    pub fn members(&self) -> &[Ware] {
        &self.members
    }

    /// Draws a position among the members of `category`; `None` if it has none.
    #[inline]
    pub fn draw(&self, category: usize, stream: &mut Stream) -> Option<u32> {
        let shelf = self.categories.get(category)?;
        shelf.members.get(shelf.table.draw(stream)).copied()
    }
}
