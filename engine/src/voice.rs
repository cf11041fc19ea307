//! How the exchange says something.
//!
//! Whatever is said is said here: it gets its cause, its time and its number in
//! the market-data stream, is written where it will be read, and is folded into
//! the digest. So nothing can be said that the digest does not know.

use crate::digest::Digest;
use crate::event::{EventBody, EventSink};
use crate::types::{Nanos, Sequence, StreamNumber};

/// See the [module](self). What changes with each event stands between what
/// changes with each command: numbers that stand side by side the compiler would
/// gather into a vector to add to them, which takes longer than to add.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Voice {
    /// The number of the next market-data message.
    pub(crate) next_market: StreamNumber,
    /// The command that is being applied, or was last.
    pub(crate) sequence: Sequence,
    pub(crate) digest: Digest,
    /// The command's time.
    pub(crate) time: Nanos,
    /// Events said.
    pub(crate) events: u64,
}

impl Voice {
    /// Before the first command.
    pub(crate) fn new() -> Self {
        Self {
            sequence: Sequence(0),
            time: Nanos(0),
            next_market: StreamNumber(1),
            events: 0,
            digest: Digest::default(),
        }
    }

    /// Says something, to the market too or not.
    #[inline(always)]
    pub(crate) fn emit<S: EventSink>(&mut self, sink: &mut S, to_market: bool, body: EventBody) {
        let market = if to_market { self.next_market } else { StreamNumber(0) };
        self.next_market.0 += u64::from(to_market);
        // Before it is written: to read back what was just stored would wait.
        self.digest.fold_event(self.sequence, self.time, market, &body);
        let event = sink.claim();
        event.cause = self.sequence;
        event.time = self.time;
        event.market = market;
        event.body = body;
        self.events += 1;
    }
}
