//! The edge of the exchange: wire formats, streams that repair their own gaps,
//! and the UDP sockets under them.
//!
//! - [`wire`] turns bytes into messages and back: MoldUDP64 framing, OUCH 5.0
//!   order entry, ITCH 5.0 market data. Nothing in it allocates per message.
//! - [`stream`] makes one numbered, exactly-once, in-order stream out of
//!   datagrams that may be lost, doubled or reordered. It has no socket and no
//!   clock: packets and times are arguments.
//! - [`soup`] is the two ends of a SoupBinTCP connection, for those who come by
//!   TCP, and [`bridge`] what lets them trade.
//! - [`net`] is the sockets, behind a trait that a simulated network can stand
//!   in for.
//! - [`translate`] is what messages mean: commands and events.
//! - [`Intake`] and [`Outlet`] are the venue's ends of all streams, [`client`]
//!   and [`market`] those of its users.
//!
//! Nothing that arrives from outside can make this crate panic, grow, or drop
//! something without a counter that says so.
#![forbid(unsafe_code)]

pub mod bridge;
pub mod client;
mod directory;
mod intake;
mod login;
pub mod market;
pub mod net;
mod outlet;
mod rate;
pub mod seal;
pub mod soup;
pub mod stream;
pub mod translate;
pub mod wire;

pub use directory::Directory;
pub use intake::{Activity, Intake, IntakeCounters, Sequencer};
pub use login::{Logins, SealCounters};
pub use outlet::{Destination, Outlet, OutletConfig, OutletCounters};
