//! The live view on a terminal.

mod cache;
mod frame;
mod help;
mod kafka;
mod postgres;
mod seat;
mod shop;
mod text;
mod theme;

use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use signal_hook::consts::{SIGHUP, SIGQUIT};
use unicode_width::UnicodeWidthStr;

pub use frame::draw;
pub use theme::Theme;

use self::seat::{Seat, Waited};
use super::{Monitor, Snapshot};
use crate::interrupt::Interrupt;

/// Time between two frames when nobody presses a key.
const FRAME: Duration = Duration::from_secs(1);
/// How long a key is waited for before it is looked at whether a signal came, or a service went or came back.
const TURN: Duration = Duration::from_millis(50);

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
    /// How the services stand now, where the figures stand still: see [`Snapshot::words`].
    pub now: Option<[&'static str; 3]>,
    /// Whether the keys are explained.
    pub help: bool,
    /// Whether it is a picture, which no key changes.
    pub still: bool,
    /// Colours.
    pub theme: Theme,
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Quit,
    Stop,
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
            KeyCode::Char('z') if control => return Wish::Stop,
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

/// Columns and rows of a still picture.
const STILL: (u16, u16) = (100, 32);

/// A picture of what is known, as plain text.
#[must_use]
pub fn still(snapshot: &Snapshot) -> String {
    let look = Look { still: true, ..Look::default() };
    picture(snapshot, &look, STILL).trim_end().to_owned()
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

/// Shows what is known, until a key or a signal ends it; `seen` gets each snapshot that is taken. A frame is drawn each second,
/// and as soon as a service goes away or comes back.
///
/// # Errors
/// When the terminal cannot be used.
pub fn run(monitor: &Monitor, theme: Theme, interrupt: &Interrupt, seen: impl Fn(&Snapshot)) -> Result<()> {
    // Both would end the process with the terminal as it is.
    interrupt.on_these_too(&[SIGHUP, SIGQUIT])?;
    let mut seat = Seat::take()?;
    let mut look = Look { theme, ..Look::default() };
    let (mut snapshot, mut shown) = (monitor.snapshot(), monitor.standing());
    let mut due = Instant::now();
    loop {
        if seat.stop_if_asked()? {
            // Nobody was asked meanwhile, so nobody was silent.
            monitor.resume();
            due = Instant::now();
        }
        let standing = monitor.standing();
        if Instant::now() >= due || standing != shown {
            let latest = monitor.snapshot();
            seen(&latest);
            look.now = look.paused.then(|| latest.words());
            if !look.paused {
                snapshot = latest;
            }
            seat.terminal.draw(|frame| draw(frame, &snapshot, &look)).wrap_err("the terminal cannot be drawn on")?;
            (shown, due) = (standing, Instant::now() + FRAME);
        }
        if interrupt.is_set() {
            return Ok(());
        }
        match seat.wait(due.saturating_duration_since(Instant::now()).min(TURN))? {
            Waited::HungUp => return Ok(()),
            Waited::Nothing => continue,
            Waited::Event => {}
        }
        match event::read().wrap_err("the terminal cannot be read")? {
            Event::Key(key) => match look.press(key) {
                Wish::Quit => return Ok(()),
                Wish::Stop => seat.ask_to_stop(),
                Wish::Redraw => due = Instant::now(),
                Wish::Nothing => {}
            },
            Event::Resize(..) => due = Instant::now(),
            _ => {}
        }
    }
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
        assert_eq!(look.press(KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL)), Wish::Stop);
    }
}
