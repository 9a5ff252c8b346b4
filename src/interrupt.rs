//! SIGINT and SIGTERM as a flag that long work looks at between two steps, and the end of the process.

use std::fmt;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use color_eyre::eyre::Context;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Within this time after the first, a further signal is the same one: a key pressed twice, or a shell and a supervisor that
/// both pass one on.
const SAME_SIGNAL: Duration = Duration::from_secs(1);
/// How long the last words may take: whoever reads standard error may have stopped.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A shared flag that says whether, and by which signal, the process was asked to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// 0 while nobody asked. Behind an `Arc` of its own, for signal handlers hold it.
    signal: Arc<AtomicUsize>,
    /// What would stay behind if the process ended now.
    stays: Mutex<Option<String>>,
}

impl Interrupt {
    /// A flag that no signal sets; for library users and tests.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// A flag set by SIGINT and SIGTERM. A second signal, a second or more after the first, ends the process at once; what
    /// then [stays behind](Self::leaves) is given to `tell` before.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn on_signals(tell: impl Fn(&str) + Send + Sync + 'static) -> color_eyre::Result<Self> {
        let interrupt = Self::default();
        let ours = interrupt.clone();
        let mut signals = Signals::new([SIGINT, SIGTERM]).wrap_err("cannot install a signal handler")?;
        let tell = Arc::new(tell);
        let handle = move || {
            let mut first: Option<Instant> = None;
            for signal in signals.forever() {
                match first {
                    None => {
                        ours.0.signal.store(usize::try_from(signal).unwrap_or(15), Ordering::Relaxed);
                        first = Some(Instant::now());
                    }
                    Some(first) if first.elapsed() < SAME_SIGNAL => {}
                    Some(_) => {
                        ours.last_words(&tell);
                        signal_hook::low_level::exit(128 + signal);
                    }
                }
            }
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(handle).wrap_err("cannot wait for signals")?;
        Ok(interrupt)
    }

    /// Notes what would stay behind outside of this process if it ended now, and how to remove it; `None`: nothing would.
    pub fn leaves(&self, stays: Option<String>) {
        *self.0.stays.lock().unwrap_or_else(PoisonError::into_inner) = stays;
    }

    fn last_words<F: Fn(&str) + Send + Sync + 'static>(&self, tell: &Arc<F>) {
        let Some(stays) = self.0.stays.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let (tell, (said, heard)) = (Arc::clone(tell), mpsc::channel());
        std::thread::spawn(move || {
            tell(&stays);
            // Nobody listens once it has taken too long.
            let _ = said.send(());
        });
        let _ = heard.recv_timeout(LAST_WORDS);
    }

    /// Lets these signals set the flag too, as if SIGTERM had come: for one who has something to put back before the end.
    ///
    /// # Errors
    /// When a handler cannot be installed.
    pub fn on_these_too(&self, signals: &[i32]) -> color_eyre::Result<()> {
        for signal in signals {
            signal_hook::flag::register_usize(*signal, Arc::clone(&self.0.signal), usize::try_from(SIGTERM)?)
                .wrap_err("cannot install a signal handler")?;
        }
        Ok(())
    }

    /// Whether the process was asked to stop.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.signal.load(Ordering::Relaxed) != 0
    }

    /// Asks for a stop as if SIGTERM had come.
    pub fn trigger(&self) {
        self.0.signal.store(usize::try_from(SIGTERM).unwrap_or(15), Ordering::Relaxed);
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
        match self.0.signal.load(Ordering::Relaxed) {
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

/// Ends the process, whatever its other threads are doing. Libraries do not get to clean up as at an ordinary end: OpenSSL would
/// take away what a thread that is just connecting still uses, and the process would end with a crash instead of its status.
pub fn end(status: u8) -> ! {
    // Where standard output is gone, the status says all that can be said.
    let _ = std::io::stdout().flush();
    signal_hook::low_level::exit(status.into())
}
