//! The whole screen: a line above, the panels, a line below.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::text::cut;
use super::{Look, Panel, Theme, cache, help, kafka, postgres, shop};
use crate::monitor::line::time_of_day;
use crate::monitor::seen::Seen;
use crate::monitor::{Scope, Snapshot};
use crate::output::{lines_within, number};

/// The smallest screen on which each panel still says something; everything has its place from 80 × 24 on.
const LEAST: (u16, u16) = (60, 16);

/// From this height on Kafka has room for a line a partition.
const WITH_PARTITIONS: u16 = 44;

/// Draws what is known.
pub fn draw(frame: &mut Frame<'_>, snapshot: &Snapshot, look: &Look) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let text = format!("{} × {} is too small: {} × {} at least", area.width, area.height, LEAST.0, LEAST.1);
        frame.render_widget(Paragraph::new(cut(&text, usize::from(area.width))), area);
        return;
    }
    let [top, body, bottom] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)]).areas(area);
    frame.render_widget(Paragraph::new(head(snapshot, look, top.width)), top);
    panels(frame, body, snapshot, look);
    if !look.still {
        frame.render_widget(Paragraph::new(foot(snapshot, look, bottom.width)), bottom);
    }
    if look.help {
        help::draw(frame, body, snapshot, look.theme);
    }
}

fn panels(frame: &mut Frame<'_>, body: Rect, snapshot: &Snapshot, look: &Look) {
    let theme = look.theme;
    let mut one = |panel: Panel, area: Rect| match panel {
        Panel::Cache => cache::draw(frame, area, snapshot, theme),
        Panel::Kafka => kafka::draw(frame, area, snapshot, theme),
        Panel::Postgres => postgres::draw(frame, area, snapshot, theme),
        Panel::Shop => shop::draw(frame, area, snapshot, theme),
    };
    if snapshot.scope == Scope::Cache {
        return one(Panel::Cache, body);
    }
    if let Some(panel) = look.focus {
        return one(panel, body);
    }
    let upper = if body.height >= WITH_PARTITIONS { 20 } else { 11 };
    let [up, down] = Layout::vertical([Constraint::Length(upper), Constraint::Fill(1)]).areas(body);
    let halves = Layout::horizontal([Constraint::Percentage(47), Constraint::Fill(1)]);
    let ([cache, kafka], [postgres, shop]) = (halves.areas(up), halves.areas(down));
    one(Panel::Cache, cache);
    one(Panel::Kafka, kafka);
    one(Panel::Postgres, postgres);
    one(Panel::Shop, shop);
}

fn head(snapshot: &Snapshot, look: &Look, width: u16) -> Line<'static> {
    let theme = look.theme;
    let mut spans =
        vec![Span::styled(" shopstream ", theme.title()), Span::raw(format!("{} UTC+9 ", time_of_day(snapshot.now)))];
    if look.paused {
        spans.push(Span::styled(" PAUSED ", theme.away()));
        spans.extend(turned(snapshot, look).into_iter().map(|what| Span::styled(what, theme.away())));
    }
    spans.push(Span::styled(" scenario ", theme.quiet()));
    match &snapshot.scenario {
        Some(scenario) => {
            let by_hand = if scenario.by_hand { " by hand" } else { "" };
            let until = if scenario.until.is_empty() { String::new() } else { format!(" {}", scenario.until) };
            spans.push(Span::styled(scenario.id.clone(), theme.figure()));
            let used: usize = spans.iter().map(Span::width).sum();
            // Half a date would be a wrong one.
            let room = usize::from(width).saturating_sub(used);
            let shown = [format!("{by_hand}{until}"), by_hand.to_owned()].into_iter().find(|text| text.width() <= room);
            spans.push(Span::styled(shown.unwrap_or_default(), theme.quiet()));
        }
        None => spans.push(Span::styled(format!("? {}", snapshot.scenario_unknown()), theme.warn())),
    }
    Line::from(spans)
}

/// Services that are not any more as the figures that stand still show them.
fn turned(snapshot: &Snapshot, look: &Look) -> Vec<String> {
    let Some(now) = look.now else { return Vec::new() };
    let names = ["Redis", "Kafka", "PostgreSQL"];
    let changed = names.into_iter().zip(snapshot.words().into_iter().zip(now)).filter(|(_, (shown, now))| shown != now);
    changed.map(|(name, (_, now))| format!(" {name} {} ", now.to_uppercase())).collect()
}

