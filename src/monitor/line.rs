//! All of it in one line, for logs.

use super::seen::Seen;
use super::views::{CacheView, KafkaView, PostgresView};
use super::{Scope, Snapshot};
use crate::domain::Timestamp;
use crate::output::number;

/// The line: `11:45:35 cache gen=42 age=15/50s … | orders 0.3/s lag=0 | …`, the time in UTC+9.
#[must_use]
pub fn line(snapshot: &Snapshot) -> String {
    let mut parts = vec![format!("{} {}", time_of_day(snapshot.now), cache(snapshot))];
    if snapshot.scope == Scope::All {
        parts.extend(match &snapshot.kafka {
            Seen::Known { view, .. } => kafka(view),
            seen => vec![format!("kafka {}", unknown(seen))],
        });
        parts.push(match &snapshot.postgres {
            Seen::Known { view, .. } => postgres(view),
            seen => format!("postgres {}", unknown(seen)),
        });
    }
    parts.push(match &snapshot.scenario {
        Some(scenario) => format!("scenario={}{}", scenario.id, if scenario.by_hand { " by hand" } else { "" }),
        None => format!("scenario=? ({})", snapshot.scenario_unknown()),
    });
    parts.join(" | ")
}

/// Hours, minutes and seconds of business time.
#[must_use]
pub fn time_of_day(at: Timestamp) -> String {
    let secs = (at.secs() + crate::domain::BUSINESS_OFFSET_SECS).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", secs / 3_600, secs / 60 % 60, secs % 60)
}

/// A rate with its unit: a second, or, where that would be less than one, a minute.
#[must_use]
pub fn rate(per_second: Option<f64>) -> String {
    match per_second {
        None => "?/s".to_owned(),
        Some(rate) if rate >= 9.95 => format!("{}/s", number::count(rate.round() as i64)),
        Some(rate) if rate >= 0.995 => format!("{rate:.1}/s"),
        Some(rate) if rate > 0.0 => format!("{:.0}/min", (rate * 60.0).max(1.0)),
        Some(_) => "0/s".to_owned(),
    }
}

/// A figure, or `?` for one that is not known.
#[must_use]
pub fn or_unknown(figure: Option<impl Into<i128>>) -> String {
    figure.map_or_else(|| "?".to_owned(), number::count)
}

fn unknown<T>(seen: &Seen<T>) -> String {
    match seen {
        Seen::Away { why, refused, .. } => format!("{} ({why})", if *refused { "REFUSED" } else { "AWAY" }),
        Seen::NotConfigured(_) => "not configured".to_owned(),
        Seen::Known { .. } | Seen::Waiting => "asked".to_owned(),
    }
}

fn cache(snapshot: &Snapshot) -> String {
    match &snapshot.cache {
        Seen::Known { view, .. } => known_cache(view, snapshot.now),
        seen => format!("cache {}", unknown(seen)),
    }
}

fn known_cache(view: &CacheView, now: Timestamp) -> String {
    let pool = &view.pool;
    let mut text = if pool.generation == 0 {
        "cache gen=none".to_owned()
    } else {
        let every = if pool.interval_ms == 0 { String::new() } else { format!("/{}", pool.interval_ms / 1_000) };
        format!(
            "cache gen={} age={}{every}s users={} products={}",
            pool.generation,
            pool.age_ms(now) / 1_000,
            pool.users(),
            pool.products()
        )
    };
    text.push_str(&format!(" visits={} mem={}", view.visits, number::bytes(view.memory_bytes).replace(' ', "")));
    if let Some(share) = view.hit_share {
        text.push_str(&format!(" hit={:.0}%", share * 100.0));
    }
    text
}

fn kafka(view: &KafkaView) -> Vec<String> {
    let topics = view.topics.iter().rev().map(|topic| {
        if !topic.exists {
            return format!("{} missing", topic.name);
        }
        let group = view.groups.iter().find(|group| group.topic == topic.name);
        let lag = or_unknown(group.and_then(|group| group.lag));
        format!("{} {} lag={lag}", topic.name, rate(topic.per_second))
    });
    let mut parts: Vec<String> = topics.collect();
    let letters: Option<u64> = view.dead_letters.iter().map(|of| of.letters).sum();
    let mut last = format!("dlq={}", or_unknown(letters));
    if view.under_replicated > 0 {
        last.push_str(&format!(" under-replicated={}", view.under_replicated));
    }
    parts.push(last);
    parts.extend(view.silence());
    parts
}

fn postgres(view: &PostgresView) -> String {
    let tables = view.tables.iter().filter(|table| ["users", "products", "orders"].contains(&table.name.as_str()));
    let mut text = "postgres".to_owned();
    for table in tables {
        text.push_str(&format!(" {}≈{}", table.name, or_unknown(table.rows)));
    }
    let orders = view.tables.iter().find(|table| table.name == "orders");
    text.push_str(&format!(" +{}", rate(orders.and_then(|table| table.per_second))));
    text.push_str(&format!(" conns={}/{}", view.connections, view.max_connections));
    if view.parked_orders > 0 {
        text.push_str(&format!(" parked={}", number::count(view.parked_orders)));
    }
    text
}
