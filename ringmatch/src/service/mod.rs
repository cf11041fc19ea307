//! The service: what a venue does for those who were away or come late.
//!
//! ```text
//! journal ─▶ follower ─┬─▶ output log ─▶ repair ─▶ UDP      what the windows have lost
//!                      └─▶ picture ───▶ glimpse ─▶ TCP      the book, for late joiners
//! ```
//!
//! Everything that the venue ever said is a replay of its journal. So an exchange
//! of its own follows the journal behind the venue, on a thread of the lowest
//! priority, which no stage ever waits for: it keeps all streams on disk by
//! number, and has the books to tell of. If it is slow or fails, the venue trades
//! on, and clients hear what they hear without it. What it does in one turn, for
//! one request and for one source is bounded. `docs/gap-repair.md` says what
//! clients see of it.

mod allowance;
mod block;
mod glimpse;
mod live_follower;
mod opening;
mod output_log;
mod repair;
mod stream_log;
mod thread;

pub use glimpse::Glimpse;
pub use live_follower::LiveFollower;
pub use opening::Opening;
pub use output_log::OutputLog;
pub use repair::{OldRequestQueue, OldRequests, Repair, old_requests};
pub use stream_log::StreamLogError;
pub use thread::ServiceThread;

use crate::follower::FollowError;
use crate::pipeline::{Counter, Counters};
use ringmatch_gateway::net::Datagrams;
use ringmatch_journal::{JournalError, Storage};
use std::time::Duration;

/// Why the service cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal cannot be replayed.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// The output log cannot be kept.
    #[error(transparent)]
    Log(#[from] StreamLogError),
}

/// What is served from disk: the log, and those who ask for it.
pub struct Archive<S: Storage, N> {
    /// All output streams.
    pub log: OutputLog<S>,
    /// Requests for them.
    pub repair: Repair<N>,
}

/// The service, as an object with turns.
pub struct Service<S: Storage, N> {
    follower: LiveFollower<S>,
    archive: Option<Archive<S, N>>,
    glimpse: Option<Glimpse>,
    counters: Counters,
}

impl<S: Storage, N: Datagrams> Service<S, N> {
    /// A service with the parts that are wanted.
    pub fn new(
        follower: LiveFollower<S>,
        archive: Option<Archive<S, N>>,
        glimpse: Option<Glimpse>,
        counters: Counters,
    ) -> Self {
        Self { follower, archive, glimpse, counters }
    }

    /// Does a bounded piece of everything; zero if there was nothing to do.
    ///
    /// # Errors
    /// When it cannot go on; the venue can.
    pub fn poll(&mut self, now: u64) -> Result<usize, ServiceError> {
        let Self { follower, archive, glimpse, counters } = self;
        let followed = match archive {
            Some(Archive { log, .. }) => follower.follow(&mut |event| log.take(event))?,
            None => follower.follow(&mut |_| Ok::<(), ServiceError>(()))?,
        };
        let mut worked = usize::from(followed > 0);
        if let Some(Archive { log, repair }) = archive {
            worked += repair.serve(log, now);
            repair.report(counters);
        }
        if let Some(glimpse) = glimpse {
            worked += glimpse.poll(follower, now);
            glimpse.report(counters);
        }
        counters.set(Counter::Followed, follower.exchange().sequence().0);
        Ok(worked)
    }

    /// Where its exchange stands.
    pub fn follower(&self) -> &LiveFollower<S> {
        &self.follower
    }

    /// Sleeps until an old request comes, but no longer than `pause`.
    fn wait(&mut self, pause: Duration) {
        match &mut self.archive {
            Some(Archive { repair, .. }) => repair.wait(pause),
            None => std::thread::sleep(pause),
        }
    }
}
