//! Panel 4: the grade pyramid and the last orders.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::Theme;
use super::frame::panel;
use super::text::{bar, cut, left, right};
use crate::domain::date::business_time;
use crate::monitor::Snapshot;
use crate::monitor::views::{OrderView, PostgresView};
use crate::output::number;

/// From this width on an order shows its scenario too.
const WIDE: usize = 90;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, theme: Theme) {
    let Some((area, view)) = panel(frame, area, "4 Shop", &snapshot.postgres, snapshot, theme) else { return };
    let width = usize::from(area.width);
    let mut lines = pyramid(view, width, theme);
    if view.last_orders.is_empty() {
        lines.push(Line::styled("There are no orders yet.", theme.quiet()));
    }
    let room = usize::from(area.height).saturating_sub(lines.len());
    let shown = view.last_orders.get(..room).unwrap_or(&view.last_orders);
    let today = business_time(snapshot.now);
    let dated = shown.iter().any(|order| day(&order.created_at) != day(&today));
    lines.extend(shown.iter().map(|order| of_order(order, dated, width, theme)));
    frame.render_widget(Paragraph::new(lines), area);
}

fn pyramid(view: &PostgresView, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let all: i64 = view.grades.iter().map(|step| step.customers).sum();
    if all == 0 {
        let text =
            if view.grades_estimated { "grades: not known before ANALYZE" } else { "There are no customers yet." };
        return vec![Line::styled(text, theme.quiet())];
    }
    let about = if view.grades_estimated { "≈" } else { "" };
    let room = width.saturating_sub(7 + 12 + 9).min(60);
    let step = |step: &crate::monitor::views::GradeView| {
        let share = step.customers as f64 / all as f64;
        Line::from(vec![
            Span::styled(left(&step.grade, 7), theme.figure()),
            Span::styled(bar(share, room), theme.bar()),
            Span::raw(right(&format!("{about}{}", number::count(step.customers)), 12)),
            Span::styled(right(&number::share(share), 9), theme.quiet()),
        ])
    };
    view.grades.iter().rev().map(step).collect()
}

/// The day of an RFC 3339 text.
fn day(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

/// With the day, where some of the orders are not of today.
fn of_order(order: &OrderView, dated: bool, width: usize, theme: Theme) -> Line<'static> {
    let at = &order.created_at;
    let (time, room) = match at.get(5..10).zip(at.get(11..16)).filter(|_| dated) {
        Some((day, minute)) => (format!("{day} {minute}"), 12),
        None => (at.get(11..19).unwrap_or("").to_owned(), 9),
    };
    let more = if order.items > 1 { format!(" +{}", order.items - 1) } else { String::new() };
    let mut spans = vec![
        Span::styled(left(&time, room), theme.quiet()),
        Span::styled(right(&number::won(order.total_amount), 11), theme.figure()),
        Span::raw(" "),
    ];
    let wide = width >= WIDE;
    let rest = width.saturating_sub(room + 11 + 1 + if wide { 1 + 5 + 7 + 24 } else { 0 });
    let product = cut(&order.product, rest.saturating_sub(more.len()));
    spans.push(Span::raw(left(&format!("{product}{more}"), rest)));
    if wide {
        spans.push(Span::styled(format!(" {}", left(&order.region, 5)), theme.quiet()));
        spans.push(Span::styled(left(&order.grade, 7), theme.quiet()));
        spans.push(Span::styled(left(&order.scenario, 24), theme.quiet()));
    }
    Line::from(spans)
}
