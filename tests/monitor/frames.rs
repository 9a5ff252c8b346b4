//! Frames as they are drawn, for figures that are made up.

use std::time::{Duration, Instant};

use serde_json::Value;
use shopstream::cache::members::PoolMeta;
use shopstream::domain::Timestamp;
use shopstream::monitor::screen::{self, Look, Panel, picture};
use shopstream::monitor::seen::Seen;
use shopstream::monitor::views::{
    CacheView, DeadLettersView, GradeView, GroupView, KafkaView, OrderView, PartitionView, PostgresView, ScenarioView,
    TableView, TopicView,
};
use shopstream::monitor::{Scope, Snapshot, line};
use unicode_width::UnicodeWidthStr;

const NOW: Timestamp = Timestamp::from_secs(1_795_600_000);

fn cache() -> CacheView {
    CacheView {
        pool: PoolMeta {
            generation: 1_042,
            refreshed_at_ms: NOW.micros() / 1_000 - 15_400,
            interval_ms: 50_000,
            took_ms: 12,
            users_bought: 600,
            users_new: 400,
            products_sold: 700,
            products_newest: 290,
            products_called_back: 10,
            users_replaced: 37,
            products_replaced: 4,
        },
        visits: 12_345,
        by_hand: None,
        version: "7.0.15".to_owned(),
        memory_bytes: 2_200_000,
        memory_limit_bytes: 0,
        commands_per_second: 21.0,
        commands_history: (0..120).map(|at| f64::from(at % 7)).collect(),
        hit_share: Some(0.997),
        clients: 5,
    }
}

fn kafka() -> KafkaView {
    let history: Vec<f64> = (0..120).map(|at| f64::from(at % 12)).collect();
    let topic = |name: &str, written, per_second| TopicView {
        name: name.to_owned(),
        exists: true,
        written: Some(written),
        per_second: Some(per_second),
        history: history.clone(),
    };
    let group = |topic: &str, members, lags: [i64; 3]| GroupView {
        name: format!("{topic}_group"),
        topic: topic.to_owned(),
        members: Some(members),
        state: Some("Stable".to_owned()),
        lag: Some(lags.iter().sum::<i64>().unsigned_abs()),
        partitions: (0..3)
            .zip(lags)
            .map(|(partition, lag)| PartitionView {
                partition,
                end: Some(1_234_567),
                committed: Some(1_234_567 - lag),
                told: true,
                lag: Some(lag.unsigned_abs()),
            })
            .collect(),
    };
    let letters =
        |topic: &str, letters| DeadLettersView { topic: topic.to_owned(), exists: true, letters: Some(letters) };
    KafkaView {
        brokers: 3,
        silent_brokers: Vec::new(),
        under_replicated: 2,
        leaderless: 0,
        topics: vec![topic("users", 1_000, 0.1), topic("products", 2_000, 0.0), topic("orders", 3_703_701, 1_234.5)],
        dead_letters: vec![letters("users", 0), letters("products", 0), letters("orders", 1_234)],
        groups: vec![group("users", 3, [0, 0, 0]), group("products", 0, [0, 0, 7]), group("orders", 3, [12, 0, 1_203])],
    }
}

fn postgres() -> PostgresView {
    let table = |name: &str, rows, per_second| TableView {
        name: name.to_owned(),
        rows: Some(rows),
        dead_rows: rows / 1_000,
        bytes: rows * 130,
        vacuumed_secs: (rows > 100_000).then_some(5_000.0),
        per_second: Some(per_second),
        history: (0..60).map(|at| f64::from(at % 5)).collect(),
    };
    let grade = |grade: &str, customers| GradeView { grade: grade.to_owned(), customers };
    let order = |at: u32, product: &str, items, total_amount, region: &str, grade: &str| OrderView {
        created_at: format!("2026-11-25T18:{:02}:07+09:00", 59 - at),
        product: product.to_owned(),
        items,
        total_amount,
        region: region.to_owned(),
        grade: grade.to_owned(),
        scenario: "black-friday".to_owned(),
    };
    PostgresView {
        version: "15.18 (Debian 15.18-0+deb12u1)".to_owned(),
        tables: vec![
            table("users", 1_000_000, 0.1),
            table("products", 1_000_000, 0.0),
            table("orders", 20_123_456, 1_210.0),
            table("order_items", 75_123_456, 4_480.0),
            table("grade_changes", 12_345, 0.0),
        ],
        connections: 17,
        max_connections: 200,
        oldest_transaction_secs: Some(75.0),
        parked_orders: 3,
        expired_messages: 0,
        grades: vec![grade("BRONZE", 9_377), grade("SILVER", 530), grade("GOLD", 82), grade("VIP", 11)],
        grades_estimated: false,
        last_orders: (0..30)
            .map(|at| match at % 3 {
                0 => order(at, "물오른밭 제철 대추방울토마토 1.5kg 선물세트", 6, 482_437, "서울", "VIP"),
                1 => order(at, "USB-C Kabel", 1, 9_900, "제주", "BRONZE"),
                _ => order(at, "골드네이븐 시그니처", 2, 11_942_441, "경기", "GOLD"),
            })
            .collect(),
    }
}

