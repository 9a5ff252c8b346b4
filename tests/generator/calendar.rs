//! Which scenario is in force on which day, against the table of windows written down again.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use shopstream::generator::calendar::{Anchor, days_of_year};
use shopstream::generator::scenarios::Scenarios;
use shopstream::generator::toml_file::TomlFile;

use crate::shop::{day, world};
use crate::spec;

type MonthDay = (u32, u32);

/// The windows with fixed days, in the order of the specification.
const FIXED: [(&str, &[(MonthDay, MonthDay)]); 17] = [
    ("beauty-viral", &[((11, 11), (11, 13))]),
    ("parents-health", &[((4, 26), (5, 8))]),
    ("new-year-fitness", &[((1, 1), (1, 14))]),
    ("new-term", &[((2, 10), (3, 5)), ((8, 18), (8, 31))]),
    ("womens-rush", &[((3, 6), (3, 9))]),
    ("wedding", &[((3, 10), (3, 31)), ((10, 15), (10, 24))]),
    ("camping", &[((4, 1), (4, 9)), ((5, 9), (5, 20)), ((9, 16), (9, 25))]),
    ("golf", &[((4, 10), (4, 19)), ((9, 26), (9, 30)), ((10, 9), (10, 14))]),
    ("childcare", &[((4, 20), (4, 25)), ((6, 10), (6, 13))]),
    ("beauty-viral", &[((5, 21), (5, 27))]),
    ("summer-fashion", &[((5, 28), (6, 9)), ((6, 14), (6, 30)), ((7, 1), (7, 9))]),
    ("travel", &[((7, 10), (8, 10)), ((12, 8), (12, 13))]),
    ("appliance-sale", &[((8, 11), (8, 17)), ((11, 3), (11, 9))]),
    ("gaming-launch", &[((9, 1), (9, 7)), ((11, 14), (11, 18))]),
    ("winter-padding", &[((10, 25), (11, 2)), ((12, 1), (12, 7))]),
    ("year-end-bulk", &[((12, 14), (12, 19))]),
    ("mz-trend", &[((12, 20), (12, 31))]),
];

/// The Monday of the week of the day after November's fourth Thursday.
fn black_friday_week(year: i32) -> NaiveDate {
    let thursdays = (1..=30).map(|d| day(year, 11, d)).filter(|day| day.weekday() == Weekday::Thu);
    let friday = thursdays.skip(3).map(|thursday| thursday + Days::new(1)).next().unwrap();
    friday - Days::new(u64::from(friday.weekday().num_days_from_monday()))
}

/// The scenario of a day by the specification, given Seollal and Chuseok of its year.
pub fn of_day(today: NaiveDate, holidays: [NaiveDate; 2]) -> &'static str {
    if holidays.iter().any(|&holiday| today < holiday && today >= holiday - Days::new(14)) {
        return "holiday-gifts";
    }
    let monday = black_friday_week(today.year());
    if today >= monday && today <= monday + Days::new(7) {
        return "black-friday";
    }
    let date = (today.month(), today.day());
    let open = |windows: &[(MonthDay, MonthDay)]| windows.iter().any(|&(from, to)| (from..=to).contains(&date));
    FIXED.iter().find(|(_, windows)| open(windows)).map_or("baseline", |(scenario, _)| scenario)
}

/// The calendar's scenario ids.
fn calendar(year: i32) -> Vec<&'static str> {
    world().scenarios.calendar(year).iter().map(|&position| spec::SCENARIOS[usize::from(position)].0).collect()
}

fn holidays(year: i32) -> [NaiveDate; 2] {
    [Anchor::Seollal, Anchor::Chuseok].map(|anchor| anchor.day(year).unwrap())
}

#[test]
fn seollal_and_chuseok_fall_on_their_published_days() {
    for (year, seollal, chuseok) in [
        (2020, (1, 25), (10, 1)),
        (2023, (1, 22), (9, 29)),
        (2024, (2, 10), (9, 17)),
        (2025, (1, 29), (10, 6)),
        (2026, (2, 17), (9, 25)),
        (2027, (2, 7), (9, 15)),
    ] {
        let on = |(month, of_month)| day(year, month, of_month);
        assert_eq!(holidays(year), [on(seollal), on(chuseok)], "{year}");
    }
    // The Korean calendar differs from the Chinese one where a new moon falls between the two midnights.
    assert_eq!(Anchor::Seollal.day(1997), Some(day(1997, 2, 8)));
}

#[test]
fn every_year_from_1975_to_2100_has_both_holidays_in_their_season() {
    let mut seen = std::collections::BTreeSet::new();
    for year in 1975..=2100 {
        let [seollal, chuseok] = holidays(year);
        assert!((day(year, 1, 20)..=day(year, 2, 22)).contains(&seollal), "{seollal}");
        assert!((day(year, 9, 6)..=day(year, 10, 9)).contains(&chuseok), "{chuseok}");
        // Seven or eight lunar months, of 29 or 30 days, and fourteen days lie between them.
        let days = (chuseok - seollal).num_days();
        assert!((217..=222).contains(&days) || (246..=252).contains(&days), "{year}: {days}");
        seen.insert((seollal.month(), seollal.day()));
    }
    assert!(seen.len() > 25, "Seollal moves");
}

#[test]
fn each_day_of_each_year_has_the_scenario_of_the_table() {
    for year in 1975..=2100 {
        let ours = calendar(year);
        let days = days_of_year(year);
        assert_eq!(ours.len(), days.len());
        for (scenario, today) in ours.into_iter().zip(days) {
            assert_eq!(scenario, of_day(today, holidays(year)), "{today}");
        }
    }
}

