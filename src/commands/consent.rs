//! Asking before something is destroyed or sent: one question, one way to agree beforehand.

use std::io::{BufRead, IsTerminal};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use color_eyre::eyre::Result;

use super::Context;
use crate::error::Failure;

/// `--yes`, of every command that asks; flatten it into theirs.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct Consent {
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

impl Consent {
    /// Goes on when there is consent, or somebody who can be asked for it later.
    ///
    /// # Errors
    /// A [`Failure`] (status 2) when there is neither.
    pub fn or_somebody_to_ask(self, what: &str, otherwise: &str) -> Result<(), Failure> {
        if self.yes || std::io::stdin().is_terminal() {
            return Ok(());
        }
        Err(Failure::usage(format!("{what}; and nobody can be asked here"))
            .help(format!("add --yes if that is meant{otherwise}")))
    }

    /// Goes on when somebody agrees to `what` ("this drops tables that hold rows: orders"), or has agreed with `--yes`.
    ///
    /// # Errors
    /// A [`Failure`] when nobody can be asked (status 2, with `otherwise` besides `--yes` as a remedy) or the answer is no
    /// (status 1).
    pub fn to(self, what: &str, otherwise: &str, context: &Context) -> Result<()> {
        self.or_somebody_to_ask(what, otherwise)?;
        if self.yes {
            return Ok(());
        }
        // A question is no message: it is asked under -q too.
        crate::output::write_stderr(&format!("{what}. Go on? [y/N] "))?;
        if is_yes(&answer(context)?) {
            Ok(())
        } else {
            Err(Failure::new("nothing was changed: the answer was no").into())
        }
    }
}

/// A line from the terminal. It is read beside, for a signal does not end reading.
fn answer(context: &Context) -> Result<String> {
    let (told, answers) = channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        // Who went away has said nothing, which is a no.
        let _ = std::io::stdin().lock().read_line(&mut line);
        let _ = told.send(line);
    });
    loop {
        if context.interrupt.is_set() {
            // What comes next is not to stand behind the question.
            crate::output::write_stderr("\n")?;
            context.interrupt.check()?;
        }
        match answers.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => {
                context.interrupt.check()?;
                return Ok(line);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(String::new()),
        }
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        assert!(["y\n", "Y", " yes \n", "YES"].iter().all(|answer| is_yes(answer)));
        assert!(["", "\n", "n", "no", "yesterday", "ja"].iter().all(|answer| !is_yes(answer)));
    }
}
