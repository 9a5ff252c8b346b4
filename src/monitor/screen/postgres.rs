//! Panel 3: the database.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::Theme;
use super::cache::pairs;
use super::frame::panel;
use super::text::{left, right, spark};
use crate::monitor::Snapshot;
use crate::monitor::line::{or_unknown, rate};
use crate::monitor::views::TableView;
use crate::output::number;

/// A transaction that is open for so long keeps VACUUM from its work.
const LONG_TRANSACTION_SECS: f64 = 60.0;

/// From this width on a table shows its size, and what VACUUM has to do.
const WIDE: usize = 96;
/// Columns that these take.
const DETAILS: usize = 10 + 13 + 18;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, theme: Theme) {
    let Some((area, view)) = panel(frame, area, "3 PostgreSQL", &snapshot.postgres, snapshot, theme) else { return };
    let width = usize::from(area.width);
    let wide = width >= WIDE;
    let chart = width.saturating_sub(14 + 11 + 9 + 1 + if wide { DETAILS } else { 0 }).min(120);
    let mut head = format!("{}{}{}", left("table", 14), right("rows ≈", 11), right("written", 9));
    if wide {
        head.push_str(&format!("{}{}{}", right("size", 10), right("dead rows ≈", 13), right("vacuumed", 18)));
    }
    let mut lines = vec![Line::styled(head, theme.quiet())];
    for table in &view.tables {
        lines.push(Line::from(vec![
            Span::styled(left(&table.name, 14), theme.figure()),
            Span::raw(right(&or_unknown(table.rows), 11)),
            Span::raw(right(&rate(table.per_second), 9)),
            Span::raw(if wide { details(table) } else { String::new() }),
            Span::raw(" "),
            Span::styled(spark(&table.history, chart), theme.bar()),
        ]));
    }
    let crowded = view.connections * 10 >= view.max_connections * 9;
    lines.push(Line::from(vec![
        Span::styled("connections ", theme.quiet()),
        Span::styled(number::count(view.connections), if crowded { theme.warn() } else { theme.figure() }),
        Span::styled(format!(" of {}", number::count(view.max_connections)), theme.quiet()),
    ]));
    let oldest = view.oldest_transaction_secs;
    lines.push(Line::from(vec![
        Span::styled("oldest transaction ", theme.quiet()),
        match oldest {
            None => Span::styled("none", theme.figure()),
            Some(secs) => {
                let style = if secs >= LONG_TRANSACTION_SECS { theme.warn() } else { theme.figure() };
                Span::styled(number::duration(Duration::from_secs_f64(secs.max(0.0))), style)
            }
        },
    ]));
    lines.push(Line::from(vec![
        Span::styled("orders that wait ", theme.quiet()),
        Span::styled(number::count(view.parked_orders), theme.figure()),
        Span::styled("  lost ", theme.quiet()),
        Span::styled(
            number::count(view.expired_messages),
            if view.expired_messages > 0 { theme.warn() } else { theme.figure() },
        ),
    ]));
    lines.push(pairs(&[("PostgreSQL ", view.version.clone())], theme));
    frame.render_widget(Paragraph::new(lines), area);
}

/// Size, dead rows, and how long ago the last VACUUM was.
fn details(table: &TableView) -> String {
    let vacuumed = table.vacuumed_secs.map_or_else(
        || "never".to_owned(),
        |secs| format!("{} ago", number::duration(Duration::from_secs(secs.max(0.0) as u64))),
    );
    let size = number::bytes(table.bytes.max(0).unsigned_abs());
    format!("{}{}{}", right(&size, 10), right(&number::count(table.dead_rows), 13), right(&vacuumed, 18))
}
