//! Wire formats: bytes to messages and back, without allocation.
//!
//! Each protocol is one declarative table ([`itch`], [`ouch`]) from which come
//! a plain `Copy` struct a message, its codec, and the metadata ([`Layout`])
//! that documents and dissectors are generated from. So a field exists in one
//! place, and its offset is never written by hand. Every integer is unsigned
//! big-endian unless its type says otherwise, there is no padding, and decoding
//! accepts any bytes of the right length: whether a letter *means* something is
//! decided by who reads the message, not here.

mod error;
mod field;
pub mod glimpse;
pub mod itch;
pub mod itch_file;
pub mod mold;
pub mod ouch;
pub mod soup;
mod table;

pub use error::WireError;
pub use field::{
    Field, FieldKind, ItchPrice, Layout, Letter, LevelPrice, Nanos48, Nanos64, OuchPrice,
    SignedPrice, Tail, WireField,
};
pub use ringmatch_engine::{Alpha, AlphaError};
