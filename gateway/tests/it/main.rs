//! Integration tests of the gateway: one binary, one module a theme.
#![allow(clippy::unwrap_used)]

/// The three habits of writing an OUCH appendage, and what is refused.
mod appendage;
/// How long somebody takes who has missed half a million messages.
mod catching_up;
/// Client sessions against the venue's ends of their streams, and crashes.
mod client_session;
/// Codecs on arbitrary input: round trips, and no panic.
mod codecs;
/// An exchange that trades, for what the edge makes of its events.
mod floor;
/// Every message against bytes made independently of this crate.
mod golden;
/// The venue's end of the order streams.
mod intake;
/// Real sockets on the loopback interface.
mod loopback;
/// Sender and receiver over a link that loses, doubles and reorders.
mod lossy_link;
/// The displayed book, as market data tells it and as it is.
mod market_book;
/// The table of messages, and the document made from it.
mod messages;
/// MoldUDP64 packets: sound, torn, hostile.
mod mold;
/// The venue's end of the output streams.
mod outlet;
/// The table of reasons, and the document made from it.
mod reasons;
/// The rules of a receiver, one by one.
mod receiver;
/// A sender: packing, window, heartbeats, answers.
mod sender;
/// SoupBinTCP: packets, split reads, and the two ends of a connection.
mod soup;
/// Many SoupBinTCP connections on real sockets.
mod soup_host;
/// The codec's tables in the clients of other languages.
mod tables;
/// From OUCH messages to commands, and what is refused.
mod translate_inbound;
/// From events to OUCH and ITCH messages.
mod translate_outbound;
