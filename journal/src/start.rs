//! Where a replay starts: from the newest sound snapshot, or from the beginning.
//!
//! The journal is not read before the segment that a snapshot stands in. There it
//! must hold the very frame after which the snapshot was made, by its hash. If it
//! ends before that frame, its end was lost, because a snapshot is only saved of
//! what is durable; if it has another frame there, one of the two has been
//! exchanged. Neither is passed over: the older snapshot would hide it.

use crate::error::JournalError;
use crate::scanner::Scanner;
use crate::snapshot::Snapshot;
use crate::snapshot_store::Found;
use crate::storage::Storage;

/// Where a replay starts.
pub struct Start<S: Storage> {
    /// What the application goes on from; without one, from nothing.
    pub snapshot: Option<Snapshot<S>>,
    /// Snapshots that come before it and are of no use, and why: an operator
    /// wants to know.
    pub passed_over: Vec<JournalError>,
}

/// Moves a scanner to behind the snapshot that was found.
pub(crate) fn start<S: Storage>(
    scanner: &mut Scanner<S>,
    found: Found<S>,
) -> Result<Start<S>, JournalError> {
    let Found { snapshot, passed_over } = found;
    match &snapshot {
        Some(snapshot) => go_behind(scanner, snapshot)?,
        None => start_without(scanner)?,
    }
    Ok(Start { snapshot, passed_over })
}

/// Moves a scanner to the beginning of a journal that has all of it.
pub(crate) fn start_without<S: Storage>(scanner: &mut Scanner<S>) -> Result<(), JournalError> {
    scanner.rewind()?;
    let beginning = scanner.beginning();
    if beginning.is_start() {
        return Ok(());
    }
    let path = scanner.storage.path("");
    Err(JournalError::NoSnapshot { path, first_sequence: beginning.next_sequence })
}

fn go_behind<S: Storage>(
    scanner: &mut Scanner<S>,
    snapshot: &Snapshot<S>,
) -> Result<(), JournalError> {
    let wanted = snapshot.info().position;
    let (path, stands_before) = (snapshot.path(), wanted.next_sequence);
    scanner.seek_segment(wanted)?;
    while scanner.position() != wanted {
        if scanner.next.sequence > stands_before {
            return Err(JournalError::OtherHistory { path, stands_before });
        }
        if scanner.advance()?.is_err() {
            let next_sequence = scanner.next.sequence;
            return Err(if next_sequence < stands_before {
                JournalError::EndsBeforeSnapshot { path, stands_before, next_sequence }
            } else {
                JournalError::OtherHistory { path, stands_before }
            });
        }
    }
    // Those before it were not replayed.
    scanner.frames = 0;
    Ok(())
}