fn foot(snapshot: &Snapshot, look: &Look, width: u16) -> Line<'static> {
    let theme = look.theme;
    let mut spans = Vec::new();
    let keys: &[(&str, &str)] = match (snapshot.scope, look.focus) {
        (Scope::Cache, _) => &[("q", "quit"), ("p", "pause"), ("?", "help")],
        (_, Some(_)) => &[("q", "quit"), ("p", "pause"), ("1-4", "focus"), ("Esc", "all"), ("?", "help")],
        _ => &[("q", "quit"), ("p", "pause"), ("1-4", "focus"), ("?", "help")],
    };
    for (key, what) in keys {
        spans.push(Span::styled(format!(" {key} "), theme.title()));
        spans.push(Span::styled(format!("{what} "), theme.quiet()));
    }
    let known: Vec<f64> = snapshot.requests_a_minute.iter().flatten().copied().collect();
    if !known.is_empty() {
        let cost = format!("{} requests a minute ", number::count(known.iter().sum::<f64>().round() as i64));
        let used: usize = spans.iter().map(Span::width).sum();
        spans.push(Span::raw(" ".repeat(usize::from(width).saturating_sub(used + cost.len()))));
        spans.push(Span::styled(cost, theme.quiet()));
    }
    Line::from(spans)
}

/// Why a service is away, and what to do, as lines for this room. Where it is too small for both, the remedy stays whole as long as a
/// line is left for the reason.
fn explained(why: &str, help: Option<&str>, room: Rect) -> Vec<Line<'static>> {
    let (width, height) = (usize::from(room.width.max(1)), usize::from(room.height));
    let help = help.map_or_else(Vec::new, |help| lines_within(help, width));
    let help = at_most(help, height.saturating_sub(1), width);
    let why = at_most(lines_within(why, width), height - help.len(), width);
    why.into_iter().chain(help).map(Line::raw).collect()
}

/// At most so many lines; what is left out is shown by an ellipsis.
fn at_most(mut lines: Vec<String>, most: usize, width: usize) -> Vec<String> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = cut(&format!("{last} …"), width);
        }
    }
    lines
}

/// The frame of a panel; returns the room inside. A service without an answer says so instead of figures.
pub(super) fn panel<'a, T>(
    frame: &mut Frame<'_>,
    area: Rect,
    title: &str,
    seen: &'a Seen<T>,
    snapshot: &Snapshot,
    theme: Theme,
) -> Option<(Rect, &'a T)> {
    panel_with(frame, area, (title, |_| None), seen, snapshot, theme)
}

/// The same with what is said beside the title of a service that answers.
pub(super) fn panel_with<'a, T>(
    frame: &mut Frame<'_>,
    area: Rect,
    (title, notice): (&str, impl Fn(&T) -> Option<String>),
    seen: &'a Seen<T>,
    snapshot: &Snapshot,
    theme: Theme,
) -> Option<(Rect, &'a T)> {
    let mut block = Block::bordered().border_type(BorderType::Rounded).border_style(theme.quiet());
    block = block.title(Span::styled(format!(" {title} "), theme.title()));
    let inner = block.inner(area);
    let inside = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    match seen {
        Seen::Known { view, .. } => {
            if let Some(notice) = notice(view) {
                block = block.title(Span::styled(format!(" {notice} "), theme.away()));
            }
            frame.render_widget(block, area);
            return Some((inside, view));
        }
        Seen::Away { why, help, since, refused } => {
            let seconds = snapshot.instant.saturating_duration_since(*since).as_secs();
            let away = match seconds {
                0..60 => format!("{seconds} s"),
                _ => number::duration(std::time::Duration::from_secs(seconds)),
            };
            let word = if *refused { "REFUSED" } else { "AWAY" };
            block = block.title(Span::styled(format!(" {word} for {away} "), theme.away()));
            frame.render_widget(block, area);
            frame.render_widget(Paragraph::new(explained(why, help.as_deref(), inside)), inside);
        }
        Seen::NotConfigured(why) => {
            block = block.title(Span::styled(" not configured ", theme.warn()));
            frame.render_widget(block, area);
            let text = Paragraph::new(why.clone()).wrap(ratatui::widgets::Wrap { trim: true });
            frame.render_widget(text, inside);
        }
        Seen::Waiting => {
            frame.render_widget(block, area);
            frame.render_widget(Paragraph::new("asked; no answer yet"), inside);
        }
    }
    None
}
