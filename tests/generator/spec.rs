//! The specification's tables, written down a second time from its pages (not from the generator's data files).

pub const GENDERS: [&str; 2] = ["F", "M"];
pub const GENDER: [f64; 2] = [55.0, 45.0];
pub const AGES: [&str; 5] = ["teens", "20s", "30s", "40s", "50+"];
pub const AGE: [f64; 5] = [8.0, 28.0, 28.0, 22.0, 14.0];
/// Youngest and oldest of each age group.
pub const AGE_YEARS: [(i32, i32); 5] = [(14, 19), (20, 29), (30, 39), (40, 49), (50, 74)];
pub const STATUS: [f64; 2] = [80.0, 20.0];
/// Regions by their Korean names, with the provinces and cities that make them up.
pub const REGIONS: [(&str, f64, &[&str]); 13] = [
    ("서울", 18.0, &["서울특별시"]),
    ("부산", 7.0, &["부산광역시"]),
    ("대구", 5.0, &["대구광역시"]),
    ("인천", 6.0, &["인천광역시"]),
    ("광주", 3.0, &["광주광역시"]),
    ("대전", 3.0, &["대전광역시"]),
    ("울산", 2.0, &["울산광역시"]),
    ("경기", 25.0, &["경기도"]),
    ("강원", 3.0, &["강원특별자치도"]),
    ("충청", 10.0, &["충청북도", "충청남도", "세종특별자치시"]),
    ("전라", 8.0, &["전북특별자치도", "전라남도"]),
    ("경상", 8.0, &["경상북도", "경상남도"]),
    ("제주", 2.0, &["제주특별자치도"]),
];
/// Family names and their real frequency in per cent; the rest is a tail.
pub const FAMILIES: [(&str, f64); 10] = [
    ("김", 21.5),
    ("이", 14.7),
    ("박", 8.4),
    ("최", 4.7),
    ("정", 4.4),
    ("강", 2.4),
    ("조", 2.1),
    ("윤", 2.1),
    ("장", 2.0),
    ("임", 1.7),
];

/// A category: name, price range, frequency, quantity weights, whether it is shipped.
pub struct Category(pub &'static str, pub [i64; 2], pub f64, pub &'static [f64], pub bool);

pub const CATEGORIES: [Category; 19] = [
    Category("SS(봄여름)", [15_000, 150_000], 12.0, &[70.0, 20.0, 10.0], true),
    Category("FW(가을겨울)", [30_000, 800_000], 10.0, &[80.0, 20.0], true),
    Category("스킨케어", [10_000, 150_000], 18.0, &[45.0, 30.0, 18.0, 7.0], true),
    Category("기능성(안티에이징)", [50_000, 500_000], 8.0, &[85.0, 15.0], true),
    Category("신선(과일/채소)", [10_000, 80_000], 20.0, &[55.0, 30.0, 15.0], true),
    Category("육류/가공", [20_000, 200_000], 16.0, &[50.0, 35.0, 15.0], true),
    Category("생활가전", [500_000, 5_000_000], 2.0, &[97.0, 3.0], true),
    Category("IT/게이밍", [100_000, 3_000_000], 4.0, &[92.0, 8.0], true),
    Category("세제/위생", [5_000, 50_000], 22.0, &[15.0, 25.0, 25.0, 18.0, 12.0, 5.0], true),
    Category("화지/제지", [10_000, 40_000], 20.0, &[20.0, 35.0, 30.0, 15.0], true),
    Category("건강식품", [30_000, 500_000], 10.0, &[55.0, 30.0, 15.0], true),
    Category("영양제", [15_000, 150_000], 14.0, &[40.0, 35.0, 18.0, 7.0], true),
    Category("소파/침대", [300_000, 3_000_000], 2.0, &[97.0, 3.0], true),
    Category("사무/학생", [50_000, 500_000], 5.0, &[90.0, 10.0], true),
    Category("골프", [50_000, 1_500_000], 3.0, &[88.0, 12.0], true),
    Category("캠핑", [20_000, 2_000_000], 4.0, &[85.0, 15.0], true),
    Category("항공", [50_000, 1_500_000], 6.0, &[25.0, 45.0, 20.0, 10.0], false),
    Category("숙박", [80_000, 2_000_000], 6.0, &[50.0, 35.0, 15.0], false),
    Category("티켓/패스", [10_000, 100_000], 8.0, &[20.0, 35.0, 30.0, 15.0], false),
];

/// Short names of the categories, in the same order, for the scenario table.
pub const SHORT: [&str; 19] = [
    "SS", "FW", "skin", "anti", "fruit", "meat", "appl", "IT", "deter", "paper", "health", "suppl", "sofas", "office",
    "golf", "camping", "flights", "stays", "tickets",
];

