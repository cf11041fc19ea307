//! Between the wire's messages and the engine's commands and events.
//!
//! What a letter means, and what is not offered, is decided here and nowhere
//! else. Inbound, every message becomes a command, because every message has
//! used up a number of its session's stream; one that cannot be understood
//! becomes a command that says so, and is answered. Outbound, an event becomes
//! the response messages of those it concerns ([`responses`]) and at most one
//! market-data message ([`market_message`]). [`Standing`] tells late joiners of the
//! market all at once.

mod codes;
mod inbound;
mod letters;
mod market;
mod responses;
mod standing;
mod terms;

pub use codes::{CANCELS, REJECTS, Reason, cancel_letter, reject_code};
pub use inbound::command;
pub use letters::{
    capacity_letter, cross_type_letter, display_letter, price_field, side_letter,
    time_in_force_letter,
};
pub use market::market_message;
pub use responses::responses;
pub use standing::Standing;
pub use terms::{options_of, replacement_options_of};