fn snapshot() -> Snapshot {
    let at = Instant::now();
    Snapshot {
        now: NOW,
        instant: at,
        scope: Scope::All,
        cache: Seen::Known { view: cache(), at },
        kafka: Seen::Known { view: kafka(), at },
        postgres: Seen::Known { view: postgres(), at },
        scenario: Some(ScenarioView {
            id: "black-friday".to_owned(),
            by_hand: false,
            until: "until 2026-11-30".to_owned(),
        }),
        requests_a_minute: [Some(300.0), Some(312.4), Some(184.0)],
    }
}

#[test]
fn everything_has_its_place_on_80_by_24() {
    insta::assert_snapshot!(picture(&snapshot(), &Look::default(), (80, 24)));
}

#[test]
fn a_large_screen_shows_more() {
    insta::assert_snapshot!(picture(&snapshot(), &Look::default(), (200, 60)));
}

#[test]
fn a_panel_alone_shows_its_details() {
    for (name, panel) in
        [("cache", Panel::Cache), ("kafka", Panel::Kafka), ("postgres", Panel::Postgres), ("shop", Panel::Shop)]
    {
        let look = Look { focus: Some(panel), ..Look::default() };
        insta::assert_snapshot!(name, picture(&snapshot(), &look, (100, 24)));
    }
}

#[test]
fn a_service_that_is_away_says_so_in_its_panel_and_the_others_go_on() {
    let mut seen = snapshot();
    let since = seen.instant - Duration::from_secs(65);
    let help = Some("start it (in this repository: make up), or correct REDIS_URL (--redis-url)".to_owned());
    let why = "Redis at redis://db:6379 cannot be reached: Connection refused".to_owned();
    seen.cache = Seen::Away { why, help, since, refused: false };
    seen.scenario = None;
    seen.kafka = Seen::Waiting;
    // While the figures stand still, PostgreSQL has gone.
    let now = Some(["away", "asked", "away"]);
    insta::assert_snapshot!(picture(&seen, &Look { paused: true, now, ..Look::default() }, (80, 24)));
    insta::assert_snapshot!(line::line(&seen));
    seen.postgres = Seen::NotConfigured("no database is configured".to_owned());
    insta::assert_snapshot!(picture(&seen, &Look { help: true, ..Look::default() }, (80, 24)));
}

#[test]
fn a_remedy_stays_whole_where_there_is_no_room_for_all_of_the_reason() {
    let mut seen = snapshot();
    let why =
        "PostgreSQL at db.example.com:5432/shop as shop cannot be reached: ".to_owned() + &"for a reason ".repeat(40);
    let help = "start it (in this repository: make up), or correct DATABASE_URL (--database-url); its log, and that of \
                the machine, say more; shopstream doctor tries all that the commands need";
    let since = seen.instant - Duration::from_secs(3);
    seen.postgres = Seen::Away { why, help: Some(help.to_owned()), since, refused: false };
    insta::assert_snapshot!("a long reason", picture(&seen, &Look::default(), (80, 24)));
}

#[test]
fn orders_of_another_day_have_their_day() {
    let mut seen = snapshot();
    let mut postgres = postgres();
    postgres.last_orders[1].created_at = "2026-11-24T23:59:59+09:00".to_owned();
    seen.postgres = Seen::Known { view: postgres, at: seen.instant };
    let drawn = picture(&seen, &Look::default(), (80, 24));
    assert!(drawn.contains("11-25 18:59 ") && drawn.contains("11-24 23:59 "), "{drawn}");
}

#[test]
fn a_scenarios_end_is_whole_or_not_there() {
    let mut seen = snapshot();
    seen.scenario =
        Some(ScenarioView { id: "black-friday".to_owned(), by_hand: true, until: "until 2026-11-30".to_owned() });
    let paused = Look { paused: true, now: Some(["away", "up", "up"]), ..Look::default() };
    let head = |look: &Look| picture(&seen, look, (80, 24)).lines().next().unwrap().to_owned();
    assert!(head(&Look::default()).ends_with("black-friday by hand until 2026-11-30"));
    assert!(head(&paused).ends_with("Redis AWAY  scenario black-friday by hand"), "{}", head(&paused));
}

#[test]
fn a_shop_that_just_begins_shows_no_zero_that_means_unknown() {
    let mut seen = snapshot();
    let at = seen.instant;
    seen.cache = Seen::Known { view: CacheView::default(), at };
    let mut young = kafka();
    for topic in &mut young.topics {
        (topic.per_second, topic.history) = (None, Vec::new());
    }
    (young.topics[0].exists, young.topics[0].written) = (false, None);
    (young.dead_letters[1].exists, young.dead_letters[1].letters) = (false, None);
    young.dead_letters[2].letters = None;
    young.groups.iter_mut().for_each(|group| (group.lag, group.partitions) = (None, Vec::new()));
    seen.kafka = Seen::Known { view: young, at };
    let tables = vec![TableView { rows: None, ..postgres().tables[0].clone() }];
    let large =
        PostgresView { tables, grades: Vec::new(), grades_estimated: true, last_orders: Vec::new(), ..postgres() };
    seen.postgres = Seen::Known { view: large, at };
    insta::assert_snapshot!(picture(&seen, &Look::default(), (80, 24)));
}

