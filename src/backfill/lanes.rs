//! A table's writer, either in the generator's own thread or in one of its own. The rows and their order are the same.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use color_eyre::eyre::{Result, eyre};

use crate::domain::rows::{Names, Row};
use crate::sink::{TableReport, TableWriter};

/// Batches that may wait for a writer's thread.
const WAITING: usize = 16;
/// Rows gathered before they are handed to another thread.
const HANDFUL: usize = 8_192;

/// The way of one table's rows to its writer.
pub enum Lane<'scope, 'names, R: Row, W: TableWriter<R>> {
    /// Written at once.
    Inline(W, &'names Names),
    /// Written by a thread.
    Thread {
        /// Rows not yet handed over.
        gathered: Vec<R>,
        /// To the thread.
        sender: SyncSender<Vec<R>>,
        /// What became of the table.
        writer: ScopedJoinHandle<'scope, Result<TableReport>>,
    },
}

impl<'scope, 'names: 'scope, R, W> Lane<'scope, 'names, R, W>
where
    R: Row + Clone + Send + 'scope,
    W: TableWriter<R> + Send + 'scope,
{
    /// A lane in the caller's thread.
    pub fn inline(writer: W, names: &'names Names) -> Self {
        Self::Inline(writer, names)
    }

    /// A lane with a thread of its own.
    pub fn threaded(scope: &'scope Scope<'scope, '_>, mut writer: W, names: &'names Names) -> Self {
        let (sender, receiver) = sync_channel::<Vec<R>>(WAITING);
        let writer = scope.spawn(move || {
            for rows in receiver {
                writer.write(&rows, names)?;
            }
            writer.finish()
        });
        Self::Thread { gathered: Vec::with_capacity(HANDFUL), sender, writer }
    }

    /// Sends rows on their way, in order.
    ///
    /// # Errors
    /// When the writer failed, or, with a thread, has failed before; [`Self::finish`] then tells why.
    pub fn push(&mut self, rows: &[R]) -> Result<()> {
        match self {
            Self::Inline(writer, names) => writer.write(rows, names),
            Self::Thread { gathered, sender, .. } => {
                gathered.extend_from_slice(rows);
                if gathered.len() < HANDFUL {
                    return Ok(());
                }
                let handful = std::mem::replace(gathered, Vec::with_capacity(HANDFUL));
                sender.send(handful).map_err(|_| eyre!("the writer of {} has stopped", R::TABLE))
            }
        }
    }

    /// Completes the table.
    ///
    /// # Errors
    /// When the writer failed at any time.
    pub fn finish(self) -> Result<TableReport> {
        match self {
            Self::Inline(writer, _) => writer.finish(),
            Self::Thread { gathered, sender, writer } => {
                // A writer that has stopped says why when it is joined.
                let _ = sender.send(gathered);
                drop(sender);
                writer.join().map_err(|_| eyre!("the writer of {} broke down", R::TABLE))?
            }
        }
    }
}
