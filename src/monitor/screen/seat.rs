//! The terminal while it is ours: taken, left to the shell on Ctrl-Z, taken again, and put back however it ends.

use std::io::stdout;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use color_eyre::eyre::{Result, WrapErr};
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, enable_raw_mode};
use ratatui::{DefaultTerminal, Terminal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, kill_current_process_group};
use signal_hook::consts::{SIGCONT, SIGTSTP};

use crate::error::Failure;

/// Puts the terminal back when it is dropped: after a key, an error or a signal. After a panic its hook does.
struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        // The hook has done it, and what was said of the panic since would be written over.
        if std::thread::panicking() {
            return;
        }
        // What cannot be put back cannot be helped here.
        let _ = ratatui::try_restore();
    }
}

/// The terminal, and the signals of whoever wants it back for a while.
pub(super) struct Seat {
    pub terminal: DefaultTerminal,
    stop: Arc<AtomicBool>,
    go_on: Arc<AtomicBool>,
    _guard: Guard,
}

/// What a wait for a key ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    /// There is something to read.
    Event,
    /// Nothing came.
    Nothing,
    /// The terminal is gone: its window was closed, or its line cut.
    HungUp,
}

impl Seat {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When it is none that can be drawn on.
    pub(super) fn take() -> Result<Self> {
        let (stop, go_on) = (Arc::default(), Arc::default());
        for (signal, flag) in [(SIGTSTP, &stop), (SIGCONT, &go_on)] {
            signal_hook::flag::register(signal, Arc::clone(flag)).wrap_err("cannot install a signal handler")?;
        }
        let guard = Guard;
        let terminal = ratatui::try_init().map_err(|error| {
            Failure::new(format!("this terminal cannot be drawn on: {error}"))
                .help("print a line now and then instead: shopstream monitor | cat; or one snapshot: --once")
        })?;
        Ok(Self { terminal, stop, go_on, _guard: guard })
    }

    /// Waits for a key or another size.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    pub(super) fn wait(&self, patience: Duration) -> Result<Waited> {
        // Asked before the library reads: from a terminal that is gone it would read for ever.
        let stdin = std::io::stdin();
        let mut looked_at = [PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN)];
        let patience = Timespec { tv_sec: patience.as_secs().cast_signed(), tv_nsec: patience.subsec_nanos().into() };
        // A signal ends the wait early, which does no harm.
        let _ = poll(&mut looked_at, Some(&patience));
        if looked_at[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Ok(Waited::HungUp);
        }
        let is_there = event::poll(Duration::ZERO).wrap_err("the terminal cannot be read")?;
        Ok(if is_there { Waited::Event } else { Waited::Nothing })
    }

    /// What Ctrl-Z does where the terminal does not do it itself: stops everybody who works for the same command line.
    pub(super) fn ask_to_stop(&self) {
        if kill_current_process_group(Signal::TSTP).is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    /// Stops this process if somebody asked for that, with the terminal as the shell wants it; says whether it was stopped, by
    /// this or otherwise, and must be drawn anew.
    ///
    /// # Errors
    /// When the terminal cannot be taken again.
    pub(super) fn stop_if_asked(&mut self) -> Result<bool> {
        let asked = self.stop.swap(false, Ordering::Relaxed);
        if asked {
            self.give_back();
            signal_hook::low_level::emulate_default_handler(SIGTSTP).wrap_err("this process cannot be stopped")?;
        }
        let continued = self.go_on.swap(false, Ordering::Relaxed);
        if !asked && !continued {
            return Ok(false);
        }
        if !asked {
            // SIGSTOP asks nobody; the shell has set the terminal to its own liking since.
            self.give_back();
        }
        enable_raw_mode().wrap_err("the terminal cannot be taken again")?;
        execute!(stdout(), EnterAlternateScreen).wrap_err("the terminal cannot be drawn on")?;
        // One that knows nothing of what was drawn: clearing the old one would ask the terminal where its cursor is.
        self.terminal = Terminal::new(CrosstermBackend::new(stdout())).wrap_err("the terminal cannot be drawn on")?;
        Ok(true)
    }

    fn give_back(&mut self) {
        let _ = self.terminal.show_cursor();
        let _ = ratatui::try_restore();
    }
}
