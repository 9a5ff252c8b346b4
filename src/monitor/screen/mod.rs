//! The live view on a terminal.

mod cache;
mod frame;
mod help;
mod kafka;
mod postgres;
mod shop;
mod text;
mod theme;

use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr};
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::{DefaultTerminal, Terminal};
use unicode_width::UnicodeWidthStr;

pub use frame::draw;
pub use theme::Theme;

use super::{Monitor, Snapshot};
use crate::error::Failure;
use crate::interrupt::Interrupt;

/// Time between two frames when nobody presses a key.
const FRAME: Duration = Duration::from_secs(1);
/// How long a key is waited for before the flag of interruption is looked at.
const TURN: Duration = Duration::from_millis(100);

/// A part of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panel {
    /// Redis.
    Cache,
    /// Topics and groups.
    Kafka,
    /// Tables.
    Postgres,
    /// Customers and orders.
    Shop,
}

/// How the screen looks, whatever is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The panel that has the whole screen.
    pub focus: Option<Panel>,
    /// Whether the figures stand still.
    pub paused: bool,
    /// Whether the keys are explained.
    pub help: bool,
    /// Colours.
    pub theme: Theme,
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Quit,
    Redraw,
    Nothing,
}

impl Look {
    fn press(&mut self, key: KeyEvent) -> Wish {
        if key.kind == KeyEventKind::Release {
            return Wish::Nothing;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let focus = match key.code {
            KeyCode::Char('c' | 'd') if control => return Wish::Quit,
            KeyCode::Char('q' | 'Q') => return Wish::Quit,
            KeyCode::Char('p' | 'P' | ' ') => {
                self.paused = !self.paused;
                return Wish::Redraw;
            }
            KeyCode::Char('?' | 'h') => {
                self.help = !self.help;
                return Wish::Redraw;
            }
            KeyCode::Esc | KeyCode::Char('0') => {
                (self.focus, self.help) = (None, false);
                return Wish::Redraw;
            }
            KeyCode::Char('1') => Panel::Cache,
            KeyCode::Char('2') => Panel::Kafka,
            KeyCode::Char('3') => Panel::Postgres,
            KeyCode::Char('4') => Panel::Shop,
            _ => return Wish::Nothing,
        };
        // The same key once more goes back to all of them.
        self.focus = (self.focus != Some(focus)).then_some(focus);
        self.help = false;
        Wish::Redraw
    }
}

/// Puts the terminal back when it is dropped: after a key, an error or a signal. After a panic its hook does.
struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        // What cannot be put back cannot be helped here.
        let _ = ratatui::try_restore();
    }
}

/// Columns and rows of a still picture.
const STILL: (u16, u16) = (100, 32);

/// A picture of what is known, as plain text.
#[must_use]
pub fn still(snapshot: &Snapshot) -> String {
    picture(snapshot, &Look::default(), STILL)
}

/// The screen as plain text, so many columns and rows large.
#[must_use]
pub fn picture(snapshot: &Snapshot, look: &Look, (width, height): (u16, u16)) -> String {
    // Nothing that is drawn into memory can fail.
    let Ok(mut terminal) = Terminal::new(TestBackend::new(width, height));
    let _ = terminal.draw(|frame| draw(frame, snapshot, look));
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for row in buffer.content.chunks(usize::from(width)) {
        // The second half of a wide letter is no letter.
        let mut skip = 0;
        let mut line = String::new();
        for cell in row {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            line.push_str(cell.symbol());
            skip = cell.symbol().width().saturating_sub(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Shows what is known, until a key or a signal ends it; `seen` gets each snapshot that is taken.
///
/// # Errors
/// When the terminal cannot be used.
pub fn run(monitor: &Monitor, theme: Theme, interrupt: &Interrupt, seen: impl Fn(&Snapshot)) -> Result<()> {
    let mut terminal = ratatui::try_init().map_err(|error| {
        Failure::new(format!("this terminal cannot be drawn on: {error}"))
            .help("print a line now and then instead: shopstream monitor | cat; or one snapshot: --once")
    })?;
    let _guard = Guard;
    let mut look = Look { theme, ..Look::default() };
    let mut snapshot = monitor.snapshot();
    let mut due = Instant::now();
    loop {
        if Instant::now() >= due {
            let latest = monitor.snapshot();
            seen(&latest);
            if !look.paused {
                snapshot = latest;
            }
            show(&mut terminal, &snapshot, look)?;
            due = Instant::now() + FRAME;
        }
        if interrupt.is_set() {
            return Ok(());
        }
        let patience = due.saturating_duration_since(Instant::now()).min(TURN);
        if !event::poll(patience).wrap_err("the terminal cannot be read")? {
            continue;
        }
        match event::read().wrap_err("the terminal cannot be read")? {
            Event::Key(key) => match look.press(key) {
                Wish::Quit => return Ok(()),
                Wish::Redraw => due = Instant::now(),
                Wish::Nothing => {}
            },
            Event::Resize(..) => due = Instant::now(),
            _ => {}
        }
    }
}

fn show(terminal: &mut DefaultTerminal, snapshot: &Snapshot, look: Look) -> Result<()> {
    terminal.draw(|frame| draw(frame, snapshot, &look)).map(drop).wrap_err("the terminal cannot be drawn on")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(look: &mut Look, key: char) -> Wish {
        look.press(KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE))
    }

    #[test]
    fn keys_do_what_the_help_says() {
        let mut look = Look::default();
        assert_eq!((press(&mut look, '2'), look.focus), (Wish::Redraw, Some(Panel::Kafka)));
        assert_eq!((press(&mut look, '4'), look.focus), (Wish::Redraw, Some(Panel::Shop)));
        assert_eq!((press(&mut look, '4'), look.focus), (Wish::Redraw, None));
        assert_eq!((press(&mut look, 'p'), look.paused), (Wish::Redraw, true));
        assert_eq!((press(&mut look, 'p'), look.paused), (Wish::Redraw, false));
        assert_eq!((press(&mut look, '?'), look.help), (Wish::Redraw, true));
        assert_eq!(look.press(KeyEvent::from(KeyCode::Esc)), Wish::Redraw);
        assert!(!look.help);
        assert_eq!((press(&mut look, 'x'), press(&mut look, 'q')), (Wish::Nothing, Wish::Quit));
        let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(look.press(control_c), Wish::Quit);
    }
}
