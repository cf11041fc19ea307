//! Repair: requests for what the windows in memory have lost.
//!
//! The publisher hands over such a request and thinks no more of it: the queue
//! is bounded, and what finds it full is counted and forgotten; whoever asked
//! asks again. The answer is one packet from the output log, sent from where
//! responses come from. Each source may have so many a second.

use super::allowance::Allowance;
use super::output_log::OutputLog;
use crate::pipeline::{Counter, Counters};
use ringmatch_gateway::Logins;
use ringmatch_gateway::net::Datagrams;
use ringmatch_gateway::wire::mold::Request;
use ringmatch_journal::Storage;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Requests that may wait.
const QUEUE: usize = 256;
/// Requests answered in one turn.
const TURN: usize = 64;

/// A request for old messages, and who asks.
#[derive(Clone, Copy, Debug)]
struct OldRequest {
    request: Request,
    from: SocketAddr,
}

/// Where the publisher hands requests over.
#[derive(Clone, Debug)]
pub struct OldRequests(SyncSender<OldRequest>);

/// Where they wait.
#[derive(Debug)]
pub struct OldRequestQueue(Receiver<OldRequest>);

/// A queue of requests for old messages: both ends.
#[must_use]
pub fn old_requests() -> (OldRequests, OldRequestQueue) {
    let (sender, receiver) = sync_channel(QUEUE);
    (OldRequests(sender), OldRequestQueue(receiver))
}

impl OldRequests {
    /// Hands a request over; `false` if too many wait. Never blocks.
    #[must_use]
    pub fn hand_over(&self, request: Request, from: SocketAddr) -> bool {
        self.0.try_send(OldRequest { request, from }).is_ok()
    }
}

/// What became of requests.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    answered: u64,
    refused: u64,
    missing: u64,
    unreadable: u64,
    unsent: u64,
}

/// The end that answers.
pub struct Repair<N> {
    network: N,
    queue: OldRequestQueue,
    /// One that ended a wait.
    first: Option<OldRequest>,
    allowance: Allowance,
    logins: Logins,
    sealed: Vec<u8>,
    tally: Tally,
}

impl<N: Datagrams> Repair<N> {
    /// Answers what comes through `queue` from the socket `network`, to each
    /// source at most `per_s` packets a second, and sealed for whoever is logged
    /// in to a session with a key.
    ///
    /// # Panics
    /// If `per_s` is zero.
    pub fn new(network: N, queue: OldRequestQueue, per_s: u32, logins: Logins) -> Self {
        let (allowance, tally) = (Allowance::new(per_s), Tally::default());
        Self { network, queue, first: None, allowance, logins, sealed: Vec::new(), tally }
    }

    /// Answers some of what waits; how many requests it took.
    pub(super) fn serve<S: Storage>(&mut self, log: &mut OutputLog<S>, now: u64) -> usize {
        for taken in 0..TURN {
            let next = self.first.take().or_else(|| self.queue.0.try_recv().ok());
            let Some(OldRequest { request, from }) = next else { return taken };
            if !self.allowance.take(from.ip(), now) {
                self.tally.refused += 1;
                continue;
            }
            match log.answer(&request) {
                Ok(Some(packet)) => {
                    let packet = self.logins.seal_late(request.session, &packet, &mut self.sealed);
                    match self.network.send(packet, from) {
                        Ok(true) => self.tally.answered += 1,
                        Ok(false) | Err(_) => self.tally.unsent += 1,
                    }
                }
                Ok(None) => self.tally.missing += 1,
                Err(_) => self.tally.unreadable += 1,
            }
        }
        TURN
    }

    /// Sleeps until a request comes, but no longer than `pause`.
    pub(super) fn wait(&mut self, pause: Duration) {
        if self.first.is_some() {
            return;
        }
        match self.queue.0.recv_timeout(pause) {
            Ok(request) => self.first = Some(request),
            Err(RecvTimeoutError::Timeout) => {}
            // The publisher has ended, and nobody will come.
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(pause),
        }
    }

    /// Stores what was counted where others can read it.
    pub(super) fn report(&self, counters: &Counters) {
        let Tally { answered, refused, missing, unreadable, unsent } = self.tally;
        for (counter, total) in [
            (Counter::OldAnswered, answered),
            (Counter::OldRefused, refused),
            (Counter::OldMissing, missing),
            (Counter::OldUnreadable, unreadable),
            (Counter::OldUnsent, unsent),
        ] {
            counters.set(counter, total);
        }
    }
}
