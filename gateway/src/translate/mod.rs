//! Between the wire's messages and the engine's commands and events.
//!
//! What a letter means, and what is not offered, is decided here and nowhere
//! else. Inbound, every message becomes a command, because every message has
//! used up a number of its session's stream; one that cannot be understood
//! becomes a command that says so, and is answered. Outbound, an event becomes
//! the response messages of those it concerns and at most one market-data
//! message.

mod codes;
mod inbound;
mod outbound;

pub use codes::{cancel_letter, reject_code};
pub use inbound::command;
pub use outbound::{market_message, responses};
