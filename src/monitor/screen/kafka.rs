//! Panel 2: topics, groups, dead letters.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::Theme;
use super::frame::panel;
use super::text::{left, right, spark};
use crate::monitor::Snapshot;
use crate::monitor::line::rate;
use crate::monitor::views::{GroupView, KafkaView, TopicView};
use crate::output::number;

/// From this height on each partition has a line.
const DETAIL_FROM: u16 = 16;
/// From this width on members have a column.
const WIDE: usize = 46;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, theme: Theme) {
    let Some((area, view)) = panel(frame, area, "2 Kafka", &snapshot.kafka, snapshot, theme) else { return };
    let width = usize::from(area.width);
    let wide = width >= WIDE;
    let members = if wide { 8 } else { 0 };
    let chart = width.saturating_sub(9 + 8 + 1 + 9 + members + 1).min(120);
    let head = format!(
        "{}{} {} {}{}",
        left("topic", 9),
        right("rate", 8),
        left("", chart),
        right("lag", 9),
        right(if wide { "members" } else { "" }, members)
    );
    let mut lines = vec![Line::styled(head, theme.quiet())];
    for topic in &view.topics {
        let group = view.groups.iter().find(|group| group.topic == topic.name);
        lines.push(of_topic(topic, group, chart, wide, theme));
    }
    if area.height >= DETAIL_FROM {
        partitions(&mut lines, view, theme);
    } else if wide {
        lines.push(Line::styled("lag by partition", theme.quiet()));
        lines.push(Line::raw(view.groups.iter().map(short_lags).collect::<Vec<_>>().join("  ")));
    } else {
        lines.extend(view.groups.iter().map(|group| {
            let style = if group.members == 0 { theme.warn() } else { theme.quiet() };
            Line::from(vec![
                Span::raw(left(&short_lags(group), width.saturating_sub(11))),
                Span::styled(right(&number::some(group.members as u64, "member"), 11), style),
            ])
        }));
    }
    let trouble = view.under_replicated + view.leaderless > 0;
    let style = if trouble { theme.warn() } else { theme.figure() };
    lines.push(Line::from(vec![
        Span::styled("brokers ", theme.quiet()),
        Span::styled(number::count(view.brokers as u64), theme.figure()),
        Span::styled("  under-replicated ", theme.quiet()),
        Span::styled(number::count(view.under_replicated as u64), style),
        Span::styled(
            if view.leaderless > 0 { format!("  WITHOUT LEADER {}", view.leaderless) } else { String::new() },
            style,
        ),
    ]));
    let mut letters = vec![Span::styled(if wide { "dead letters " } else { "dlq " }, theme.quiet())];
    for of in &view.dead_letters {
        letters.push(Span::styled(format!("{} ", of.topic), theme.quiet()));
        let style = if of.letters > 0 { theme.warn() } else { theme.figure() };
        letters.push(Span::styled(format!("{}  ", number::count(of.letters)), style));
    }
    lines.push(Line::from(letters));
    frame.render_widget(Paragraph::new(lines), area);
}

fn of_topic(topic: &TopicView, group: Option<&GroupView>, chart: usize, wide: bool, theme: Theme) -> Line<'static> {
    let name = Span::styled(left(&topic.name, 9), theme.figure());
    if !topic.exists {
        return Line::from(vec![name, Span::styled("missing: topics create", theme.warn())]);
    }
    let lag = group.and_then(|group| group.lag);
    let members = group.map_or(0, |group| group.members);
    let mut spans = vec![
        name,
        Span::raw(right(&rate(topic.per_second), 8)),
        Span::raw(" "),
        Span::styled(spark(&topic.history, chart), theme.bar()),
        Span::raw(" "),
        Span::styled(right(&lag.map_or_else(|| "?".to_owned(), number::count), 9), theme.figure()),
    ];
    if wide {
        let style = if members == 0 { theme.warn() } else { theme.figure() };
        spans.push(Span::styled(right(&number::count(members as u64), 8), style));
    }
    Line::from(spans)
}

/// The lag of each partition of a topic in order: `orders 12 0 3`.
fn short_lags(group: &GroupView) -> String {
    let lag = |lag: Option<u64>| lag.map_or_else(|| "?".to_owned(), number::count);
    let lags: Vec<String> = group.partitions.iter().map(|part| lag(part.lag)).collect();
    format!("{} {}", group.topic, lags.join(" "))
}

fn partitions(lines: &mut Vec<Line<'static>>, view: &KafkaView, theme: Theme) {
    lines.push(Line::raw(""));
    lines.push(Line::styled(
        format!(
            "{}{}{}{}{}",
            left("group", 26),
            right("partition", 10),
            right("end", 14),
            right("stored", 14),
            right("lag", 10)
        ),
        theme.quiet(),
    ));
    let or_unknown = |number: Option<String>| number.unwrap_or_else(|| "none yet".to_owned());
    for group in &view.groups {
        let state = if group.state.is_empty() { "no members".to_owned() } else { group.state.to_lowercase() };
        for (at, part) in group.partitions.iter().enumerate() {
            let name = match at {
                0 => group.name.as_str(),
                1 => state.as_str(),
                _ => "",
            };
            lines.push(Line::from(vec![
                Span::styled(left(name, 26), if at == 0 { theme.figure() } else { theme.quiet() }),
                Span::raw(right(&part.partition.to_string(), 10)),
                Span::raw(right(&number::count(part.end), 14)),
                Span::raw(right(&or_unknown(part.committed.map(number::count)), 14)),
                Span::styled(right(&part.lag.map_or_else(|| "?".to_owned(), number::count), 10), theme.figure()),
            ]));
        }
    }
    lines.push(Line::raw(""));
}