#[test]
fn without_a_broker_the_others_answers_are_kept_and_the_rest_is_unknown() {
    let mut seen = snapshot();
    let mut kafka = kafka();
    (kafka.brokers, kafka.silent_brokers, kafka.under_replicated) = (2, vec![2], 18);
    for topic in &mut kafka.topics[1..] {
        (topic.written, topic.per_second) = (None, None);
    }
    kafka.dead_letters[0].letters = None;
    for group in &mut kafka.groups {
        (group.members, group.state, group.lag) = (None, None, None);
        let led = &mut group.partitions[1];
        (led.end, led.lag) = (None, None);
    }
    // The keeper of one group's offsets is the broker that is away; another group has never said anything.
    for part in &mut kafka.groups[2].partitions {
        (part.committed, part.told, part.lag) = (None, false, None);
    }
    (kafka.groups[1].partitions[0].committed, kafka.groups[1].partitions[0].lag) = (None, None);
    seen.kafka = Seen::Known { view: kafka, at: seen.instant };
    for (name, focus, size) in [
        ("broker away on 80 by 24", None, (80, 24)),
        ("broker away on 120 by 30", None, (120, 30)),
        ("broker away alone", Some(Panel::Kafka), (100, 24)),
    ] {
        insta::assert_snapshot!(name, picture(&seen, &Look { focus, ..Look::default() }, size));
    }
    insta::assert_snapshot!("broker away in a line", line::line(&seen));
}

#[test]
fn who_is_not_let_in_is_told_so() {
    let mut seen = snapshot();
    let why = "PostgreSQL at db:5432/shop as shop: it does not accept this user with this password".to_owned();
    let help = Some("check user and password in DATABASE_URL".to_owned());
    seen.postgres = Seen::Away { why, help, since: seen.instant - Duration::from_secs(3), refused: true };
    let drawn = picture(&seen, &Look::default(), (80, 24));
    assert!(drawn.contains("REFUSED for 3 s") && drawn.contains("check user and password"), "{drawn}");
    assert!(line::line(&seen).contains("postgres REFUSED (") && seen.is_anything_away());
    assert_eq!(seen.json()["postgres"]["state"], "refused");
}

#[test]
fn the_keys_of_the_json_stay_as_they_are() {
    let mut seen = snapshot();
    let mut keys = Vec::new();
    collect("", &seen.json(), &mut keys);
    insta::assert_snapshot!("keys of the JSON", keys.join("\n"));
    let since = seen.instant - Duration::from_secs(65);
    seen.cache = Seen::Away { why: "why".to_owned(), help: Some("help".to_owned()), since, refused: false };
    seen.kafka = Seen::Waiting;
    seen.postgres = Seen::NotConfigured("no database is configured".to_owned());
    seen.scenario = None;
    insta::assert_snapshot!("JSON of what is away", serde_json::to_string_pretty(&seen.json()).unwrap());
}

/// Each key with the keys above it; of a list its first element's.
fn collect(above: &str, value: &Value, keys: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
                keys.push(path.clone());
                collect(&path, value, keys);
            }
        }
        Value::Array(all) => {
            if let Some(first) = all.first() {
                collect(&format!("{above}[]"), first, keys);
            }
        }
        _ => {}
    }
}

#[test]
fn a_still_picture_names_no_keys() {
    let drawn = screen::still(&snapshot());
    assert!(drawn.contains("4 Shop") && !drawn.contains("quit"), "{drawn}");
}

#[test]
fn the_log_has_it_all_in_one_line() {
    insta::assert_snapshot!(line::line(&snapshot()));
    let alone = Snapshot { scope: Scope::Cache, ..snapshot() };
    insta::assert_snapshot!(line::line(&alone));
    insta::assert_snapshot!(picture(&alone, &Look::default(), (80, 16)));
}

#[test]
fn no_size_breaks_the_frame() {
    let seen = snapshot();
    let looks = [None, Some(Panel::Cache), Some(Panel::Kafka), Some(Panel::Postgres), Some(Panel::Shop)];
    for (width, height) in [(1, 1), (20, 5), (59, 16), (60, 15), (60, 16), (61, 17), (80, 24), (133, 41), (250, 80)] {
        for focus in looks {
            for help in [false, true] {
                let text = picture(&seen, &Look { focus, help, ..Look::default() }, (width, height));
                assert_eq!(text.lines().count(), usize::from(height));
                for line in text.lines() {
                    assert!(line.width() <= usize::from(width), "{width}×{height}: {line}");
                    // Frames stand straight, whatever is inside them.
                    if line.starts_with(['│', '╭', '╰']) {
                        assert_eq!(line.width(), usize::from(width), "{width}×{height}: {line}");
                    }
                }
            }
        }
    }
}
