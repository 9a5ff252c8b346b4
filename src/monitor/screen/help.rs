//! The keys, and what the screen costs.

use ratatui::Frame;
use ratatui::layout::{Constraint, Flex, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};

use super::Theme;
use super::text::left;
use crate::monitor::Snapshot;

const KEYS: [(&str, &str); 7] = [
    ("q, Ctrl-C", "quit"),
    ("Ctrl-Z", "leave the terminal to the shell; fg goes on"),
    ("p, space", "pause: the figures stand still, the services are asked on"),
    ("1 2 3 4", "one panel on the whole screen, with more detail"),
    ("Esc, 0", "all panels again"),
    ("?", "this help, and away with it"),
    ("", ""),
];

pub(super) fn draw(frame: &mut Frame<'_>, body: Rect, snapshot: &Snapshot, theme: Theme) {
    let mut lines: Vec<Line<'static>> = KEYS
        .iter()
        .map(|(key, what)| Line::from(vec![Span::styled(left(key, 11), theme.title()), Span::raw(*what)]))
        .collect();
    let cost = |requests: Option<f64>| requests.map_or_else(|| "?".to_owned(), |requests| requests.round().to_string());
    let [redis, kafka, postgres] = snapshot.requests_a_minute.map(cost);
    lines.push(Line::raw("Each service is asked once a second; no large table is counted."));
    lines.push(Line::raw(format!("A minute: {redis} commands to Redis, {kafka} requests to Kafka,")));
    lines.push(Line::raw(format!("          {postgres} queries to PostgreSQL.")));
    lines.push(Line::raw("Lag is what Kafka was told; rows are the server's own estimate (≈)."));
    let [area] = Layout::horizontal([Constraint::Length(74)]).flex(Flex::Center).areas(body);
    let [area] = Layout::vertical([Constraint::Length(lines.len() as u16 + 2)]).flex(Flex::Center).areas(area);
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.title())
        .title(Span::styled(" Keys ", theme.title()));
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines).block(block), area);
}
