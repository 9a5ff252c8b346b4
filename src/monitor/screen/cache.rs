//! Panel 1: the cache.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::Theme;
use super::frame::panel;
use super::text::{bar, left};
use crate::domain::Timestamp;
use crate::monitor::Snapshot;
use crate::monitor::views::CacheView;
use crate::output::number;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, theme: Theme) {
    let Some((area, view)) = panel(frame, area, "1 Cache", &snapshot.cache, snapshot, theme) else { return };
    let mut lines = Vec::new();
    if view.pool.generation == 0 {
        lines.push(Line::styled("There is no pool yet. Start:", theme.warn()));
        lines.push(Line::raw("shopstream cache refresh --every 50s"));
        lines.push(Line::raw(""));
    } else {
        pool(&mut lines, view, snapshot.now, area, theme);
    }
    let hits = view.hit_share.map_or_else(|| "?".to_owned(), |share| format!("{:.0} %", share * 100.0));
    let commands = format!("{:.0} ops/s", view.commands_per_second);
    lines.push(pairs(&[("mem ", number::bytes(view.memory_bytes)), ("hits ", hits), ("", commands)], theme));
    let mut last = vec![("visits ", number::count(view.visits)), ("clients ", number::count(view.clients))];
    if area.width >= 42 {
        last.push(("Redis ", view.version.clone()));
    }
    lines.push(pairs(&last, theme));
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
}

fn pool(lines: &mut Vec<Line<'static>>, view: &CacheView, now: Timestamp, area: Rect, theme: Theme) {
    let pool = &view.pool;
    let age = pool.age_ms(now).max(0).unsigned_abs();
    let ago = match age / 1_000 {
        secs @ 0..120 => format!("{secs} s"),
        secs => number::duration(std::time::Duration::from_secs(secs)),
    };
    lines.push(Line::from(vec![
        Span::styled(if area.width >= 42 { "generation " } else { "gen " }, theme.quiet()),
        Span::styled(number::count(pool.generation), theme.figure()),
        Span::styled(", refreshed ", theme.quiet()),
        Span::styled(ago, if pool.is_old(now) { theme.warn() } else { theme.figure() }),
        Span::styled(" ago", theme.quiet()),
    ]));
    lines.push(if pool.interval_ms == 0 {
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
    });
    let parts = |parts: &[(u64, &str)]| {
        parts.iter().map(|(members, what)| format!("{} {what}", number::count(*members))).collect::<Vec<_>>().join(", ")
    };
    for (what, all, of, replaced) in [
        (
            "customers",
            pool.users(),
            parts(&[(pool.users_bought, "bought"), (pool.users_new, "new")]),
            pool.users_replaced,
        ),
        (
            "products",
            pool.products(),
            parts(&[
                (pool.products_sold, "sold"),
                (pool.products_newest, "newest"),
                (pool.products_called_back, "back"),
            ]),
            pool.products_replaced,
        ),
    ] {
        lines.push(Line::from(vec![
            Span::styled(left(what, 10), theme.quiet()),
            Span::styled(number::count(all), theme.figure()),
            Span::styled(format!("  {} replaced", number::count(replaced)), theme.quiet()),
        ]));
        lines.push(Line::styled(format!("  {of}"), theme.quiet()));
    }
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
