//! How an operator's commands get into a running venue.
//!
//! Whoever holds a [`Control`] asks; the receiver sequences what is asked like
//! everything else, one command at a time, and answers when it has been matched
//! and is durable. So an answer means what it means to a client: it stays true
//! after a crash.

use super::progress::Applied;
use crate::operation::Operation;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Commands that may wait to be sequenced.
const WAITING: usize = 64;

/// An operator's command, and who waits for what becomes of it.
pub(super) struct Asked {
    pub(super) operation: Operation,
    pub(super) answer: SyncSender<Result<Applied, String>>,
}

/// Asks a running venue to do what an operator wants.
#[derive(Clone, Debug)]
pub struct Control {
    asked: SyncSender<Asked>,
}

/// Where the receiver finds what was asked.
#[derive(Debug)]
pub struct ControlQueue {
    asked: Receiver<Asked>,
}

/// Both ends.
#[must_use]
pub fn control() -> (Control, ControlQueue) {
    let (sender, receiver) = sync_channel(WAITING);
    (Control { asked: sender }, ControlQueue { asked: receiver })
}

impl Control {
    /// Has a command sequenced, and waits until it is matched and durable.
    ///
    /// # Errors
    /// Why it was not sequenced, or that the venue did not say within
    /// `patience` what became of it.
    pub fn operate(&self, operation: Operation, patience: Duration) -> Result<Applied, String> {
        let (answer, answered) = sync_channel(1);
        if self.asked.try_send(Asked { operation, answer }).is_err() {
            return Err("the venue has stopped, or has too many commands to carry out".into());
        }
        answered.recv_timeout(patience).unwrap_or_else(|error| match error {
            RecvTimeoutError::Disconnected => {
                Err("the venue stopped before it had carried the command out".into())
            }
            RecvTimeoutError::Timeout => Err(format!(
                "the venue did not answer within {} s; the command may still be carried out",
                patience.as_secs()
            )),
        })
    }
}

impl ControlQueue {
    /// The next command, if there is one.
    pub(super) fn next(&self) -> Option<Asked> {
        self.asked.try_recv().ok()
    }
}
