//! Panel 1: the cache.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::Theme;
use super::frame::panel;
use super::text::{bar, left, right, spark};
use crate::domain::Timestamp;
use crate::monitor::Snapshot;
use crate::monitor::views::CacheView;
use crate::output::number;

/// From this height and width on each part of a pool has a line, and commands have a history.
const DETAILED: (u16, u16) = (20, 60);

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, theme: Theme) {
    let Some((area, view)) = panel(frame, area, "1 Cache", &snapshot.cache, snapshot, theme) else { return };
    let detailed = area.height >= DETAILED.0 && area.width >= DETAILED.1;
    let mut lines = Vec::new();
    if view.pool.generation == 0 {
        lines.push(Line::styled("There is no pool yet. Start:", theme.warn()));
        lines.push(Line::raw("shopstream cache refresh --every 50s"));
        lines.push(Line::raw(""));
    } else {
        lines.extend(refreshed(view, snapshot.now, area, theme));
        members(&mut lines, view, detailed, theme);
    }
    if detailed {
        details(&mut lines, view, usize::from(area.width), theme);
    } else {
        let commands = format!("{:.0} ops/s", view.commands_per_second);
        let memory = number::bytes(view.memory_bytes);
        lines.push(pairs(&[("mem ", memory), ("hits ", hits(view)), ("", commands)], theme));
    }
    let mut last = vec![("visits ", number::count(view.visits)), ("clients ", number::count(view.clients))];
    if area.width >= 42 {
        last.push(("Redis ", view.version.clone()));
    }
    lines.push(pairs(&last, theme));
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
}

fn hits(view: &CacheView) -> String {
    view.hit_share.map_or_else(|| "?".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

/// Commands with their history, memory with its limit, and who switched on what by hand.
fn details(lines: &mut Vec<Line<'static>>, view: &CacheView, width: usize, theme: Theme) {
    let chart = width.saturating_sub(10 + 12 + 1).min(120);
    lines.push(Line::raw(""));
    lines.push(Line::from(vec![
        Span::styled(left("commands", 10), theme.quiet()),
        Span::styled(left(&format!("{:.0} ops/s", view.commands_per_second), 12), theme.figure()),
        Span::styled(spark(&view.commands_history, chart), theme.bar()),
    ]));
    let limit = match view.memory_limit_bytes {
        0 => "no limit".to_owned(),
        limit => number::bytes(limit),
    };
    let memory = format!("{} of {limit}", number::bytes(view.memory_bytes));
    lines.push(pairs(&[("memory    ", memory), ("look-ups that found their key ", hits(view))], theme));
    let by_hand = view.by_hand.as_ref().map_or_else(|| "none".to_owned(), |on| on.id.clone());
    lines.push(pairs(&[("scenario switched on by hand ", by_hand)], theme));
}

/// Generation, age, and when the next refresh is due.
fn refreshed(view: &CacheView, now: Timestamp, area: Rect, theme: Theme) -> [Line<'static>; 2] {
    let pool = &view.pool;
    let age = pool.age_ms(now).max(0).unsigned_abs();
    let ago = match age / 1_000 {
        secs @ 0..120 => format!("{secs} s"),
        secs => number::duration(Duration::from_secs(secs)),
    };
    let generation = Line::from(vec![
        Span::styled(if area.width >= 42 { "generation " } else { "gen " }, theme.quiet()),
        Span::styled(number::count(pool.generation), theme.figure()),
        Span::styled(", refreshed ", theme.quiet()),
        Span::styled(ago, if pool.is_old(now) { theme.warn() } else { theme.figure() }),
        Span::styled(" ago", theme.quiet()),
    ]);
    let next = if pool.interval_ms == 0 {
        Line::styled("by hand: no next refresh is known", theme.quiet())
    } else if age > pool.interval_ms + 1_500 {
        Line::styled(format!("the next refresh is {} s late", (age - pool.interval_ms) / 1_000), theme.warn())
    } else {
        let (share, secs) = (age as f64 / pool.interval_ms as f64, pool.interval_ms.saturating_sub(age) / 1_000);
        let width = usize::from(area.width).saturating_sub(18).min(60);
        Line::from(vec![
            Span::styled("next in ", theme.quiet()),
            Span::styled(left(&format!("{secs} s"), 7), theme.figure()),
            Span::styled(bar(share, width), theme.bar()),
        ])
    };
    [generation, next]
}

/// Both pools, by where their members come from.
fn members(lines: &mut Vec<Line<'static>>, view: &CacheView, detailed: bool, theme: Theme) {
    let pool = &view.pool;
    let users: &[(u64, &str)] = &[(pool.users_bought, "bought"), (pool.users_new, "new")];
    let products: &[(u64, &str)] =
        &[(pool.products_sold, "sold"), (pool.products_newest, "newest"), (pool.products_called_back, "back")];
    for (what, all, parts, replaced) in [
        ("customers", pool.users(), users, pool.users_replaced),
        ("products", pool.products(), products, pool.products_replaced),
    ] {
        lines.push(Line::from(vec![
            Span::styled(left(what, 10), theme.quiet()),
            Span::styled(number::count(all), theme.figure()),
            Span::styled(format!("  {} replaced", number::count(replaced)), theme.quiet()),
        ]));
        if detailed {
            lines.extend(parts.iter().map(|(members, part)| of_part(part, *members, all, theme)));
        } else {
            let parts = parts.iter().map(|(members, part)| format!("{} {part}", number::count(*members)));
            lines.push(Line::styled(format!("  {}", parts.collect::<Vec<_>>().join(", ")), theme.quiet()));
        }
    }
    if detailed {
        let took = number::duration(Duration::from_millis(pool.took_ms));
        lines.push(pairs(&[("the refresh took ", took)], theme));
    }
}

fn of_part(part: &str, members: u64, all: u64, theme: Theme) -> Line<'static> {
    let share = members as f64 / all.max(1) as f64;
    Line::from(vec![
        Span::styled(left(&format!("  {part}"), 10), theme.quiet()),
        Span::raw(right(&number::count(members), 6)),
        Span::raw(" "),
        Span::styled(bar(share, 30), theme.bar()),
        Span::styled(right(&number::share(share), 9), theme.quiet()),
    ])
}

/// Names and figures in one line.
pub(super) fn pairs(pairs: &[(&'static str, String)], theme: Theme) -> Line<'static> {
    let mut spans = Vec::new();
    for (name, figure) in pairs {
        if !spans.is_empty() {
            spans.push(Span::raw("  "));
        }
        spans.push(Span::styled(*name, theme.quiet()));
        spans.push(Span::styled(figure.clone(), theme.figure()));
    }
    Line::from(spans)
}
