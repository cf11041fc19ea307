//! The service: what a venue does for those who were away or come late.
//!
//! ```text
//! journal ─▶ follower ─┬─▶ output log ─▶ repair ─▶ UDP      what the windows have lost
//!                      └─▶ picture ───▶ glimpse ─▶ TCP      the book, for late joiners
//! ```
//!
//! Everything that the venue ever said is a replay of its journal. So an exchange
//! of its own follows the journal behind the venue, on a thread of a lower
//! priority, which no stage ever waits for: it keeps all streams on disk by
//! number, and has the books to tell of. If it is slow or fails, the venue trades
//! on, and clients hear what they hear without it. What it does in one turn, for
//! one request and for one source is bounded. `docs/gap-repair.md` says what
//! clients see of it.

mod allowance;
mod block;
mod glimpse;
mod handover;
mod live_follower;
mod opening;
mod output_log;
mod repair;
mod stream_log;
mod thread;

pub use glimpse::Glimpse;
pub use handover::Handover;
pub use live_follower::{Begun, LiveFollower};
pub use opening::Opening;
pub use output_log::OutputLog;
pub use repair::{OldRequestQueue, OldRequests, Repair, old_requests};
pub use stream_log::{Lost, StreamLogError};
pub use thread::ServiceThread;

use crate::follower::FollowError;
use crate::pipeline::{Counter, Counters};
use crate::replica::ReplicaError;
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
    /// There is no state to go on from.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// The output log cannot be kept.
    #[error(transparent)]
    Log(#[from] StreamLogError),
}

/// Streams that are named when what they have lost is told.
const NAMED: usize = 8;

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
    handover: Handover,
    news: Vec<String>,
}

impl<S: Storage, N: Datagrams> Service<S, N> {
    /// A service with the parts that are wanted. Nothing that it still needs of
    /// the journal goes before it has reached it, by `handover`.
    pub fn new(
        follower: LiveFollower<S>,
        archive: Option<Archive<S, N>>,
        glimpse: Option<Glimpse>,
        counters: Counters,
        handover: Handover,
    ) -> Self {
        handover.begin();
        Self { follower, archive, glimpse, counters, handover, news: Vec::new() }
    }

    /// Does a bounded piece of everything; zero if there was nothing to do.
    ///
    /// # Errors
    /// When it cannot go on; the venue can, and nothing waits for it any more.
    pub fn poll(&mut self, now: u64) -> Result<usize, ServiceError> {
        let worked = self.work(now);
        if worked.is_err() {
            self.handover.give_up();
        }
        worked
    }

    fn work(&mut self, now: u64) -> Result<usize, ServiceError> {
        self.begin()?;
        let Self { follower, archive, glimpse, counters, .. } = self;
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
        self.hand_over()?;
        Ok(worked)
    }

    /// Goes to where the journal begins, and the log to where that is.
    fn begin(&mut self) -> Result<(), ServiceError> {
        let Some(Begun { outlet, snapshot, passed_over }) = self.follower.begin()? else {
            return Ok(());
        };
        self.news.extend(passed_over);
        self.news.push(format!(
            "old messages and late joiners: the journal begins behind its first command, so they \
             are served from the snapshot of {snapshot} commands on, and from the output log"
        ));
        let Some(Archive { log, .. }) = &mut self.archive else { return Ok(()) };
        let lost = log.resume(self.follower.exchange(), &outlet)?;
        if lost.is_empty() {
            return Ok(());
        }
        let named: Vec<String> = lost.iter().take(NAMED).map(ToString::to_string).collect();
        let others = lost.len() - named.len();
        let others =
            if others > 0 { format!(", and {others} more streams") } else { String::new() };
        self.news.push(format!(
            "warning: the output log does not reach that snapshot, and nothing else has what is \
             missing; these messages cannot be had any more: {}{others}",
            named.join(", "),
        ));
        Ok(())
    }

    /// Makes the log durable, if somebody waits for that and it has come there.
    fn hand_over(&mut self) -> Result<(), ServiceError> {
        let (asked, stands) = (self.handover.asked(), self.follower.exchange().sequence().0);
        if asked > self.handover.reached() && stands >= asked {
            if let Some(Archive { log, .. }) = &mut self.archive {
                log.sync()?;
            }
            self.handover.reach(stands);
        }
        Ok(())
    }

    /// What an operator wants to know, and has not been told.
    pub fn news(&mut self) -> Vec<String> {
        std::mem::take(&mut self.news)
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

impl<S: Storage, N> Drop for Service<S, N> {
    /// One that ended in order will go on; one that panicked will not.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.handover.give_up();
        }
    }
}