pub const CART_ITEMS: [f64; 10] = [25.0, 20.0, 15.0, 12.0, 10.0, 7.0, 5.0, 3.0, 2.0, 1.0];
pub const ORDER_STATUS: [f64; 3] = [96.0, 2.5, 1.5];
/// Card, NaverPay, KakaoPay, Bank by age group.
pub const PAYMENT: [[f64; 4]; 5] = [
    [45.0, 25.0, 20.0, 10.0],
    [45.0, 25.0, 20.0, 10.0],
    [50.0, 20.0, 20.0, 10.0],
    [65.0, 10.0, 15.0, 10.0],
    [75.0, 5.0, 5.0, 15.0],
];
pub const HOURS: [f64; 24] = [
    0.15, 0.05, 0.02, 0.01, 0.01, 0.03, 0.08, 0.20, 0.50, 0.80, 1.30, 1.60, 1.40, 1.10, 1.00, 1.10, 1.20, 1.40, 1.80,
    2.20, 3.00, 2.50, 1.50, 0.50,
];
/// Monday to Sunday.
pub const WEEKDAYS: [f64; 7] = [0.95, 0.95, 0.95, 0.95, 1.15, 1.30, 1.30];
pub const MONTHS: [u64; 12] = [3000, 3058, 3181, 3353, 3566, 3818, 4105, 4425, 4775, 5155, 5564, 6000];

pub const POINTS_AGE: [f64; 5] = [12.0, 20.0, 25.0, 22.0, 18.0];
pub const POINTS_GENDER: [f64; 2] = [15.0, 12.0];
pub const POINTS_STATUS: [f64; 2] = [20.0, 5.0];
/// BRONZE to VIP.
pub const POINTS_GRADE: [f64; 4] = [10.0, 15.0, 20.0, 25.0];
pub const LIFE_EVENTS: [f64; 3] = [85.0, 12.0, 3.0];
pub const LIFE_FACTORS: [f64; 3] = [1.0, 1.5, 3.0];
/// The hour's factor on the propensity, by age group.
pub const HOUR_FACTORS: [[f64; 24]; 5] = [
    [
        0.8, 0.5, 0.2, 0.1, 0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9, 0.8, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.6, 1.8,
        1.5, 1.2,
    ],
    [
        0.7, 0.4, 0.2, 0.1, 0.1, 0.1, 0.2, 0.4, 0.6, 0.7, 0.8, 1.0, 1.3, 1.1, 0.9, 0.8, 0.9, 1.0, 1.3, 1.5, 1.7, 1.8,
        1.5, 1.0,
    ],
    [
        0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0, 1.2, 1.4, 1.2, 1.0, 0.9, 0.8, 0.9, 1.1, 1.5, 1.8, 1.6,
        1.0, 0.5,
    ],
    [
        0.2, 0.1, 0.1, 0.1, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.3, 1.4, 1.2, 1.0, 0.9, 0.8, 0.9, 1.1, 1.4, 1.6, 1.3,
        0.8, 0.4,
    ],
    [
        0.1, 0.1, 0.1, 0.1, 0.1, 0.3, 0.5, 0.8, 1.0, 1.3, 1.5, 1.6, 1.4, 1.2, 1.0, 0.9, 0.8, 0.7, 0.8, 1.0, 1.1, 0.8,
        0.5, 0.2,
    ],
];

/// A scenario: id, F/M, ages, categories named with their weights, quantity 1–5 (empty: by category), demand.
pub struct Scenario(
    pub &'static str,
    pub [f64; 2],
    pub [f64; 5],
    pub &'static [(&'static str, f64)],
    pub &'static [f64],
    pub f64,
);

