//! The exchange: instruments, order books and matching.
//!
//! [`Exchange::apply`] takes one sequenced command and says what happened as
//! events. It is a pure function of the commands so far: it knows no clock, no
//! thread, no file, no socket and no randomness, so that replaying a log gives
//! the same events, the same [digest](Exchange::digest) and the same
//! [state](Exchange::state_hash) on every machine.
//!
//! It is total: any command in any state has a defined outcome, and none
//! panics. It allocates when it is built, and never while clients trade.
//!
//! ```
//! use ringmatch_engine::command::{AddInstrument, Command, SequencedCommand};
//! use ringmatch_engine::{Exchange, InstrumentId, Limits, Nanos, Price, Quantity, Sequence};
//! use ringmatch_engine::{event::Event, SessionId};
//!
//! let mut exchange = Exchange::new(Limits::default())?;
//! let mut events: Vec<Event> = Vec::new();
//! let listing = AddInstrument {
//!     instrument: InstrumentId(1),
//!     symbol: "AAPL".parse()?,
//!     tick_size: Price(100),
//!     lot_size: Quantity(1),
//!     max_quantity: Quantity(999_999),
//! };
//! let first = SequencedCommand {
//!     sequence: Sequence(1),
//!     time: Nanos(1),
//!     session: SessionId(0),
//!     number: 0,
//!     command: Command::AddInstrument(listing),
//! };
//! exchange.apply(&first, &mut events);
//! assert_eq!(events.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod alpha;
mod auction;
mod book;
mod census;
mod changes;
mod checks;
pub mod command;
mod digest;
pub mod event;
mod exchange;
mod follow_up;
mod holding;
pub mod image;
mod instrument;
mod limits;
mod matching;
mod operator;
mod order_entry;
mod phases;
mod position;
mod prepare;
mod reason;
mod session;
mod state;
mod tick_tables;
mod trade_log;
mod types;
mod usual;
mod voice;

pub use alpha::{Alpha, AlphaError};
pub use census::Census;
pub use digest::Digest;
pub use event::EventSink;
pub use exchange::{Counters, Exchange};
pub use instrument::Instrument;
pub use limits::{Limits, LimitsError};
pub use position::Position;
pub use reason::{CancelReason, RejectReason};
pub use session::Session;
pub use state::{Book, PriceLevel, RestingOrder};
pub use tick_tables::TickTables;
pub use types::*;
