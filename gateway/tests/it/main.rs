//! Integration tests of the gateway: one binary, one module a theme.
#![allow(clippy::unwrap_used)]

/// The three habits of writing an OUCH appendage, and what is refused.
mod appendage;
/// Codecs on arbitrary input: round trips, and no panic.
mod codecs;
/// Every message against bytes made independently of this crate.
mod golden;
/// MoldUDP64 packets: sound, torn, hostile.
mod mold;
