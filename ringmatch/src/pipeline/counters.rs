//! Counts that stages keep where other threads can read them.
//!
//! Each counter has one writer, the stage that owns it, which stores its total
//! now and then; nobody waits for anybody. Whoever watches the venue compares
//! two readings: that is how what goes wrong on the wire is logged at a limited
//! rate, by a thread that has nothing else to do.

use crossbeam_utils::CachePadded;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $trouble:literal;)*) => {
        /// What is counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Counter {
            $($(#[$doc])* $name,)*
        }

        impl Counter {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// In words, as they follow a number.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Whether an operator should hear of it.
            #[must_use]
            pub const fn is_trouble(self) -> bool {
                match self { $(Self::$name => $trouble,)* }
            }
        }
    };
}

counters! {
    /// Datagrams of orders that are shorter than a header.
    Truncated = "datagrams of orders too short for a MoldUDP64 header", true;
    /// Datagrams of orders that name no session of the venue.
    UnknownSession = "datagrams of orders from unknown sessions", true;
    /// Datagrams without a seal, of sessions that have keys.
    Unsealed = "datagrams without a seal, of sessions that have keys", true;
    /// Datagrams with a wrong seal.
    BrokenSeals = "datagrams sealed with a wrong key, or changed on the way", true;
    /// Datagrams of no login, of an earlier one, or of another run.
    OtherLogins = "datagrams of logins that are over", false;
    /// Datagrams that were played again.
    Replayed = "datagrams that were sealed and had come before", false;
    /// Attempts to log in that were too many at once.
    Unchallenged = "attempts to log in that were too many at once", true;
    /// Datagrams of sessions that another address speaks for.
    OtherSources = "datagrams from other addresses than the one that speaks for the session", true;
    /// Times that a client's silence had its orders canceled.
    Silences = "clients that fell silent, whose orders were canceled", true;
    /// Datagrams of orders whose blocks do not add up.
    MalformedPackets = "malformed packets of orders", true;
    /// Packets of orders that had come before.
    DuplicatePackets = "packets of orders that had come before", false;
    /// Times that orders were found missing.
    Gaps = "gaps in streams of orders", false;
    /// Requests sent to clients for missing orders.
    GapRequests = "requests to clients for missing orders", false;
    /// Packets of orders dropped because too many waited for a gap.
    StashOverflows = "packets of orders that came too far ahead of a gap", false;
    /// Packets to clients that the network did not take.
    UnsentToClients = "packets to clients that the network did not take", true;
    /// Requests that are no requests.
    MalformedRequests = "malformed requests", true;
    /// Requests that name no session of the venue.
    UnknownRequests = "requests for unknown sessions", true;
    /// Requests for messages that were never sent.
    NeverSent = "requests for messages that were never sent", true;
    /// Requests for messages that have left the window, with nobody to serve
    /// them.
    Forgotten = "requests for messages older than the window that nobody keeps", true;
    /// Requests for such messages that found too many others waiting.
    OldDropped = "requests for old messages dropped, because too many waited", true;
    /// Requests of sources that made too many.
    TooManyRequests = "requests of sources that made too many", true;
    /// Requests without a seal, of sessions that have keys.
    UnsealedRequests = "requests without a seal, of sessions that have keys", true;
    /// Requests with a wrong seal.
    BrokenRequests = "requests sealed with a wrong key, or changed on the way", true;
    /// Requests of logins that are over, and those that were played again.
    OldRequests = "requests of logins that are over, or that had come before", false;
    /// Requests answered.
    Answered = "requests answered", false;
    /// The last command sequenced.
    Sequenced = "commands sequenced", false;
    /// The last command that is durable.
    Durable = "commands durable", false;
    /// The last command matched.
    Matched = "commands matched", false;
    /// Events said since the start.
    Events = "events said", false;
    /// Executions since the journal began.
    Executions = "executions", false;
    /// Sessions that may trade.
    Sessions = "sessions", false;
    /// Orders that rest in the books now.
    RestingOrders = "orders resting", false;
    /// Events sent since the start.
    Published = "events sent", false;
    /// Journal segments that still fit on the disk.
    RoomSegments = "journal segments fit on the disk", false;
    /// Packets of responses and market data that the network did not take.
    Unsent = "packets of responses or market data that the network did not take", true;
    /// The last command that the service's follower has applied.
    Followed = "commands followed by the service", false;
    /// Requests answered from disk.
    OldAnswered = "requests for old messages answered from disk", false;
    /// Requests beyond what a source may have.
    OldRefused = "requests for old messages beyond what one source may have", true;
    /// Requests for messages that are not on disk, or not yet.
    OldMissing = "requests for old messages that the output log does not have yet", false;
    /// Requests for messages whose block is damaged or cannot be read.
    OldUnreadable = "requests for old messages that cannot be read from disk", true;
    /// Answers that the network did not take.
    OldUnsent = "answers from disk that the network did not take", true;
    /// Pictures of the market told to late joiners.
    Glimpses = "pictures of the market told to late joiners", false;
    /// Connections of late joiners hung up on because there were too many.
    GlimpseTurnedAway = "late joiners turned away, because there were too many", true;
    /// Connections of late joiners that did not read.
    GlimpseSlow = "late joiners hung up on because they did not read", true;
    /// Connections of late joiners that were silent or sent nonsense.
    GlimpseUnsound = "late joiners hung up on for silence, nonsense or a foreign session", true;
}

/// The counters of one venue.
#[derive(Clone, Debug)]
pub struct Counters {
    /// Each on cache lines of its own: their writers run on different CPUs.
    cells: Arc<[CachePadded<AtomicU64>]>,
}

impl Default for Counters {
    fn default() -> Self {
        Self { cells: Counter::ALL.iter().map(|_| CachePadded::default()).collect() }
    }
}

impl Counters {
    /// Stores a total.
    pub fn set(&self, counter: Counter, total: u64) {
        self.cells[counter as usize].store(total, Ordering::Relaxed);
    }

    /// The last total stored.
    #[must_use]
    pub fn get(&self, counter: Counter) -> u64 {
        self.cells[counter as usize].load(Ordering::Relaxed)
    }
}

/// Says what has gone wrong since it was last asked.
#[derive(Debug)]
pub struct Watch {
    counters: Counters,
    seen: Vec<u64>,
}

impl Watch {
    /// A watch over counters, from now on.
    #[must_use]
    pub fn new(counters: Counters) -> Self {
        let seen = Counter::ALL.iter().map(|&counter| counters.get(counter)).collect();
        Self { counters, seen }
    }

    /// One sentence for each kind of trouble since the last time.
    pub fn news(&mut self) -> Vec<String> {
        let Self { counters, seen } = self;
        let mut news = Vec::new();
        for (&counter, seen) in Counter::ALL.iter().zip(seen) {
            let total = counters.get(counter);
            if counter.is_trouble() && total > *seen {
                news.push(format!("{} {} ({total} in total)", total - *seen, counter.text()));
            }
            *seen = total;
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_once_and_routine_never() {
        let counters = Counters::default();
        let mut watch = Watch::new(counters.clone());
        assert!(watch.news().is_empty());
        counters.set(Counter::UnknownSession, 3);
        counters.set(Counter::Gaps, 9);
        let expected = "3 datagrams of orders from unknown sessions (3 in total)";
        assert_eq!(watch.news(), [expected]);
        assert!(watch.news().is_empty());
        counters.set(Counter::UnknownSession, 5);
        assert!(watch.news()[0].starts_with("2 "));
    }
}
