//! The edge of the exchange: wire formats, streams that repair their own gaps,
//! and the UDP sockets under them.
//!
//! - [`wire`] turns bytes into messages and back: MoldUDP64 framing, OUCH 5.0
//!   order entry, ITCH 5.0 market data. Nothing in it allocates per message.
//! - [`stream`] makes one numbered, exactly-once, in-order stream out of
//!   datagrams that may be lost, doubled or reordered. It has no socket and no
//!   clock: packets and times are arguments.
//! - [`net`] is the sockets, behind a trait that a simulated network can stand
//!   in for.
//!
//! Nothing that arrives from outside can make this crate panic, grow, or drop
//! something without a counter that says so.
#![forbid(unsafe_code)]

mod directory;
pub mod net;
pub mod stream;
pub mod translate;
pub mod wire;

pub use directory::Directory;
