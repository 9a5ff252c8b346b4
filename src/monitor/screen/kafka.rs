//! Panel 2: topics, groups, dead letters.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::Theme;
use super::frame::panel_with;
use super::text::{left, right, spark};
use crate::monitor::Snapshot;
use crate::monitor::line::{or_unknown, rate};
use crate::monitor::views::{GroupView, KafkaView, PartitionView, TopicView};
use crate::output::number;

/// From this height on each partition has a line.
const DETAIL_FROM: u16 = 16;
/// From this width on members have a column.
const WIDE: usize = 46;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, theme: Theme) {
    let title = ("2 Kafka", KafkaView::silence);
    let Some((area, view)) = panel_with(frame, area, title, &snapshot.kafka, snapshot, theme) else { return };
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
    // Where every line is taken, what to do is worth more than the headings.
    let mut lines = Vec::new();
    if view.silent_brokers.is_empty() || area.height >= DETAIL_FROM {
        lines.push(Line::styled(head, theme.quiet()));
    }
    if !view.silent_brokers.is_empty() {
        lines.push(Line::styled("start it; it may hang: see its log", theme.warn()));
    }
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
            let style = if group.members == Some(0) { theme.warn() } else { theme.quiet() };
            Line::from(vec![
                Span::raw(left(&short_lags(group), width.saturating_sub(11))),
                Span::styled(right(&crew(group), 11), style),
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
        let style = if of.letters == Some(0) { theme.figure() } else { theme.warn() };
        let figure = if of.exists { or_unknown(of.letters) } else { "missing".to_owned() };
        letters.push(Span::styled(format!("{figure}{}", if wide { "  " } else { " " }), style));
    }
    lines.push(Line::from(letters));
    frame.render_widget(Paragraph::new(lines), area);
}

fn of_topic(topic: &TopicView, group: Option<&GroupView>, chart: usize, wide: bool, theme: Theme) -> Line<'static> {
    let name = Span::styled(left(&topic.name, 9), theme.figure());
    if !topic.exists {
        let missing = if wide { "missing: " } else { "add: " };
        return Line::from(vec![
            name,
            Span::styled(missing, theme.warn()),
            Span::styled("shopstream topics create", theme.warn()),
        ]);
    }
    let lag = group.and_then(|group| group.lag);
    let mut spans = vec![
        name,
        Span::raw(right(&rate(topic.per_second), 8)),
        Span::raw(" "),
        Span::styled(spark(&topic.history, chart), theme.bar()),
        Span::raw(" "),
        Span::styled(right(&or_unknown(lag), 9), theme.figure()),
    ];
    if wide {
        let members = group.and_then(members_of);
        let style = if members == Some(0) { theme.warn() } else { theme.figure() };
        spans.push(Span::styled(right(&or_unknown(members), 8), style));
    }
    Line::from(spans)
}

fn members_of(group: &GroupView) -> Option<u64> {
    group.members.map(|members| members as u64)
}

fn crew(group: &GroupView) -> String {
    members_of(group).map_or_else(|| "? members".to_owned(), |members| number::some(members, "member"))
}

/// The lag of each partition of a topic in order: `orders 12 0 3`.
fn short_lags(group: &GroupView) -> String {
    let lags: Vec<String> = group.partitions.iter().map(|part| or_unknown(part.lag)).collect();
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
    for group in &view.groups {
        let state = match group.state.as_deref() {
            None => "members unknown".to_owned(),
            Some("") => "no members".to_owned(),
            Some(state) => state.to_lowercase(),
        };
        for (at, part) in group.partitions.iter().enumerate() {
            let name = match at {
                0 => group.name.as_str(),
                1 => state.as_str(),
                _ => "",
            };
            lines.push(Line::from(vec![
                Span::styled(left(name, 26), if at == 0 { theme.figure() } else { theme.quiet() }),
                Span::raw(right(&part.partition.to_string(), 10)),
                Span::raw(right(&or_unknown(part.end), 14)),
                Span::raw(right(&stored(part), 14)),
                Span::styled(right(&or_unknown(part.lag), 10), theme.figure()),
            ]));
        }
    }
    lines.push(Line::raw(""));
}

/// What a group has stored of a partition: that it never said is something else than that nobody knows.
fn stored(part: &PartitionView) -> String {
    if part.told && part.committed.is_none() { "none yet".to_owned() } else { or_unknown(part.committed) }
}