#[test]
fn where_two_windows_meet_the_first_listed_wins() {
    let at = |y, m, d| calendar(y)[day(y, m, d).ordinal0() as usize];
    // New term begins on 10 February, in the middle of 2026's gift weeks (3–16 February).
    assert_eq!(at(2026, 2, 10), "holiday-gifts");
    assert_eq!(at(2026, 2, 16), "holiday-gifts");
    assert_eq!(at(2026, 2, 17), "new-term", "Seollal itself is past the gifts");
    assert_eq!(at(2025, 2, 10), "new-term");
    // Fitness runs to 14 January, but 2025's gift weeks begin on the 15th and 2023's on the 8th.
    assert_eq!(at(2025, 1, 14), "new-year-fitness");
    assert_eq!(at(2025, 1, 15), "holiday-gifts");
    assert_eq!(at(2023, 1, 8), "holiday-gifts");
    // Black Friday's last Monday may be 1 December or later, when padding begins.
    assert_eq!(at(2025, 12, 1), "black-friday");
    assert_eq!(at(2025, 12, 2), "winter-padding");
    assert_eq!(at(2025, 11, 23), "baseline");
    assert_eq!(at(2025, 11, 24), "black-friday");
    // Camping and golf in September give way to Chuseok's gifts.
    assert_eq!(at(2025, 9, 21), "camping");
    assert_eq!(at(2025, 9, 22), "holiday-gifts");
    assert_eq!(at(2025, 10, 5), "holiday-gifts");
    assert_eq!(at(2025, 10, 6), "baseline");
}

#[test]
fn a_leap_day_is_a_day_of_new_term() {
    for year in [1976, 2000, 2024, 2096] {
        let calendar = calendar(year);
        assert_eq!(calendar.len(), 366, "{year}");
        assert_eq!(days_of_year(year)[59], day(year, 2, 29));
        assert_eq!(calendar[59], "new-term", "{year}");
        assert_eq!(calendar[365], "mz-trend");
    }
    for year in [1975, 2025, 2100] {
        assert_eq!(calendar(year).len(), 365, "{year}");
        assert_eq!(days_of_year(year)[59], day(year, 3, 1));
    }
}

#[test]
fn years_outside_of_1975_to_2100_are_refused_with_the_range() {
    for year in [1974, 2101, -1, i32::MAX] {
        let failure = shopstream::backfill::request::check_year(year).unwrap_err();
        assert_eq!(failure.exit(), 2);
        assert_eq!(failure.remedy(), Some("give a year from 1975 to 2100"));
    }
}

/// A year as stretches of days with one scenario.
fn stretches(year: i32) -> String {
    let days: Vec<(NaiveDate, &str)> = days_of_year(year).into_iter().zip(calendar(year)).collect();
    let line = |stretch: &[(NaiveDate, &str)]| {
        let (from, to) = (stretch[0].0, stretch[stretch.len() - 1].0);
        format!("{} – {}  {:3}  {}\n", from.format("%m-%d %a"), to.format("%m-%d %a"), stretch.len(), stretch[0].1)
    };
    days.chunk_by(|a, b| a.1 == b.1).map(line).collect()
}

#[test]
fn the_calendar_of_2025() {
    insta::assert_snapshot!(stretches(2025));
}

#[test]
fn the_calendar_of_2026() {
    insta::assert_snapshot!(stretches(2026));
}

/// The built-in scenarios with other windows.
fn scenarios_with(windows: &str) -> Scenarios {
    let built_in = include_str!("../../src/generator/data/scenarios.toml");
    let text = [&built_in[..built_in.find("[[window]]").unwrap()], windows].concat();
    let categories = world().catalog.ids();
    Scenarios::parse(&TomlFile::new("own.toml", &text), &categories).unwrap()
}

#[test]
fn a_window_reaches_over_the_turn_of_the_year_from_its_anchor() {
    // Seollal of 2025 is 29 January: 40 days before lie in December 2024.
    let own = scenarios_with("[[window]]\nscenario = \"golf\"\nanchor = \"seollal\"\ndays = [-40, -20]\n");
    let golf = own.position("golf").unwrap();
    let of = |year: i32| -> Vec<NaiveDate> {
        let days = days_of_year(year).into_iter().zip(own.calendar(year));
        days.filter(|(_, scenario)| *scenario == golf).map(|(day, _)| day).collect()
    };
    let all = [of(2024), of(2025)].concat();
    // 2024's own (Seollal 10 February), then 2025's, over the turn of the year.
    let expected: Vec<_> = [(day(2024, 1, 1), 21), (day(2024, 12, 20), 21)]
        .into_iter()
        .flat_map(|(first, days)| first.iter_days().take(days))
        .collect();
    assert_eq!(all, expected);
}

#[test]
fn a_window_that_is_never_in_force_is_found() {
    let idle = |windows: &str| scenarios_with(windows).idle_windows().iter().map(|(at, _)| *at).collect::<Vec<_>>();
    let window = |from: &str, to: &str| format!("[[window]]\nscenario = \"golf\"\nfrom = \"{from}\"\nto = \"{to}\"\n");
    let march = window("03-01", "03-31");
    assert_eq!(idle(&[march.clone(), window("03-10", "03-20")].concat()), [2]);
    assert_eq!(idle(&[window("03-10", "03-20"), march].concat()), [0_usize; 0]);
    assert!(world().scenarios.idle_windows().is_empty());
}
