//! SIGINT and SIGTERM as a flag that long work looks at between two steps.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use color_eyre::eyre::Context;
use signal_hook::consts::{SIGINT, SIGTERM};

/// A shared flag that says whether, and by which signal, the process was asked to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// A flag that no signal sets; for library users and tests.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// A flag set by SIGINT and SIGTERM; a second signal ends the process at once.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn on_signals() -> color_eyre::Result<Self> {
        let flag = Arc::new(AtomicUsize::new(0));
        for (signal, number) in [(SIGINT, 2), (SIGTERM, 15)] {
            let armed = Arc::new(std::sync::atomic::AtomicBool::new(false));
            signal_hook::flag::register_conditional_shutdown(signal, 128 + number, Arc::clone(&armed))
                .wrap_err("cannot install a signal handler")?;
            signal_hook::flag::register(signal, armed).wrap_err("cannot install a signal handler")?;
            signal_hook::flag::register_usize(signal, Arc::clone(&flag), usize::try_from(number)?)
                .wrap_err("cannot install a signal handler")?;
        }
        Ok(Self(flag))
    }

    /// Lets these signals set the flag too, as if SIGTERM had come: for one who has something to put back before the end.
    ///
    /// # Errors
    /// When a handler cannot be installed.
    pub fn on_these_too(&self, signals: &[i32]) -> color_eyre::Result<()> {
        for signal in signals {
            signal_hook::flag::register_usize(*signal, Arc::clone(&self.0), usize::try_from(SIGTERM)?)
                .wrap_err("cannot install a signal handler")?;
        }
        Ok(())
    }

    /// Whether the process was asked to stop.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Asks for a stop as if SIGTERM had come.
    pub fn trigger(&self) {
        self.0.store(usize::try_from(SIGTERM).unwrap_or(15), Ordering::Relaxed);
    }

    /// Waits for `time`, or until the process is asked to stop; says whether it may go on.
    #[must_use]
    pub fn sleep(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if self.is_set() || left.is_zero() {
                return !self.is_set();
            }
            // A signal does not wake a sleeping thread; this long, nobody waits for an answer.
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
    }

    /// Fails with [`Interrupted`] once the process was asked to stop.
    ///
    /// # Errors
    /// When it was.
    pub fn check(&self) -> Result<(), Interrupted> {
        match self.0.load(Ordering::Relaxed) {
            0 => Ok(()),
            signal => Err(Interrupted { signal: u8::try_from(signal).unwrap_or(15) }),
        }
    }
}

/// The work was given up because a signal asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted {
    signal: u8,
}

impl Interrupted {
    /// The process exit status: 128 and the signal's number.
    #[must_use]
    pub const fn exit(self) -> u8 {
        128 + self.signal
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.signal == 2 { "interrupted" } else { "asked to stop" })
    }
}

impl std::error::Error for Interrupted {}