#[rustfmt::skip]
pub const SCENARIOS: [Scenario; 21] = [
    Scenario("baseline", [55., 45.], [8., 28., 28., 22., 14.], &[("fruit", 12.), ("meat", 10.), ("SS", 9.), ("FW", 9.), ("deter", 8.), ("skin", 8.), ("paper", 6.), ("suppl", 6.), ("appl", 5.), ("IT", 5.), ("anti", 4.), ("health", 4.)], &[], 1.0),
    Scenario("womens-rush", [90., 10.], [10., 35., 30., 15., 10.], &[("skin", 20.), ("SS", 18.), ("anti", 15.), ("FW", 12.), ("suppl", 8.)], &[60., 20., 10., 5., 5.], 1.3),
    Scenario("gaming-launch", [15., 85.], [25., 35., 25., 10., 5.], &[("IT", 35.), ("appl", 10.), ("office", 10.)], &[85., 10., 3., 1., 1.], 1.2),
    Scenario("black-friday", [50., 50.], [15., 30., 30., 15., 10.], &[("appl", 15.), ("IT", 15.), ("FW", 12.), ("anti", 10.), ("sofas", 8.)], &[50., 25., 15., 5., 5.], 3.0),
    Scenario("holiday-gifts", [60., 40.], [5., 15., 25., 30., 25.], &[("health", 25.), ("suppl", 15.), ("meat", 15.), ("fruit", 12.), ("anti", 8.)], &[40., 30., 15., 10., 5.], 1.4),
    Scenario("summer-fashion", [60., 40.], [20., 35., 25., 15., 5.], &[("SS", 30.), ("skin", 20.), ("camping", 8.), ("flights", 8.), ("stays", 8.)], &[70., 15., 10., 3., 2.], 1.2),
    Scenario("winter-padding", [55., 45.], [15., 25., 25., 20., 15.], &[("FW", 35.), ("appl", 12.), ("deter", 8.), ("meat", 8.)], &[75., 15., 5., 3., 2.], 1.1),
    Scenario("beauty-viral", [85., 15.], [25., 40., 25., 8., 2.], &[("skin", 35.), ("anti", 20.), ("suppl", 8.), ("SS", 8.)], &[55., 25., 12., 5., 3.], 1.3),
    Scenario("mz-trend", [55., 45.], [35., 45., 15., 4., 1.], &[("SS", 15.), ("skin", 15.), ("IT", 15.), ("FW", 10.), ("tickets", 8.)], &[80., 12., 5., 2., 1.], 1.3),
    Scenario("parents-health", [60., 40.], [2., 5., 10., 30., 53.], &[("health", 25.), ("suppl", 20.), ("fruit", 15.), ("meat", 10.)], &[50., 25., 15., 5., 5.], 1.3),
    Scenario("camping", [35., 65.], [5., 20., 35., 30., 10.], &[("camping", 30.), ("meat", 15.), ("deter", 8.), ("tickets", 8.)], &[60., 20., 10., 5., 5.], 1.1),
    Scenario("new-term", [50., 50.], [30., 40., 15., 10., 5.], &[("office", 25.), ("IT", 25.), ("deter", 8.), ("paper", 5.)], &[85., 10., 3., 1., 1.], 1.2),
    Scenario("wedding", [65., 35.], [2., 20., 50., 20., 8.], &[("appl", 25.), ("sofas", 25.), ("deter", 10.), ("paper", 5.)], &[70., 15., 10., 3., 2.], 1.1),
    Scenario("new-year-fitness", [60., 40.], [10., 30., 30., 20., 10.], &[("suppl", 25.), ("fruit", 15.), ("SS", 10.), ("golf", 5.), ("camping", 5.)], &[60., 20., 10., 5., 5.], 1.0),
    Scenario("childcare", [90., 10.], [2., 15., 50., 28., 5.], &[("deter", 25.), ("paper", 20.), ("fruit", 15.), ("meat", 10.), ("suppl", 8.)], &[30., 25., 20., 15., 10.], 1.1),
    Scenario("golf", [30., 70.], [2., 10., 25., 35., 28.], &[("golf", 40.), ("SS", 12.), ("flights", 8.), ("stays", 8.), ("tickets", 5.)], &[80., 12., 5., 2., 1.], 1.05),
    Scenario("travel", [55., 45.], [10., 30., 30., 20., 10.], &[("flights", 30.), ("stays", 30.), ("tickets", 20.), ("SS", 10.), ("skin", 8.)], &[70., 20., 5., 3., 2.], 1.4),
    Scenario("dawn-delivery", [65., 35.], [5., 20., 35., 25., 15.], &[("fruit", 30.), ("meat", 25.), ("deter", 10.), ("paper", 8.)], &[40., 25., 20., 10., 5.], 1.0),
    Scenario("appliance-sale", [45., 55.], [5., 20., 30., 30., 15.], &[("appl", 30.), ("IT", 25.), ("sofas", 10.)], &[85., 10., 3., 1., 1.], 1.3),
    Scenario("late-night", [45., 55.], [10., 35., 30., 15., 10.], &[("fruit", 12.), ("deter", 10.), ("skin", 10.), ("IT", 10.)], &[90., 7., 2., 1., 0.], 1.0),
    Scenario("year-end-bulk", [50., 50.], [15., 25., 25., 20., 15.], &[], &[70., 15., 8., 4., 3.], 1.4),
];

impl Scenario {
    /// The weight of each category: those not named share what is left of 100, at least 0.5 each.
    pub fn category_weights(&self) -> [f64; 19] {
        let named: f64 = self.3.iter().map(|(_, weight)| weight).sum();
        let rest = ((100.0 - named) / (19 - self.3.len()) as f64).max(0.5);
        SHORT.map(|short| self.3.iter().find(|(name, _)| *name == short).map_or(rest, |(_, weight)| *weight))
    }

    /// How likely a category is drawn for a cart's first line.
    pub fn line_weights(&self) -> [f64; 19] {
        let weights = self.category_weights();
        std::array::from_fn(|at| weights[at] * CATEGORIES[at].2 / 10.0)
    }

    /// The part of the orders that follow the scenario while it is in force.
    pub fn reach(&self) -> f64 {
        match self.0 {
            "black-friday" => 0.8,
            "holiday-gifts" => 0.7,
            _ => 0.5,
        }
    }
}

pub fn scenario(id: &str) -> &'static Scenario {
    SCENARIOS.iter().find(|scenario| scenario.0 == id).unwrap()
}
