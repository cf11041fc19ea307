//! One numbered stream over datagrams: exactly once, in order, no gaps.
//!
//! [`StreamSender`] numbers messages, packs them into MoldUDP64 packets, keeps
//! the most recent ones, and answers requests for them. [`StreamReceiver`]
//! delivers each number once and in order, and asks for what is missing. The
//! venue and its clients use both, in both directions. Neither knows a socket
//! or a clock: packets and nanoseconds are arguments, so that a seeded
//! simulation plays years of bad network in a second. Neither allocates after
//! it was made, and neither grows: what does not fit is dropped, counted, and
//! repaired by a request.

mod backoff;
mod receiver;
mod sender;
mod stash;
mod under_way;
mod window;

pub use receiver::{ReceiverConfig, ReceiverCounters, StreamReceiver};
pub use sender::{PushError, SenderConfig, StreamSender, Unanswered};

/// Nanoseconds of a monotonic clock, whose zero is the caller's choice.
pub type MonotonicNanos = u64;
